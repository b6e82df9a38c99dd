"""Whether the incidents are what verdicts and acts make of them: each is reckoned anew, beside the row that is there.

Their reviews are audit_reviews.py's business. A run is in memory no further than the incident that is looked at.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from stream.audit_check import Finding
from stream.audit_forms import formed
from stream.audit_marks import Markings, Marks
from stream.audit_merge import beside, unlike
from stream.audit_settings import Gaps
from stream.incidents import BadFrame, Incident, incidents_in
from stream.log_incidents import what_of

KEY = ("camera", "run", "seq", "score", "state")
RUNS = f"""
SELECT camera, run, (SELECT session FROM runs r WHERE r.camera = f.camera AND r.run = f.run) FROM (
  SELECT camera, run FROM runs UNION SELECT DISTINCT camera, run FROM incidents
  UNION SELECT DISTINCT camera, run FROM verdicts) f
WHERE {formed("runs", "camera", "run")} ORDER BY camera, run
"""
BAD = f"""
SELECT seq, score FROM verdicts WHERE camera=? AND run=? AND state='BAD' AND score IS NOT NULL
  AND {formed("verdicts", *KEY)} ORDER BY seq
"""
EXTENT = ("first_seq", "last_seq", "frames", "worst_seq", "worst_score")
WHAT = (
    *EXTENT[1:],
    *("utc_ns", "part", "bundle", "settings", "recipe", "defects", "length_px", "width_px", "area_px", "evidence"),
)
MARKS = ("pinned", "challenge")
THERE = f"""
SELECT first_seq, {", ".join(WHAT + MARKS)} FROM incidents WHERE camera=? AND run=? AND {formed("incidents")}
ORDER BY first_seq
"""


@dataclass(frozen=True)
class _Run:
    """A run, and by what its incidents are reckoned."""

    camera: str
    run: int
    gap: int
    markings: Markings
    sure: bool  # whether all its incidents were made by that gap, for certain

    def marks(self, due: Incident, there: Marks) -> Marks:
        """What the acts make of it; where it may have held other frames once, what they can have made of it."""
        if self.sure:
            return self.markings.of(self.camera, self.run, due, self.gap, there)
        possible = self.markings.any(self.camera, self.run)
        return Marks(there.pinned and possible.pinned, there.challenge and possible.challenge)


def check_incidents(db: sqlite3.Connection) -> Iterator[Finding]:
    """Every incident, as it is and as it should be; those that are missing or too many."""
    gaps, markings = Gaps(db), Markings(db)
    for camera, run, session in db.execute(RUNS):
        known = gaps.of(session)
        gap = known[0] if len(known) == 1 else _fitting(db, camera, run, known)
        of = _Run(camera, run, gap, markings, len(known) == 1)
        for first, found, due in beside(_there(db, camera, run), _due(db, camera, run, gap)):
            name = f"incident {camera}/{run}/{first}"
            if due is None:
                yield Finding(f"{name}: added, by the verdicts no incident begins there")
            elif found is None:
                yield Finding(f"{name}: missing, the verdicts of frames {first} to {due.last_seq} make one")
            else:
                yield from _compared(db, of, found, due)


def _compared(db: sqlite3.Connection, of: _Run, found: tuple[object, ...], due: Incident) -> Iterator[Finding]:
    name = f"incident {of.camera}/{of.run}/{due.first_seq}"
    what = what_of(db, of.camera, of.run, due)
    if what is not None and (said := unlike(WHAT, found[: len(WHAT)], what[1:])):
        yield Finding(f"{name}: changed, by the verdicts {said}")
    pinned, challenge = found[len(WHAT) :]
    assert isinstance(pinned, int) and isinstance(challenge, int)
    marks = of.marks(due, Marks(pinned, challenge))
    if said := unlike(MARKS, (pinned, challenge), (marks.pinned, marks.challenge)):
        yield Finding(f"{name}: changed, by the acts {said}")


def _there(db: sqlite3.Connection, camera: str, run: int) -> Iterator[tuple[int, tuple[object, ...]]]:
    return ((first, tuple(columns)) for first, *columns in db.execute(THERE, (camera, run)))


def _due(db: sqlite3.Connection, camera: str, run: int, gap: int) -> Iterator[tuple[int, Incident]]:
    frames = (BadFrame(seq, score) for seq, score in db.execute(BAD, (camera, run)))
    return ((incident.first_seq, incident) for incident in incidents_in(frames, gap))


def _fitting(db: sqlite3.Connection, camera: str, run: int, gaps: tuple[int, ...]) -> int:
    """The gap by which the extents that are there were made; the newest, where it is none of them."""
    for gap in gaps:
        if all(_alike(found, due) for _, found, due in beside(_there(db, camera, run), _due(db, camera, run, gap))):
            return gap
    return gaps[-1]


def _alike(found: tuple[object, ...] | None, due: Incident | None) -> bool:
    if found is None or due is None:
        return False
    return found[: len(EXTENT) - 1] == (due.last_seq, due.frames, due.worst.seq, due.worst.score)
