"""Whether events, samples, sessions and runs are what the chain holds of them: none changed, missing, added or moved.

The chain tells each change of such a row. Read one after the other, the changes say what must be there now, and each
what it found: a row that was tampered with and written again later is named all the same. What must be there waits in a
file of SQLite's own, so memory does not grow with the log.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from types import NoneType

import msgspec

from stream.audit_check import Finding, entry_name
from stream.audit_forms import NAMED
from stream.chain import BYTES, OLDER, OPEN, SEAL, Change, Entry, changes_in
from stream.log_chain import CHAIN_COLUMNS
from stream.log_schema import VOUCHES, version_of
from stream.log_vouched import KEPT, SESSIONS, Kept

# Those that tell of changes, and are of the form of one: what is not is a finding of the chain's own.
TELLING = f"""
SELECT {CHAIN_COLUMNS} FROM chain WHERE number <> {SEAL} AND length(rows_sha256) <> {BYTES} * (verdicts + acts)
  AND typeof(utc_ns) = 'integer' AND typeof(verdicts) = 'integer' AND typeof(acts) = 'integer'
  AND typeof(rows_sha256) = 'blob' AND typeof(hash) = 'blob'
ORDER BY number
"""
INTEGERS = 2**63  # that SQLite holds, up to there
STATED = """
CREATE TABLE stated (place INTEGER PRIMARY KEY, of TEXT NOT NULL, name BLOB NOT NULL, hash BLOB, entry TEXT NOT NULL,
  UNIQUE (of, name))
"""
ENTERED = """
INSERT INTO stated (of, name, hash, entry) VALUES (?, ?, ?, ?)
  ON CONFLICT (of, name) DO UPDATE SET hash = excluded.hash, entry = excluded.entry
"""


class AsideError(Exception):
    """What must be there has no place to wait in; the log is not to blame. The text says what to do."""


def check_vouched(db: sqlite3.Connection) -> Iterator[Finding]:
    """Every row of these tables; of a log that no version has opened which holds them in the chain, none.

    Raises AsideError.
    """
    with closing(sqlite3.connect("", isolation_level=None)) as aside:  # a file without a name, gone when it is closed
        stated = _Stated(aside)
        telling = False
        for row in db.execute(TELLING):
            telling = True
            yield from stated.take(Entry(*row))
        if telling or version_of(db) >= VOUCHES:
            for kept in KEPT.values():
                yield from _compared(db, stated, kept)


class Held:
    """How many rows of which of these tables the chain holds, counted as its entries pass."""

    def __init__(self) -> None:
        self.rows: Counter[str] = Counter(dict.fromkeys(KEPT, 0))
        self.older = 0  # that an older version wrote
        self.since = ""  # the entry that brought the last of those

    def take(self, entry: Entry) -> None:
        for change in _told(entry) or ():
            if change.table == OLDER:
                self.older, self.since = self.older + change.key[0], entry_name(entry)
            else:
                self.rows[change.table] += (change.after is not None) - (change.before is not None)

    def told(self, db: sqlite3.Connection) -> Iterator[str]:
        """In words, a line each."""
        if version_of(db) < VOUCHES and not any(self.rows.values()):
            yield f"nothing vouches yet for {', '.join(KEPT)}: the next start of the line begins it"
            return
        yield "and for " + ", ".join(f"{count} {table}" for table, count in self.rows.items())
        if self.older:
            yield f"{self.older} of these are from before {self.since}: it vouches for them as they were then"


class _Stated:
    """What must be there by the changes that were taken so far, in the order in which it came."""

    def __init__(self, aside: sqlite3.Connection) -> None:
        self._db = aside
        with _aside():
            self._db.execute(STATED)
            self._db.execute("BEGIN")

    def take(self, entry: Entry) -> Iterator[Finding]:
        changes, said = _told(entry), entry_name(entry)
        if changes is None:
            yield Finding(f"{said} of the chain: changed, what it tells of other rows is in no form")
        for change in changes or ():
            if change.table != OLDER:
                if how := _broken(self.hash(change.table, change.key), change):
                    yield Finding(f"{_name(change.table, change.key)}: {how} {said} was written")
                self._enter(change, said)

    def hash(self, table: str, key: tuple[object, ...]) -> bytes | None:
        """What the row must be: a hash, OPEN, or None where there must be none."""
        asked = "SELECT hash FROM stated WHERE of=? AND name=?"
        with _aside():
            found = self._db.execute(asked, (table, _packed(key))).fetchone()
        return None if found is None else found[0]

    def rows(self, table: str) -> Iterator[tuple[tuple[object, ...], bytes, str]]:
        """Key, hash and entry of each row that must be there."""
        asked = "SELECT name, hash, entry FROM stated WHERE of=? AND hash IS NOT NULL ORDER BY place"
        with _aside():
            for name, hashed, entry in self._db.execute(asked, (table,)):
                yield msgspec.msgpack.decode(name, type=tuple), hashed, entry

    def _enter(self, change: Change, entry: str) -> None:
        with _aside():
            self._db.execute(ENTERED, (change.table, _packed(change.key), change.after, entry))


@contextmanager
def _aside() -> Iterator[None]:
    """What SQLite refuses here it refuses of its own file, on the disk for what is passing: not of the log."""
    try:
        yield
    except sqlite3.Error as error:
        raise AsideError(
            f"the temporary file beside it cannot be kept: {error}; make room where temporary files lie, "
            "or name another folder in the environment variable SQLITE_TMPDIR"
        ) from error


def _compared(db: sqlite3.Connection, stated: _Stated, kept: Kept) -> Iterator[Finding]:
    """Every row that must be there, then those that are there besides."""
    there, last = 0, -1
    for key, due, entry in stated.rows(kept.table):
        row = kept.found(db, key)
        if row is None:
            yield Finding(f"{_name(kept.table, key)}: missing, it came by {entry}")
            continue
        there += 1
        if due not in (OPEN, kept.hash(row)):
            yield Finding(f"{_name(kept.table, key)}: changed since {entry}")
        if kept is SESSIONS:
            (place,) = db.execute("SELECT rowid FROM sessions WHERE session = ?", key).fetchone()
            if place < last:
                yield Finding(f"{_name(kept.table, key)}: moved, it began after those that stand behind it")
            last = max(last, place)
    if there != db.execute(f"SELECT count(*) FROM {kept.table}").fetchone()[0]:
        for key in db.execute(f"SELECT {', '.join(kept.key)} FROM {kept.table}"):
            if stated.hash(kept.table, key) is None:
                yield Finding(f"{_name(kept.table, key)}: added, the chain holds none of that name")


def _broken(stated: bytes | None, change: Change) -> str:
    """How the row was tampered with before the change was written; empty where it was not."""
    if stated == change.before or (stated == OPEN and change.before is not None):
        return ""
    if stated is None:
        return "added before"
    return "taken out before" if change.before is None else "changed before"


def _told(entry: Entry) -> list[Change] | None:
    """The changes of an entry; None where no recorder can have written that."""
    try:
        changes = changes_in(entry)
    except (msgspec.MsgspecError, RecursionError):
        return None
    return changes if all(map(_sound, changes)) else None


def _sound(change: Change) -> bool:
    """Whether it can be asked for: SQLite takes keys of a length, of some kinds, and no number without an end."""
    if change.table == OLDER:
        return len(change.key) == 1 and isinstance(change.key[0], int)
    kept = KEPT.get(change.table)
    plain = all(isinstance(part, (str, int, float, bytes, NoneType)) for part in change.key)
    small = all(abs(part) < INTEGERS for part in change.key if isinstance(part, int))
    return kept is not None and len(change.key) == len(kept.key) and plain and small


def _packed(key: tuple[object, ...]) -> bytes:
    return msgspec.msgpack.encode(key)


def _name(table: str, key: tuple[object, ...]) -> str:
    return f"{NAMED[table][0]} {'/'.join(str(part) for part in key)}"
