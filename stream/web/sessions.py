"""Who is logged in: sessions, how long they last, and how many there may be. Pure: it is told the time (UTC, seconds).

The browser alone has a session's id. Here and on disk stands its SHA-256, which opens nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import msgspec

from stream.web.users import Users

IDLE_S = 12 * 3600.0  # without a request: longer than a shift
LASTING_S = 7 * 86_400.0  # whatever is asked
EACH_MAX = 20  # of a user; past it the one that was longest unused ends
ALL_MAX = 2000
USED_EVERY_S = 60.0  # so finely it is known when one was used


class Session(msgspec.Struct, frozen=True):
    """Somebody is logged in."""

    key: str  # SHA-256 of its id, hex
    name: str
    mark: str  # of the password that it began with
    since_s: float
    used_s: float

    def over(self, now_s: float) -> bool:
        return now_s >= self.used_s + IDLE_S or now_s >= self.since_s + LASTING_S


class Sessions:
    """All that stand."""

    def __init__(self, sessions: Iterable[Session] = ()) -> None:
        self._by_key = {session.key: session for session in sessions}
        self.changes = 0  # counts what must be kept

    def __len__(self) -> int:
        return len(self._by_key)

    def all(self) -> tuple[Session, ...]:
        return tuple(self._by_key.values())

    def begin(self, session_id: str, name: str, mark: str, now_s: float) -> Session:
        """A new session. Where there are too many, the one that was longest unused ends."""
        session = Session(key_of(session_id), name, mark, now_s, now_s)
        mine = [other for other in self._by_key.values() if other.name == name]
        if len(mine) >= EACH_MAX:
            self.end(min(mine, key=lambda other: other.used_s).key)
        elif len(self._by_key) >= ALL_MAX:
            self.end(min(self._by_key.values(), key=lambda other: other.used_s).key)
        self._by_key[session.key] = session
        self.changes += 1
        return session

    def find(self, session_id: str, now_s: float) -> Session | None:
        """The session of that id; it is used now."""
        session = self._by_key.get(key_of(session_id))
        if session is None or session.over(now_s):
            return None
        if now_s >= session.used_s + USED_EVERY_S:
            session = msgspec.structs.replace(session, used_s=now_s)
            self._by_key[session.key] = session
            self.changes += 1
        return session

    def stands(self, key: str) -> bool:
        return key in self._by_key

    def end(self, key: str) -> bool:
        """Whether there was one to end."""
        ended = self._by_key.pop(key, None) is not None
        self.changes += ended
        return ended

    def sweep(self, users: Users, now_s: float) -> int:
        """Ends what is over, or whose user is gone or has another password; how many."""
        gone = [session.key for session in self._by_key.values() if session.over(now_s) or not _known(session, users)]
        return sum(self.end(key) for key in gone)


def key_of(session_id: str) -> str:
    return hashlib.sha256(session_id.encode("utf-8", "surrogateescape")).hexdigest()


def text_of(sessions: Iterable[Session]) -> bytes:
    """As they are kept."""
    return msgspec.json.encode(tuple(sessions))


def sessions_in(content: bytes) -> tuple[Session, ...]:
    """What `text_of` gave. Raises ValueError."""
    try:
        kept = msgspec.json.decode(content, type=tuple[Session, ...])
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(f"no sessions: {error}") from None
    return kept[:ALL_MAX]


def _known(session: Session, users: Users) -> bool:
    user = users.get(session.name)
    return user is not None and user.mark == session.mark
