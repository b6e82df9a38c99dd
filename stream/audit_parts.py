"""Whether each part's state, frames and end are what the ledger makes of them, and its name that of its verdicts.

Who announced a part, and when, stands in its row alone.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from stream.audit_check import Finding
from stream.audit_forms import formed
from stream.audit_merge import unlike
from stream.parts import state_of
from stream.run_book import LINE_DIED

PARTS = f"""
SELECT camera, run, number, part, first_seq, last_seq, frames, state, decided_utc_ns FROM parts
WHERE {formed("parts")} ORDER BY camera, run, number
"""
RUN = (
    f"SELECT captured, ended, note FROM runs WHERE camera=? AND run=? AND {formed('runs', 'captured', 'ended', 'note')}"
)
# Intervals are disjoint: of those that begin before, only the last can reach so far. `total` never overflows.
OUTCOMES = f"""
SELECT outcome, total(min(stop, ?4) - max(start, ?3)) FROM ledger
WHERE camera=?1 AND run=?2 AND start < ?4 AND stop > ?3
  AND start >= coalesce((SELECT max(start) FROM ledger WHERE camera=?1 AND run=?2 AND start <= ?3), ?3)
  AND {formed("ledger")} GROUP BY outcome
"""
OTHERS = """
SELECT seq, part FROM verdicts WHERE camera=? AND run=? AND seq BETWEEN ? AND ? AND part <> ? ORDER BY seq LIMIT 1
"""
ROW = ("state", "frames", "last_seq")


@dataclass(frozen=True)
class Row:
    """A part as it stands in the log."""

    camera: str
    run: int
    number: int
    part: str
    first_seq: int
    last_seq: int | None
    frames: int
    state: str | None
    decided_utc_ns: int | None

    @property
    def name(self) -> str:
        """For people."""
        return f"part {self.number} ({self.part!r}) of {self.camera}/{self.run}"


@dataclass(frozen=True)
class RunRow:
    """What of its run decides about the last part."""

    captured: int = 0
    ended: int = 0
    note: str = ""


def check_parts(db: sqlite3.Connection) -> Iterator[Finding]:
    """Every part, beside the one that follows it."""
    before: Row | None = None
    for columns in db.execute(PARTS):
        row = Row(*columns)
        if before is not None and (before.camera, before.run) == (row.camera, row.run):
            yield from _numbered(before, row)
            if row.number == before.number + 1:
                yield from _checked(db, before, row)
        else:
            if before is not None:
                yield from _checked(db, before, None)
            if row.number > 0:
                yield Finding(f"parts 0 to {row.number - 1} of {row.camera}/{row.run}: missing")
        before = row
    if before is not None:
        yield from _checked(db, before, None)


def _numbered(before: Row, row: Row) -> Iterator[Finding]:
    if row.number > before.number + 1:
        which = f"{before.number + 1} to {row.number - 1}"
        yield Finding(f"parts {which} of {row.camera}/{row.run}: missing")
    elif row.first_seq < before.first_seq:
        yield Finding(f"{row.name}: changed, it begins at frame {row.first_seq}, before the one before it")


def _checked(db: sqlite3.Connection, row: Row, following: Row | None) -> Iterator[Finding]:
    found = db.execute(RUN, (row.camera, row.run)).fetchone()
    run = RunRow(*found) if found else RunRow()
    if (row.state is None) != (row.decided_utc_ns is None):
        yield Finding(f"{row.name}: changed, it has {'a' if row.state is None else 'no'} time at which it was decided")
    stop = following.first_seq if following else _stop_of_the_last(row, run)
    if stop is None:
        if (row.state, row.frames, row.last_seq) != (None, 0, None):
            yield Finding(f"{row.name}: changed, it is said to be {row.state}, and is not over: its run goes on")
        return
    yield from _decided(db, row, stop)


def _stop_of_the_last(row: Row, run: RunRow) -> int | None:
    """Where the newest part of a run ends; None: it goes on."""
    if not run.ended:
        return None
    end = max(row.first_seq, run.captured)
    if run.note == LINE_DIED and row.state is not None:  # what was captured then was told of no further than this
        said = row.first_seq if row.last_seq is None else row.last_seq + 1
        return min(max(said, row.first_seq), end)
    return end


def _decided(db: sqlite3.Connection, row: Row, stop: int) -> Iterator[Finding]:
    """A part that is over: decided as soon as each of its frames has its outcome."""
    frames = max(0, stop - row.first_seq)
    counts = dict(db.execute(OUTCOMES, (row.camera, row.run, row.first_seq, stop)).fetchall())
    known = sum(counts.values()) == frames
    due = (state_of(counts), frames, stop - 1 if frames else None) if known else (None, 0, None)
    if said := unlike(ROW, (row.state, row.frames, row.last_seq), due):
        yield Finding(f"{row.name}: changed, by the ledger {said}")
    elif known and (other := db.execute(OTHERS, (row.camera, row.run, row.first_seq, stop - 1, row.part)).fetchone()):
        yield Finding(f"{row.name}: changed, the verdict of its frame {other[0]} names the part {other[1]!r}")
