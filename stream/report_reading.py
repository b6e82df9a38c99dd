"""What the log says of a day or a shift, for the report. Reading alone, bounded: lists are cut, and say so."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from stream.challenge_log import Told, acts_of, told, with_marks
from stream.figures import rows_of, total
from stream.figures_defects import Defects, defects_of
from stream.minutes import MINUTE_NS, Minute
from stream.report_silent import silent_cameras
from stream.shifts import Shift

WEEK_NS = 7 * 24 * 60 * MINUTE_NS
LISTED_MAX = 200  # rows of a list
THUMBS_MAX = 12  # incidents with their picture, a camera
GAP_S = re.compile(r"no pictures for ([0-9]+\.[0-9]) s")
GAP_KINDS = ("gap", "source", "restart", "line_died", "frozen", "black", "blinded", "focus", "moved", "flicker")
CHANGES = ("setting", "bundle", "recipe", "promote", "delete", "export", "known_bad")
CAMERAS = """
SELECT camera FROM minutes WHERE minute >= ? AND minute < ? UNION SELECT camera FROM runs WHERE run >= ? AND run < ?
ORDER BY 1
"""
INCIDENTS = """
SELECT camera, run, first_seq, last_seq, frames, worst_score, utc_ns, part, length_px, evidence, review, reviewed_by,
  comment FROM incidents WHERE camera = ? AND utc_ns >= ? AND utc_ns < ? AND challenge = 0
ORDER BY review <> '', worst_score DESC, utc_ns DESC LIMIT ?
"""
REVIEWS = """
SELECT review, count(*) FROM incidents WHERE camera = ? AND utc_ns >= ? AND utc_ns < ? AND challenge = 0 GROUP BY review
"""
EVENTS = f"""
SELECT utc_ns, camera, run, kind, text FROM events
WHERE utc_ns >= ? AND utc_ns < ? AND kind IN ({",".join("?" * len(GAP_KINDS))}) ORDER BY utc_ns LIMIT ?
"""
ACTS = "SELECT utc_ns, who, role, kind, subject, old, new FROM acts WHERE utc_ns >= ? AND utc_ns < ? AND kind IN ({})"
RUNS = """
SELECT camera, run, captured, ended, (SELECT coalesce(sum(stop - start), 0) FROM ledger
  WHERE ledger.camera = runs.camera AND ledger.run = runs.run), note FROM runs
WHERE camera = ? AND run < ? AND source NOT LIKE 'challenge:%' ORDER BY run DESC LIMIT ?
"""


@dataclass(frozen=True)
class IncidentSeen:
    """An incident."""

    camera: str
    run: int
    first_seq: int
    last_seq: int
    frames: int
    worst_score: float
    utc_ns: int
    part: str
    length_px: float
    evidence: str | None
    review: str
    reviewed_by: str
    comment: str


@dataclass(frozen=True)
class EventSeen:
    """Something that happened."""

    utc_ns: int
    camera: str
    run: int
    kind: str
    text: str

    @property
    def gap_s(self) -> float:
        """How long no pictures came, where it says so."""
        found = GAP_S.search(self.text) if self.kind == "gap" else None
        return float(found[1]) if found else 0.0


@dataclass(frozen=True)
class ActSeen:
    """What somebody did."""

    utc_ns: int
    who: str
    role: str
    kind: str
    subject: str
    old: str
    new: str


@dataclass(frozen=True)
class RunSeen:
    """A run, and whether each of its frames is accounted for."""

    run: int
    captured: int
    ended: bool
    accounted: int
    note: str

    @property
    def open_frames(self) -> int:
        """Without an outcome; a verdict may be here before the capture's report of its frame."""
        return max(0, self.captured - self.accounted)

    @property
    def closed(self) -> bool:
        return self.ended and self.accounted == self.captured


@dataclass(frozen=True)
class CameraFacts:
    """One camera in that time."""

    name: str
    sum: Minute
    week_before: Minute  # in the same time seven days earlier
    minutes: int  # in which there were frames
    found: Defects
    incidents: tuple[IncidentSeen, ...]  # those that nobody has reviewed first, the worst first
    reviews: dict[str, int]  # incidents by review; '' for none
    runs: tuple[RunSeen, ...]  # that overlap it, newest first


@dataclass(frozen=True)
class Facts:
    """All that the report says."""

    shift: Shift
    line: str
    cameras: tuple[CameraFacts, ...]
    events: tuple[EventSeen, ...]  # gaps, restarts, faults of a camera
    acknowledged: tuple[ActSeen, ...]
    changes: tuple[ActSeen, ...]
    challenges: tuple[Told, ...]  # oldest first
    silent: tuple[str, ...] = ()  # cameras of the line that gave no frame


def facts_of(db: sqlite3.Connection, shift: Shift) -> Facts:
    """What the log says of that time."""
    since, until = shift.begin_ns, shift.end_ns
    first, stop = since // MINUTE_NS, -(-until // MINUTE_NS)
    names = [row[0] for row in db.execute(CAMERAS, (first, stop, since // 1000, until // 1000))]
    row = db.execute("SELECT line FROM sessions ORDER BY rowid DESC LIMIT 1").fetchone()
    events = db.execute(EVENTS, (since, until, *GAP_KINDS, LISTED_MAX))
    return Facts(
        shift=shift,
        line=row[0] if row else "",
        cameras=tuple(_camera(db, name, shift) for name in names),
        events=tuple(EventSeen(*event) for event in events),
        acknowledged=_acts(db, shift, ("acknowledge",)),
        changes=_acts(db, shift, CHANGES),
        challenges=_challenges(db, shift),
        silent=silent_cameras(db, shift, names),
    )


def newest_day(db: sqlite3.Connection) -> date | None:
    """The day of the newest frame that has a time, in the computer's zone; None: there is none."""
    (minute,) = db.execute("SELECT max(minute) FROM minutes WHERE good + bad + unknown + dropped > 0").fetchone()
    return None if minute is None else datetime.fromtimestamp(minute * 60).date()


def _camera(db: sqlite3.Connection, name: str, shift: Shift) -> CameraFacts:
    since, until = shift.begin_ns, shift.end_ns
    of = (name, since, until)
    brought = _minutes(db, name, since, until)
    return CameraFacts(
        name=name,
        sum=total(brought),
        week_before=total(_minutes(db, name, since - WEEK_NS, until - WEEK_NS)),
        minutes=len(brought),
        found=defects_of(db, name, since, until),
        incidents=tuple(IncidentSeen(*row) for row in db.execute(INCIDENTS, (*of, THUMBS_MAX))),
        reviews=dict(db.execute(REVIEWS, of).fetchall()),
        runs=_runs(db, name, shift),
    )


def _challenges(db: sqlite3.Connection, shift: Shift) -> tuple[Told, ...]:
    """Those that began in that time; an outcome may have come later."""
    known = told(acts_of(db, since_ns=shift.begin_ns))
    return with_marks(db, [one for one in reversed(known) if one.utc_ns < shift.end_ns][:LISTED_MAX])


def _minutes(db: sqlite3.Connection, camera: str, since: int, until: int) -> list[Minute]:
    return [minute for _, minute in rows_of(db, camera, since // MINUTE_NS, -(-until // MINUTE_NS))]


def _acts(db: sqlite3.Connection, shift: Shift, kinds: Sequence[str]) -> tuple[ActSeen, ...]:
    asked = f"{ACTS.format(','.join('?' * len(kinds)))} ORDER BY number LIMIT ?"
    rows = db.execute(asked, (shift.begin_ns, shift.end_ns, *kinds, LISTED_MAX))
    return tuple(ActSeen(*row) for row in rows)


def _runs(db: sqlite3.Connection, camera: str, shift: Shift) -> tuple[RunSeen, ...]:
    """Those that begin in that time, and the one before, which may reach into it."""
    found = []
    for _, run, captured, ended, accounted, note in db.execute(RUNS, (camera, shift.end_ns // 1000, LISTED_MAX)):
        found.append(RunSeen(run, captured, bool(ended), accounted, note))
        if run * 1000 < shift.begin_ns:
            break
    return tuple(found)
