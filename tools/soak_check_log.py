"""What a line left in its log, read with SQL of its own: rows, spans, runs, sessions, events. Judges nothing.

Written from the description of the log, not from the code that writes it; a table is read whole and in its own order,
so that no index can hide a row.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.soak_check_acts import Act, Incident, Review

FILE = "log.sqlite"


class UnreadableError(Exception):
    """What the checker was given cannot be read; the text says what and why."""


@dataclass(frozen=True)
class Row:
    """A row of `verdicts`: a frame that was BAD or UNKNOWN."""

    camera: str
    run: int
    seq: int
    state: str
    score: float | None
    reason: str | None
    mask_sha256: str
    bundle: str
    settings: str
    captured_mono_ns: int | None
    judged_mono_ns: int | None
    evidence: str | None
    part: str


@dataclass(frozen=True)
class Span:
    """A row of `ledger`: the frames start <= seq < stop had this outcome."""

    camera: str
    run: int
    start: int
    stop: int
    outcome: str


@dataclass(frozen=True)
class Run:
    """A row of `runs`."""

    camera: str
    run: int
    session: str
    source: str
    captured: int
    ended: bool
    note: str
    digest: str
    latencies: dict[int, int]  # how many judged frames had which age, by bucket


@dataclass(frozen=True)
class Event:
    """A row of `events`."""

    camera: str
    run: int
    kind: str
    text: str


@dataclass(frozen=True)
class Part:
    """A row of `parts`: from that frame on pictures are of it, until the next one of the run begins."""

    camera: str
    run: int
    number: int
    part: str  # empty: none
    first_seq: int
    state: str | None  # None: not decided


@dataclass(frozen=True)
class Log:
    """The whole log."""

    faults: tuple[str, ...]  # what SQLite's own check finds wrong with the file
    sessions: tuple[str, ...]
    runs: tuple[Run, ...]
    spans: tuple[Span, ...]
    rows: tuple[Row, ...]
    events: tuple[Event, ...]
    parts: tuple[Part, ...] = ()
    recipes: dict[str, str] = field(default_factory=dict)  # the recipe by the settings' id
    acts: tuple[Act, ...] = ()
    reviews: tuple[Review, ...] = ()
    incidents: tuple[Incident, ...] = ()
    samples: frozenset[tuple[str, int, int]] = frozenset()  # camera, run, seq


def read_log(data_dir: Path) -> Log:
    """Raises UnreadableError where there is no log, or one that cannot be read."""
    path = data_dir / FILE
    if not path.is_file():
        raise UnreadableError(f"{path}: no log here; give the folder of a line that has run")
    try:
        with contextlib.closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=10.0)) as db:
            return _read(db)
    except sqlite3.Error as error:
        raise UnreadableError(f"{path}: not a log that can be read: {error}") from error


def _read(db: sqlite3.Connection) -> Log:
    said = [str(row[0]) for row in db.execute("PRAGMA integrity_check")]
    return Log(
        faults=tuple(text for text in said if text != "ok"),
        sessions=tuple(row[0] for row in db.execute("SELECT session FROM sessions NOT INDEXED")),
        runs=tuple(
            Run(camera, run, session, source, captured, bool(ended), note, digest, _counts(latencies))
            for camera, run, session, source, captured, ended, note, digest, latencies in db.execute(
                "SELECT camera, run, session, source, captured, ended, note, digest, latencies FROM runs NOT INDEXED"
            )
        ),
        spans=tuple(
            Span(*row) for row in db.execute("SELECT camera, run, start, stop, outcome FROM ledger NOT INDEXED")
        ),
        rows=tuple(
            Row(*row)
            for row in db.execute(
                "SELECT camera, run, seq, state, score, reason, mask_sha256, bundle, settings,"
                " captured_mono_ns, judged_mono_ns, evidence, part FROM verdicts NOT INDEXED"
            )
        ),
        events=tuple(
            Event(*row) for row in db.execute("SELECT camera, run, kind, text FROM events NOT INDEXED ORDER BY id")
        ),
        parts=tuple(
            Part(*row)
            for row in db.execute("SELECT camera, run, number, part, first_seq, state FROM parts NOT INDEXED")
        ),
        recipes=dict(db.execute("SELECT settings, recipe FROM recipes NOT INDEXED").fetchall()),
        **_said(db),
    )


def _said(db: sqlite3.Connection) -> dict[str, Any]:
    """What people said, and what they said it of; nothing of a log that is older than that."""
    if not db.execute("SELECT 1 FROM sqlite_master WHERE name='samples'").fetchone():
        return {}
    acts = db.execute("SELECT number, id, utc_ns, role, kind, subject, old, new FROM acts NOT INDEXED ORDER BY number")
    reviews = db.execute("SELECT camera, run, seq, verdict, comment FROM reviews NOT INDEXED ORDER BY number")
    incidents = db.execute(
        "SELECT camera, run, first_seq, last_seq, worst_seq, evidence, review, pinned FROM incidents NOT INDEXED"
    )
    return {
        "acts": tuple(Act(*row) for row in acts),
        "reviews": tuple(Review(*row) for row in reviews),
        "incidents": tuple(Incident(*row) for row in incidents),
        "samples": frozenset(db.execute("SELECT camera, run, seq FROM samples NOT INDEXED")),
    }


def _counts(latencies: bytes) -> dict[int, int]:
    return {int(bucket): count for bucket, count in json.loads(latencies).items()}
