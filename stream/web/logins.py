"""Logs users in and out: the shell around passwords, sessions and tries, none of which asks what time it is.

A password is compared in a thread, two at a time at most, whoever asks: who guesses cannot take the processors.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import os
import secrets
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from stream.noting import Noting
from stream.web.guard import Refused
from stream.web.held import Held
from stream.web.jotting import Jotting
from stream.web.passwords import PASSWORD_MAX, Kept, decoy
from stream.web.rights import SOMEBODY
from stream.web.sessions import Session
from stream.web.sessions_kept import SessionsKept
from stream.web.tries import LoginTries
from stream.web.users import User, Users
from stream.web.users_watch import UsersWatch
from stream.web.visitor import Visitor

COMPARED_MAX = 2  # passwords at a time
WAITING_MAX = 16  # for one of them
FILES = 2  # of users and of sessions: a thread each, for one may lie on a disk that hangs
LOOK_S = 0.5
KEEP_S = 5.0  # at the latest: that one was used
BASIC = "basic "
BASIC_MAX = 256  # passwords of programs that need not be compared at each request


class Logins:
    """The users of one page, and who of them is logged in."""

    def __init__(self, users_file: Path, data_dir: Path, noting: Noting) -> None:
        """Raises UsersError."""
        self.jotting = Jotting(noting)
        self.held = Held()
        self._disk = ThreadPoolExecutor(FILES, thread_name_prefix="users")
        self._watch = UsersWatch(users_file, self._disk)
        self._kept = SessionsKept(data_dir, self._disk)
        self._sessions = self._kept.sessions
        self._tries = LoginTries()
        self._programs: dict[bytes, User] = {}
        self._secret = os.urandom(32)
        self._comparing = 0
        self._threads = ThreadPoolExecutor(COMPARED_MAX, thread_name_prefix="password")
        self._soon = asyncio.Event()
        self._tasks: tuple[asyncio.Task[None], ...] = ()
        self._sessions.sweep(self.users, time.time())

    @property
    def users(self) -> Users:
        return self._watch.users

    @property
    def trouble(self) -> str:
        """What is wrong with the file of users now; empty: nothing."""
        return self._watch.trouble

    def session(self, session_id: str) -> Session | None:
        """Who is logged in by that id; used now."""
        return self._sessions.find(session_id, time.time())

    def visitor(self, session_id: str) -> tuple[Visitor, str] | None:
        """The visitor, with the role that the file of users gives now, and the key of the session."""
        session = self.session(session_id)
        user = self.users.get(session.name) if session else None
        if session is None or user is None or user.mark != session.mark:
            return None
        return Visitor(user.name, user.role), session.key

    def stands(self, key: str) -> bool:
        """Whether who came in by this key (a session, or `basic NAME MARK`) may stay."""
        if not key.startswith(BASIC):
            return self._sessions.stands(key)
        _, name, mark = key.split(" ")
        user = self.users.get(name)
        return user is not None and user.mark == mark

    async def log_in(self, name: str, password: str, peer: str) -> tuple[Visitor, str] | Refused:
        """The visitor and the id of the session that begins; or why none does."""
        user = await self._compare(name, password, peer)
        if isinstance(user, Refused):
            return user
        session_id = secrets.token_urlsafe(32)
        self._sessions.begin(session_id, user.name, user.mark, time.time())
        self._soon.set()
        visitor = Visitor(user.name, user.role)
        self.jotting.jot(visitor, "login", "page", new=f"from {peer}")
        return visitor, session_id

    async def program(self, name: str, password: str, peer: str) -> User | Refused:
        """Whoever sends name and password with each request (HTTP Basic)."""
        known = hmac.digest(self._secret, f"{name}\0{password}".encode("utf-8", "surrogatepass"), hashlib.sha256)
        if (user := self._programs.get(known)) and (now := self.users.get(user.name)) and now.mark == user.mark:
            return now
        found = await self._compare(name, password, peer)
        if isinstance(found, User):
            if len(self._programs) >= BASIC_MAX:
                del self._programs[next(iter(self._programs))]
            self._programs[known] = found
            self.jotting.jot(Visitor(found.name, found.role), "login", "page, by a program", new=f"from {peer}")
        return found

    async def log_out(self, session_id: str, asking: asyncio.BaseTransport | None) -> bool:
        """Whether somebody was logged in. It is on disk when this returns: no death of the page undoes it."""
        session = self.session(session_id)
        if session is None or not self._sessions.end(session.key):
            return False
        if user := self.users.get(session.name):
            self.jotting.jot(Visitor(user.name, user.role), "logout", "page")
        self.held.let_go(asking)
        self.held.end(self.stands)
        await self._kept.save()
        return True

    async def _compare(self, name: str, password: str, peer: str) -> User | Refused:
        key, now_s = name[:64].lower(), time.monotonic()
        if wait_s := self._tries.wait_s(peer, key, now_s):
            return Refused(429, "guessing", f"too many wrong passwords; the next may come in {wait_s:.0f} s", wait_s)
        if self._comparing >= WAITING_MAX:
            return Refused(503, "crowded", "too many want to log in at once; try again in a few seconds")
        self._tries.begin(peer, key, now_s)
        user = self.users.get(name)
        kept = user.kept if user else decoy(self.users.cost)
        right = await self._right(kept, password)
        user = self.users.get(name)  # it may have gone meanwhile
        if right and user is not None and user.kept == kept:
            self._tries.right(peer, key)
            return user
        whose = f"as {user.name}" if user else "by a name that nobody has"  # what was typed may be a password
        self.jotting.refused(SOMEBODY, f"login {whose}", f"wrong name or password, from {peer}")
        return Refused(401, "wrong password", "that is not the name and the password of a user")

    async def _right(self, kept: Kept, password: str) -> bool:
        self._comparing += 1
        try:
            words = password[: PASSWORD_MAX + 1]
            return await asyncio.get_running_loop().run_in_executor(self._threads, kept.right, words)
        finally:
            self._comparing -= 1

    @contextlib.asynccontextmanager
    async def minding(self) -> AsyncIterator[None]:
        """While the page is served: looks at the file of users, ends and keeps sessions, tells the recorder."""
        work = (self._mind(), self._keep(), self.jotting.work())
        self._tasks = tuple(asyncio.create_task(one) for one in work)
        try:
            yield
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await self._kept.save()
            for threads in (self._threads, self._disk):
                threads.shutdown(wait=True, cancel_futures=True)

    def check(self) -> None:
        """Raises what one of the tasks fell over, so that the page falls with it and is started again."""
        for task in self._tasks:
            if task.done():
                task.result()

    async def _mind(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            await self._watch.look()
            self._sessions.sweep(self.users, time.time())
            self.held.end(self.stands)
            self.jotting.tell_refused()

    async def _keep(self) -> None:
        while True:  # apart from looking: a disk that hangs must not keep a user in who was removed
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._soon.wait(), KEEP_S)
            self._soon.clear()
            await self._kept.save()


def key_of_program(user: User) -> str:
    """What stands for a program's request, as a session's key for a person's."""
    return f"{BASIC}{user.name} {user.mark}"
