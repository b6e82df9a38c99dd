"""What the log says of a run, for its clips: how far it is settled, and which incidents it has. Read-only."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

Connection = sqlite3.Connection
EVER = 1 << 62  # no frame has that number
INCIDENTS_MOST = 256  # that are looked at in one turn


@dataclass(frozen=True)
class Extent:
    """An incident: first_seq <= seq <= last_seq."""

    first_seq: int
    last_seq: int


@dataclass(frozen=True)
class RunState:
    """How far a run has come."""

    ended: bool  # no frame is added to it any more, and each has its outcome
    settled: int  # each frame below has its outcome on disk
    incidents: tuple[Extent, ...]  # in order, from the one that was asked for on


def read_run(db: Connection, camera: str, run: int, first_seq: int, settled: int) -> RunState | None:
    """A run from that incident on; None where the log does not know it. `settled`: as it was found last."""
    row = db.execute("SELECT captured, ended FROM runs WHERE camera=? AND run=?", (camera, run)).fetchone()
    if row is None:
        return None
    settled = _settled(db, camera, run, settled)
    incidents = db.execute(
        "SELECT first_seq, last_seq FROM incidents WHERE camera=? AND run=? AND first_seq>=?"
        " ORDER BY first_seq LIMIT ?",
        (camera, run, first_seq, INCIDENTS_MOST),
    )
    captured, ended = row
    found = tuple(Extent(*extent) for extent in incidents)
    if len(found) == INCIDENTS_MOST:  # the others have their turn later: what they need is not settled
        return RunState(False, min(settled, found[-1].first_seq), found)
    return RunState(bool(ended) and settled >= captured, settled, found)


def session_runs(db: Connection, session: str) -> frozenset[tuple[str, int]]:
    """Camera and run of each run of a start of the line."""
    return frozenset(db.execute("SELECT camera, run FROM runs WHERE session=?", (session,)))


def _settled(db: Connection, camera: str, run: int, settled: int) -> int:
    """The first frame without an outcome. Only what is new is read: a run may last for months."""
    before = db.execute(
        "SELECT max(start) FROM ledger WHERE camera=? AND run=? AND start<=?", (camera, run, settled)
    ).fetchone()[0]
    rows = db.execute(
        "SELECT start, stop FROM ledger WHERE camera=? AND run=? AND start>=? ORDER BY start",
        (camera, run, before or 0),
    )
    for start, stop in rows:
        if start > settled:
            break
        settled = max(settled, stop)
    return settled
