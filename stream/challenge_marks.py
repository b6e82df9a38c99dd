"""The mark that a caught challenge leaves on an incident: it showed a known-bad part, and counts as no defect.

Where a real defect came before the known-bad part, a person takes the mark off, and may put it back; what came of the
challenge stays on record as it was. A mark that no challenge has set cannot be set by hand: it would hide a defect.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from stream.acts import Subject, frame_of
from stream.challenge import says_caught
from stream.log_incidents import holding

KIND = "known_bad"  # of an act: `new` is 1 or 0
Extent = tuple[int, int]  # first_seq, last_seq
STANDS = "SELECT challenge FROM incidents WHERE camera=? AND run=? AND first_seq=?"
SET = "UPDATE incidents SET challenge=? WHERE camera=? AND run=? AND first_seq=?"
OUTCOMES = "SELECT subject, who, new FROM acts WHERE kind='challenge' AND role='system' AND subject GLOB ?"
BY_HAND = f"SELECT subject, who, new FROM acts WHERE kind='{KIND}' AND subject GLOB ? ORDER BY number DESC"
NO_INCIDENT = "no incident holds the frame"
NO_CHALLENGE = "no challenge was caught by the incident that holds the frame"


def set_mark(db: sqlite3.Connection, frame: Subject, on: int) -> str:
    """What was there before, 0 or 1. Raises LookupError, in words, where there is no such mark to set."""
    extent = holding(db, frame.camera, frame.run, frame.seq)
    if extent is None:
        raise LookupError(f"{NO_INCIDENT} {frame}")
    key = (frame.camera, frame.run, extent[0])
    (before,) = db.execute(STANDS, key).fetchone()
    if not before and not challenged(db, frame, extent):
        raise LookupError(f"{NO_CHALLENGE} {frame}")
    db.execute(SET, (on, *key))
    return str(before)


def challenged(db: sqlite3.Connection, frame: Subject, extent: Extent) -> bool:
    """Whether a challenge was caught by that incident; one that was missed, or undecided, says nothing of it."""
    return any(says_caught(new) for _, new in _within(db.execute(OUTCOMES, (_of_run(frame),)), extent))


def taken_off_by(db: sqlite3.Connection, subject: str) -> str:
    """Who says that the incident, in which that frame CAMERA/RUN/SEQ lies, shows a defect; empty: it is marked."""
    frame = frame_of(subject)
    extent = holding(db, frame.camera, frame.run, frame.seq) if frame else None
    if frame is None or extent is None:
        return ""
    if db.execute(STANDS, (frame.camera, frame.run, extent[0])).fetchone() != (0,):
        return ""
    return next((who for who, new in _within(db.execute(BY_HAND, (_of_run(frame),)), extent) if new == "0"), "")


def _of_run(frame: Subject) -> str:
    return f"{frame.camera}/{frame.run}/*"


def _within(found: Iterable[tuple[str, str, str]], extent: Extent) -> Iterable[tuple[str, str]]:
    for subject, who, new in found:
        frame = frame_of(subject)
        if frame is not None and extent[0] <= frame.seq <= extent[1]:
            yield who, new
