"""The users of a page, and the file that they stand in: one line a user, `NAME:ROLE:PASSWORD`.

The file decides who may do what to the line, so it is believed only where nobody else can have written it, nor read it.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from stream.durable import alone_in, replace_file
from stream.web.passwords import Cost, Kept, PasswordError, kept_of
from stream.web.rights import ENGINEER, ROLES

USER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,31}")
NAME_RULE = "1 to 32 of A-Z a-z 0-9 . _ @ -, a letter or digit first: in a record no two names may look alike"
USERS_MAX = 500
FILE_MAX = 256 * 1024  # bytes
ALONE_S = 10.0  # for another one that writes the file
Change = Callable[["Users"], "Users"]
HEADING = "# Users of a Linewatch page, NAME:ROLE:PASSWORD. Written by: python -m stream users\n"


class UsersError(Exception):
    """The users cannot be had, or not so; the text says what was wrong and what to do, and carries no password."""


@dataclass(frozen=True)
class User:
    """Somebody who may log in."""

    name: str
    role: str
    kept: Kept

    def __post_init__(self) -> None:
        if not USER_NAME.fullmatch(self.name):
            raise UsersError(name_refused(self.name))
        if self.role not in ROLES:
            raise UsersError(f"{self.name}: not a role, got {self.role[:40]!a}; one of {', '.join(ROLES)}")

    @property
    def mark(self) -> str:
        """Another one for another password: sessions that began with the old one end."""
        return hashlib.sha256(str(self.kept).encode()).hexdigest()[:16]


def name_refused(name: str) -> str:
    """Why this is nobody's name."""
    return f"not a user's name, got {name[:40]!a}; use {NAME_RULE}"


class Users:
    """All users of a page. Never changed: another file gives another one."""

    def __init__(self, users: Iterable[User] = ()) -> None:
        """Raises UsersError where two names are one to a reader."""
        self._by_name: dict[str, User] = {}
        for user in users:
            if user.name.lower() in self._by_name:
                raise UsersError(f"{user.name}: stands in it twice (capitals do not tell names apart); delete one")
            self._by_name[user.name.lower()] = user
        if len(self._by_name) > USERS_MAX:
            raise UsersError(f"{len(self._by_name)} users; {USERS_MAX} is the most")

    def __iter__(self) -> Iterator[User]:
        return iter(self._by_name.values())

    def __len__(self) -> int:
        return len(self._by_name)

    def get(self, name: str) -> User | None:
        """The user of that name, however it is capitalised."""
        return self._by_name.get(name.lower()) if USER_NAME.fullmatch(name) else None

    def with_user(self, user: User) -> Users:
        return Users((self._by_name | {user.name.lower(): user}).values())

    def without(self, name: str) -> Users:
        return Users(user for user in self._by_name.values() if user.name.lower() != name.lower())

    @property
    def engineers(self) -> int:
        return sum(user.role == ENGINEER for user in self._by_name.values())

    @property
    def cost(self) -> Cost:
        """What most of their passwords cost to compare: what an unknown name shall cost, too."""
        costs = Counter(user.kept.cost for user in self._by_name.values())
        return costs.most_common(1)[0][0] if costs else Cost()


def users_in(text: str) -> Users:
    """The users that a file's text names. Raises UsersError, with the number of the line."""
    users = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        words = line.strip().split(":")
        if len(words) != 3:
            raise UsersError(f"line {number}: {len(words)} fields; a user is NAME:ROLE:PASSWORD")
        try:
            users.append(User(words[0], words[1], kept_of(words[2])))
        except (UsersError, PasswordError) as error:
            raise UsersError(f"line {number}: {error}") from None
    return Users(users)


def text_of(users: Users) -> str:
    """What `users_in` takes."""
    return HEADING + "".join(f"{user.name}:{user.role}:{user.kept}\n" for user in users)


def read_users(path: Path, *, by_command: bool = False) -> Users:
    """The users in the file. Raises UsersError where there are none to be had, or somebody else could have put them.

    `by_command`: root may look at, and change, the file of the user that the line runs as.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a pipe holds nobody up
        with os.fdopen(descriptor, "rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise UsersError(f"not a file, got {path}; name a file, and put users in it: {_how(path)}")
            if (wrong := _exposed(found, path, theirs=by_command and os.getuid() == 0)) is not None:
                raise UsersError(wrong)
            content = file.read(FILE_MAX + 1)
    except FileNotFoundError:
        raise UsersError(f"no such file, got {path}; make it: {_how(path)}") from None
    except OSError as error:
        raise UsersError(f"cannot be read ({error.strerror}), got {path}; make it a file that you can read") from None
    if len(content) > FILE_MAX:
        raise UsersError(f"more than {FILE_MAX} bytes, got {path}; is it another file?")
    try:
        return users_in(content.decode())
    except UnicodeDecodeError:
        raise UsersError(f"not UTF-8 text, got {path}; is it another file?") from None
    except UsersError as error:
        raise UsersError(f"{path}: {error}") from None


def write_users(path: Path, users: Users) -> None:
    """The file has these users, and is for its owner alone, who stays that when root writes it. Raises UsersError."""
    try:
        before = path.stat() if path.exists() else None
        replace_file(path, text_of(users).encode())  # with the umask of private.py: 0600
        path.chmod(0o600)
        if before is not None and before.st_uid != os.getuid():
            os.chown(path, before.st_uid, before.st_gid)
    except OSError as error:
        raise UsersError(
            f"cannot be written ({error.strerror}), got {path}; look at the rights of its folder"
        ) from None


def change_users(path: Path, change: Change, *, new: bool = False) -> Users:
    """What the change makes of the users, written. `new`: there may be no file yet. Raises UsersError."""
    try:
        with alone_in(path.parent, ALONE_S):
            users = change(Users() if new and not path.exists() else read_users(path, by_command=True))
            write_users(path, users)
            return users
    except OSError as error:  # TimeoutError is one
        raise UsersError(f"cannot be changed ({error.strerror}), got {path}; look at its folder") from None


def lacks(users: Users) -> str | None:
    """What a page with these users would lack, in words."""
    if not len(users):
        return "no user in it, so nobody can log in; add one"
    if not users.engineers:
        return "no engineer in it, so nobody can change what is judged; add one, or give somebody --role engineer"
    return None


def _exposed(found: os.stat_result, path: Path, *, theirs: bool) -> str | None:
    if found.st_uid not in (os.getuid(), 0) and not theirs:
        return f"belongs to another user of this computer, got {path}; make it yours: chown"
    if stat.S_IMODE(found.st_mode) & 0o077:
        return f"other users of this computer can read or write {path}; close it with: chmod 600 {path}"
    return None


def _how(path: Path) -> str:
    return f"python -m stream users --file {path} add NAME --role engineer"
