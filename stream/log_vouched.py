"""Events, samples, sessions and runs enter the log, and what the chain is to hold of each is told at once.

These rows are few, and some change or go later. So the chain holds no row of them but each change of one, in the
transaction that makes it: who reads the changes one after the other knows what must be there. A run changes with
nearly every commit; its row is held once it has ended and each of its frames is accounted for.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from stream.chain import OLDER, OPEN, Change, row_hash
from stream.log_batch import Batch, SampleRow
from stream.log_chain import NEXT_ENTRY, append_entry
from stream.messages import Event

Run = tuple[str, int]  # camera, run
TOGETHER = 1000  # changes in one entry of the chain, where there are many


@dataclass(frozen=True)
class Kept:
    """What the chain holds of a table's rows: its key, and the columns, the first of which are the key."""

    table: str
    key: tuple[str, ...]
    columns: str  # without those that acts change: they follow from the acts

    @property
    def one(self) -> str:
        """Asks for the row of a key."""
        return f"SELECT {self.columns} FROM {self.table} WHERE {' AND '.join(f'{name} IS ?' for name in self.key)}"

    def hash(self, row: Sequence[object] | None) -> bytes | None:
        return None if row is None else row_hash(self.table, row)

    def found(self, db: sqlite3.Connection, key: Sequence[object]) -> tuple[object, ...] | None:
        """The row of that key, as it stands."""
        found: tuple[object, ...] | None = db.execute(self.one, key).fetchone()
        return found

    def change(self, key: Sequence[object], before: bytes | None, after: bytes | None) -> Change:
        return Change(self.table, tuple(key), before, after)


EVENTS = Kept("events", ("id",), "id, utc_ns, camera, run, kind, text")
SAMPLES = Kept(
    "samples",
    ("camera", "run", "seq"),
    "camera, run, seq, utc_ns, score, why, folder, bundle, settings, part, chance, threshold",
)
SESSIONS = Kept("sessions", ("session",), "session, started_utc_ns, line, engine, bundle, settings")
RUNS = Kept(
    "runs",
    ("camera", "run"),
    "camera, run, session, source, live, captured, lost, expired, ended, note, digest, latencies",
)
KEPT = {kept.table: kept for kept in (EVENTS, SAMPLES, SESSIONS, RUNS)}
RUN = "INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
EVENT = "INSERT INTO events (utc_ns, camera, run, kind, text) VALUES (?, ?, ?, ?, ?)"
CAPTURED, ENDED = (RUNS.columns.split(", ").index(name) for name in ("captured", "ended"))
ACCOUNTED = """
SELECT EXISTS (SELECT 1 FROM runs WHERE camera IS ?1 AND run IS ?2 AND ended = 1 AND captured =
  (SELECT total(stop - start) FROM ledger WHERE camera IS ?1 AND run IS ?2))
"""


def enter_events(db: sqlite3.Connection, events: Sequence[Event]) -> Iterator[Change]:
    """Each is a row, which stays as it is."""
    for event in events:
        columns = (event.utc_ns, event.camera, event.run, event.kind, event.text)
        key = (db.execute(EVENT, columns).lastrowid,)
        yield EVENTS.change(key, None, EVENTS.hash(EVENTS.found(db, key)))


def enter_samples(db: sqlite3.Connection, samples: Iterable[SampleRow]) -> Iterator[Change]:
    """Those that are not there yet."""
    for row in samples:
        key = (row.camera, row.run, row.seq)
        what = (row.utc_ns, row.score, row.why, row.folder, row.bundle, row.settings, row.part)
        columns = (*key, *what, "", 0, row.chance, row.threshold)
        said = f"INSERT OR IGNORE INTO samples VALUES ({','.join('?' * len(columns))})"
        if db.execute(said, columns).rowcount:
            yield SAMPLES.change(key, None, SAMPLES.hash(SAMPLES.found(db, key)))


def drop_samples(db: sqlite3.Connection, gone: Iterable[tuple[str, int, int]]) -> Iterator[Change]:
    """Those whose pictures went."""
    for key in gone:
        if (before := SAMPLES.found(db, key)) is not None:
            db.execute("DELETE FROM samples WHERE camera=? AND run=? AND seq=?", key)
            yield SAMPLES.change(key, SAMPLES.hash(before), None)


def enter_runs(db: sqlite3.Connection, batch: Batch) -> Iterator[Change]:
    """The runs as they stand. Most commits bring only such as go on and are known to be there: those cost no look."""
    db.executemany(RUN, [row for row in batch.runs if row[:2] not in batch.watched])
    reach = _reach(batch)
    for row in (row for row in batch.runs if row[:2] in batch.watched):
        key = row[:2]
        before = RUNS.found(db, key)
        db.execute(RUN, row)
        if key in batch.closed:
            if before != row or key in reach:
                yield RUNS.change(key, _run_before(before), RUNS.hash(RUNS.found(db, key)))
        elif before is None:
            yield RUNS.change(key, None, OPEN)
        elif before[ENDED] and (before[CAPTURED] != row[CAPTURED] or reach.get(key, 0) > row[CAPTURED]):
            yield RUNS.change(key, _run_before(before), OPEN)  # more frames came late: it may have been closed


def change_session(db: sqlite3.Connection, session: str, said: str, values: Sequence[object]) -> list[Change]:
    """The session's row as the statement `said` writes it; no change where it was so before."""
    before = SESSIONS.found(db, (session,))
    db.execute(said, values)
    after = SESSIONS.found(db, (session,))
    return [] if before == after else [SESSIONS.change((session,), SESSIONS.hash(before), SESSIONS.hash(after))]


def rows_to_seal(db: sqlite3.Connection) -> int:
    """How many rows an older version wrote."""
    return sum(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in KEPT)


def seal_rows(db: sqlite3.Connection, now_utc_ns: int) -> None:
    """Entries for the rows that an older version wrote, as they are found now."""
    changes: list[Change] = []
    for change in _older(db):
        changes.append(change)
        if len(changes) == TOGETHER:
            _seal(db, changes, now_utc_ns)
            changes = []
    if changes:
        _seal(db, changes, now_utc_ns)


def _seal(db: sqlite3.Connection, changes: list[Change], now_utc_ns: int) -> None:
    (entry,) = db.execute(NEXT_ENTRY).fetchone()
    append_entry(db, entry, now_utc_ns, [Change(OLDER, (len(changes),), None, None), *changes])


def _older(db: sqlite3.Connection) -> Iterator[Change]:
    for kept in KEPT.values():
        order = "rowid" if kept is SESSIONS else ", ".join(kept.key)
        for row in db.execute(f"SELECT {kept.columns} FROM {kept.table} ORDER BY {order}"):
            key = row[: len(kept.key)]
            goes_on = kept is RUNS and not db.execute(ACCOUNTED, key).fetchone()[0]
            yield kept.change(key, None, OPEN if goes_on else kept.hash(row))


def _reach(batch: Batch) -> dict[Run, int]:
    """How far the intervals reach that the batch brings; asked of runs that have ended, so not without any."""
    reach: dict[Run, int] = {}
    if any(row[ENDED] for row in batch.runs):
        for (camera, run, _), interval in batch.ledger.items():
            reach[camera, run] = max(reach.get((camera, run), 0), interval.stop if interval else 0)
    return reach


def _run_before(row: tuple[object, ...] | None) -> bytes | None:
    """Of one that has ended its hash, whether it was accounted for or not: the chain knows whether it held one."""
    if row is None:
        return None
    return RUNS.hash(row) if row[ENDED] else OPEN
