"""What people have said of incidents and samples, as truth: the picture, what the line said, what is true. Reads."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from stream.log_columns import defects_from
from stream.log_reading import keeps_incidents
from stream.messages import Box, DefectRecord

BAD, GOOD, UNSURE = "BAD", "GOOD", ""
TRUE = {"defect": BAD, "missed": BAD, "false_alarm": GOOD, "clean": GOOD, "unsure": UNSURE}  # review → what is true
INCIDENTS = """
SELECT i.camera, i.run, i.worst_seq, i.utc_ns, i.part, i.worst_score, i.bundle, i.settings, i.recipe, i.evidence,
  i.review, i.reviewed_by, i.comment, v.defects
FROM incidents i JOIN verdicts v ON v.camera=i.camera AND v.run=i.run AND v.seq=i.worst_seq
WHERE i.review <> '' AND i.challenge=0 AND i.utc_ns >= ?1 AND (?2 IS NULL OR i.camera=?2)
ORDER BY i.utc_ns, i.camera, i.run, i.first_seq
"""
SAMPLES = """
SELECT camera, run, seq, utc_ns, part, score, bundle, settings, folder, review,
  coalesce((SELECT recipe FROM recipes WHERE recipes.settings=samples.settings), '') FROM samples
WHERE review <> '' AND utc_ns >= ?1 AND (?2 IS NULL OR camera=?2) ORDER BY utc_ns, camera, run, seq
"""
SAID = "SELECT who, comment, boxes FROM reviews WHERE camera=? AND run=? AND seq=? AND verdict=? ORDER BY number DESC"
WAITING = """
SELECT (SELECT count(*) FROM incidents WHERE review='' AND challenge=0 AND utc_ns>=?1 AND (?2 IS NULL OR camera=?2)),
  (SELECT count(*) FROM samples WHERE review='' AND utc_ns>=?1 AND (?2 IS NULL OR camera=?2))
"""


@dataclass(frozen=True)
class Truth:
    """A frame of which a person has said what it is."""

    camera: str
    run: int
    seq: int
    utc_ns: int
    part: str
    state: str  # what the line said: BAD | GOOD
    score: float | None
    review: str  # defect | false_alarm | unsure | clean | missed
    reviewed_by: str
    comment: str
    boxes: tuple[Box, ...]  # that were marked in this very frame
    defects: tuple[DefectRecord, ...]  # that the line found
    folder: str | None  # relative to data_dir; None: its picture was deleted
    bundle: str
    settings: str
    recipe: str = ""

    @property
    def truth(self) -> str:
        """BAD | GOOD; empty where nobody is sure."""
        return TRUE[self.review]

    @property
    def name(self) -> str:
        """That no other frame has; part of a file's name."""
        return f"{self.camera}-{self.run}-{self.seq:08d}"


@dataclass(frozen=True)
class Waiting:
    """What nobody has looked at yet."""

    incidents: int
    samples: int


def read_truths(db: sqlite3.Connection, *, since_ns: int, camera: str | None) -> Iterator[Truth]:
    """The reviewed incidents, then the reviewed samples, each oldest first. An older log has none."""
    if not keeps_incidents(db):
        return
    for row in db.execute(INCIDENTS, (since_ns, camera)):
        *frame, bundle, settings, recipe, folder, review, who, comment, defects = row
        camera_, run, seq, utc_ns, part, score = frame
        _, _, boxes = marks_of(db, camera_, run, seq, review)
        said = (review, who, comment, boxes, defects_from(defects), folder, bundle, settings, recipe)
        yield Truth(camera_, run, seq, utc_ns, part, BAD, score, *said)
    for row in db.execute(SAMPLES, (since_ns, camera)):
        *frame, bundle, settings, folder, review, recipe = row
        camera_, run, seq, utc_ns, part, score = frame
        who, comment, boxes = marks_of(db, camera_, run, seq, review)
        said = (review, who, comment, boxes, (), folder, bundle, settings, recipe)
        yield Truth(camera_, run, seq, utc_ns, part, GOOD, score, *said)


def read_waiting(db: sqlite3.Connection, *, since_ns: int, camera: str | None) -> Waiting:
    """How much is left out for want of a review."""
    return Waiting(*db.execute(WAITING, (since_ns, camera)).fetchone()) if keeps_incidents(db) else Waiting(0, 0)


def marks_of(db: sqlite3.Connection, camera: str, run: int, seq: int, review: str) -> tuple[str, str, tuple[Box, ...]]:
    """Who said so last of this very frame, the comment, and what was marked; empty where nobody did."""
    found = db.execute(SAID, (camera, run, seq, review)).fetchone()
    if found is None:
        return "", "", ()
    who, comment, boxes = found
    return who, comment, tuple(tuple(box) for box in json.loads(boxes))
