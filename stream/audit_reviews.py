"""Whether reviews, and what incidents show of them, are what people said: acts are in the chain, these rows are not.

They are kept for those who search and export, so whoever changes them changes what is learnt from the log.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import msgspec

from stream.acts import frame_of, review_of
from stream.audit_check import Finding
from stream.log_incidents import REVIEW
from stream.messages import Act

SAID = """
SELECT a.id, a.utc_ns, a.who, a.role, a.kind, a.subject, a.old, a.new, a.number,
  r.camera, r.run, r.seq, r.utc_ns, r.who, r.verdict, r.comment, r.boxes
FROM acts a LEFT JOIN reviews r ON r.number = a.number WHERE a.kind = 'review' ORDER BY a.number
"""
UNSAID = """
SELECT number FROM reviews r WHERE NOT EXISTS
  (SELECT 1 FROM acts WHERE acts.number = r.number AND kind = 'review') ORDER BY number
"""
SHOWN = """
SELECT camera, run, first_seq, last_seq, review, reviewed_by, comment FROM incidents
WHERE review <> '' OR reviewed_by <> '' OR comment <> ''
UNION
SELECT i.camera, i.run, i.first_seq, i.last_seq, i.review, i.reviewed_by, i.comment
FROM reviews r CROSS JOIN incidents i
WHERE i.camera = r.camera AND i.run = r.run AND i.last_seq >= r.seq AND i.first_seq =
  (SELECT max(first_seq) FROM incidents WHERE camera = r.camera AND run = r.run AND first_seq <= r.seq)
"""


def check_reviews(db: sqlite3.Connection) -> Iterator[Finding]:
    """What is wrong with the reviews, once the acts are known to be right."""
    for *act, number, camera, run, seq, utc_ns, who, verdict, comment, boxes in db.execute(SAID):
        if _as_said(act) != (camera, run, seq, utc_ns, who, verdict, comment, boxes):
            yield Finding(
                f"review {number}: {'missing' if verdict is None else 'changed'}, act {number} says what it was"
            )
    for (number,) in db.execute(UNSAID):
        yield Finding(f"review {number}: added, no act says so")
    for camera, run, first, last, *shown in db.execute(SHOWN):
        said = db.execute(REVIEW, (camera, run, first, last)).fetchone() or ("", "", "")
        if tuple(shown) != said:
            yield Finding(f"incident {camera}/{run}/{first}: shows a review that nobody gave, or not the newest")


def _as_said(columns: list[object]) -> tuple[object, ...] | None:
    """The row that an act made; None where it is no review."""
    act = Act(*columns)  # type: ignore[arg-type]
    try:
        frame, said = frame_of(act.subject), review_of(act)
    except (TypeError, msgspec.MsgspecError):
        return None
    if frame is None:
        return None
    boxes = msgspec.json.encode(said.boxes).decode()
    return (frame.camera, frame.run, frame.seq, act.utc_ns, act.who, said.verdict, said.comment, boxes)
