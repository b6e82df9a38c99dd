"""`python -m stream users`: who may log in to a line's page, and as what."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from stream.configuration import read_line
from stream.web.passwords import PASSWORD_MAX, Kept, keep, refusal_of
from stream.web.rights import ROLES, VIEWER
from stream.web.users import USER_NAME, User, Users, UsersError, change_users, lacks, name_refused, read_users

EXAMPLE = """examples:
  python -m stream users configs/line.yaml add ann --role engineer     asks for the password, twice
  pass show line/ben | python -m stream users configs/line.yaml add ben --role operator
  python -m stream users configs/line.yaml list
  python -m stream users --file users.txt add ben --role engineer      who is there already keeps the password
  python -m stream users --file users.txt password ann                 her sessions end within seconds
  python -m stream users --file users.txt remove ben                   so do his

roles: a viewer looks; an operator reviews, acknowledges, pins, announces parts; an engineer changes what is judged."""
WHERE = "name the line's YAML, with display.users_file in it, or --file FILE"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "Adds, removes, lists the users of a line's page. A password is read, never given as a word."
    parser.epilog = EXAMPLE
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.usage = "python -m stream users FILE.yaml|--file F add|remove|list|password [NAME] [--role R]"
    parser.add_argument("--file", type=Path, help="the file of users itself")
    parser.add_argument("--role", choices=ROLES, help=f"default of a new user: {VIEWER}")
    parser.add_argument("words", nargs="+", metavar="WORD", help="[FILE.yaml] add|remove|list|password [NAME]")


def run(arguments: argparse.Namespace) -> int:
    """0 done, 1 refused; nothing secret is printed."""
    words: list[str] = arguments.words
    try:
        path = arguments.file or _file_of(words.pop(0))
        action = ACTIONS.get(words[0]) if words else None
        if action is None or len(words) != 2 - action.of_all:
            raise UsersError(f"not known here, got `{' '.join(words)}`; add NAME, remove NAME, password NAME, or list")
        return action.does(path.absolute(), words[-1], arguments.role)
    except UsersError as error:
        print(error, file=sys.stderr)
        return 1


def add(path: Path, name: str, role: str | None) -> int:
    """A new user; of one who is there already, the role."""
    known = read_users(path, by_command=True).get(name) if path.exists() else None
    if known is not None and role is None:
        raise UsersError(f"{known.name} is there already, as {known.role}; another role: --role; or: password")
    user = User(known.name, role or VIEWER, known.kept) if known else User(name, role or VIEWER, _asked(name))
    users = change_users(path, lambda users: users.with_user(user), new=True)
    return _done(path, users, f"{user.name} may log in as {user.role}")


def password(path: Path, name: str, role: str | None) -> int:
    """Another password; with --role another role as well."""
    known = _known(read_users(path, by_command=True), name)
    user = User(known.name, role or known.role, _asked(known.name))
    users = change_users(path, lambda users: users.with_user(User(user.name, user.role, user.kept)))
    return _done(path, users, f"{user.name} has another password; who was logged in by the old one no longer is")


def remove(path: Path, name: str, _role: str | None) -> int:
    known = _known(read_users(path, by_command=True), name)
    users = change_users(path, lambda users: users.without(known.name))
    return _done(path, users, f"{known.name} may not log in any more")


def list_all(path: Path, _name: str, _role: str | None) -> int:
    users = read_users(path, by_command=True)
    for user in sorted(users, key=lambda user: (ROLES.index(user.role), user.name), reverse=True):
        print(f"{user.role:<9} {user.name}")
    return _done(path, users, f"{len(users)} users")


@dataclass(frozen=True)
class Action:
    """What can be done to a file of users."""

    does: Callable[[Path, str, str | None], int]
    of_all: bool = False  # takes no name


ACTIONS = {
    "add": Action(add),
    "remove": Action(remove),
    "password": Action(password),
    "list": Action(list_all, of_all=True),
}


def _file_of(word: str) -> Path:
    if word in ACTIONS:
        raise UsersError(f"whose users? {WHERE}")
    file = read_line(Path(word), [], None).display.users_file
    if file is None:
        raise UsersError(f"{word}: display.users_file is not set; {WHERE}")
    return file


def _known(users: Users, name: str) -> User:
    if (user := users.get(name)) is None:
        raise UsersError(f"no such user, got {name[:40]!a}; known here: {', '.join(u.name for u in users) or 'nobody'}")
    return user


def _asked(name: str) -> Kept:
    """From the terminal without showing it, or the first line of standard input. Raises UsersError."""
    if not USER_NAME.fullmatch(name):
        raise UsersError(name_refused(name))
    if sys.stdin.isatty():
        word = getpass.getpass(f"password of {name}: ")
        if not refusal_of(word, name) and getpass.getpass("once more: ") != word:
            raise UsersError("the two are not alike; nothing was changed")
    else:
        word = sys.stdin.readline(2 * PASSWORD_MAX).rstrip("\r\n")
    if refusal := refusal_of(word, name):
        raise UsersError(f"{refusal}; nothing was changed")
    return keep(word)


def _done(path: Path, users: Users, said: str) -> int:
    print(f"{path}: {said}")
    if lack := lacks(users):
        print(f"{path}: {lack}")
    return 0
