"""Whether the ledger says of BAD and UNKNOWN frames what the verdicts say, and of each frame one thing alone.

GOOD and dropped frames have no rows: their number is compared with the minutes (audit_minutes.py). Of a challenge,
which is no product, no frame has one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from stream.audit_check import Finding
from stream.audit_forms import formed
from stream.audit_merge import beside
from stream.messages import CHALLENGE_SOURCE
from stream.minutes import DROPPED

Span = tuple[int, int, str]  # start, stop, outcome
WITH_ROWS = ("BAD", "UNKNOWN")
OF_RUNS = ("ledger", "verdicts", "incidents", "parts", "samples")
RUNS = f"""
SELECT camera, run, source, captured, ended FROM runs
WHERE {formed("runs", "camera", "run", "source", "captured", "ended")} ORDER BY camera, run
"""
LEDGER = f"SELECT start, stop, outcome FROM ledger WHERE camera=? AND run=? AND {formed('ledger')} ORDER BY start"
VERDICTS = f"""
SELECT seq, state FROM verdicts WHERE camera=? AND run=? AND {formed("verdicts", "seq", "state")} ORDER BY seq
"""


def check_ledger(db: sqlite3.Connection) -> Iterator[Finding]:
    """Every run's ledger, beside its verdicts; and rows of runs that the log does not have."""
    for table in OF_RUNS:
        of_none = f"SELECT DISTINCT camera, run FROM {table} EXCEPT SELECT camera, run FROM runs"
        for camera, run in db.execute(of_none):
            yield Finding(f"run {camera}/{run}: missing, there are rows of it in {table}")
    for camera, run, source, captured, ended in db.execute(RUNS):
        name = f"{camera}/{run}"
        spans = _Spans(name, captured if ended else None)
        if source.startswith(CHALLENGE_SOURCE):
            yield from _challenge(db, camera, run)
            for row in db.execute(LEDGER, (camera, run)):
                yield from spans.take(row)
            continue
        noted = _noted(db, camera, run, spans)
        for start, found, due in beside(noted, _judged(db, camera, run)):
            if found != due:
                yield Finding(f"ledger {name}: {_said(start, found)} there, {_said(start, due)} by the verdicts")
        yield from spans.wrong


def _challenge(db: sqlite3.Connection, camera: str, run: int) -> Iterator[Finding]:
    if db.execute("SELECT 1 FROM verdicts WHERE camera=? AND run=? LIMIT 1", (camera, run)).fetchone():
        yield Finding(f"run {camera}/{run}: changed, its source is that of a challenge, and its frames have verdicts")


class _Spans:
    """The intervals of a run as they pass by; `wrong` says what no recorder would have written."""

    def __init__(self, name: str, captured: int | None) -> None:
        """`captured`: how many frames there were in all; None: the run goes on."""
        self._name = name
        self._captured = captured
        self._stop = 0
        self.wrong: list[Finding] = []

    def take(self, span: Span) -> list[Finding]:
        """What is wrong with that one."""
        start, stop, outcome = span
        words = []
        if start < 0 or stop <= start:
            words.append(f"the interval from {start} to {stop} is none")
        if start < self._stop:
            words.append(f"frames {start} to {min(stop, self._stop) - 1} stand there twice")
        if self._captured is not None and stop > self._captured:
            words.append(f"it knows frames up to {stop - 1}, the run had {self._captured}")
        if outcome not in ("GOOD", *WITH_ROWS) and not outcome.startswith(DROPPED):
            words.append(f"{outcome!r} of frames {start} to {stop - 1} is no outcome")
        self._stop = max(self._stop, stop)
        return [Finding(f"ledger {self._name}: {said}") for said in words]


def _noted(db: sqlite3.Connection, camera: str, run: int, spans: _Spans) -> Iterator[tuple[int, tuple[int, str]]]:
    """The intervals of frames that have rows, by where they begin."""
    for start, stop, outcome in db.execute(LEDGER, (camera, run)):
        spans.wrong += spans.take((start, stop, outcome))
        if outcome in WITH_ROWS:
            yield start, (stop, outcome)


def _judged(db: sqlite3.Connection, camera: str, run: int) -> Iterator[tuple[int, tuple[int, str]]]:
    """The same of the verdicts: neighbours of one state are one interval."""
    start = stop = 0
    state = ""
    for seq, said in db.execute(VERDICTS, (camera, run)):
        if seq == stop and said == state:
            stop += 1
            continue
        if state:
            yield start, (stop, state)
        start, stop, state = seq, seq + 1, said
    if state:
        yield start, (stop, state)


def _said(start: int, span: tuple[int, str] | None) -> str:
    """Of the frames from there on."""
    if span is None:
        return f"no interval of such frames begins at {start}"
    stop, outcome = span
    return f"frame {start} is {outcome}" if stop == start + 1 else f"frames {start} to {stop - 1} are {outcome}"
