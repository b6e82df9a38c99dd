"""Whether the samples of GOOD frames are reviewed and kept as the acts say, and are of GOOD frames.

Which frames were kept, and with what score, stands in their rows alone.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import msgspec

from stream.acts import OF_SAMPLES, WITHDRAWN
from stream.audit_check import Finding
from stream.audit_forms import formed
from stream.keeping import sample_folder
from stream.log_incidents import holding
from stream.messages import Review
from stream.samples_choice import NEAR, RANDOM

SAMPLES = f"""
SELECT camera, run, seq, why, folder, review, pinned,
  (SELECT outcome FROM ledger l WHERE l.camera = s.camera AND l.run = s.run AND l.stop > s.seq AND l.start =
    (SELECT max(start) FROM ledger WHERE camera = s.camera AND run = s.run AND start <= s.seq))
FROM samples s WHERE {formed("samples")} ORDER BY camera, run, seq
"""
SAID = "SELECT subject, new FROM acts WHERE kind = ? ORDER BY number"
Frame = tuple[str, int, int]


def check_samples(db: sqlite3.Connection) -> Iterator[Finding]:
    """Every sample."""
    reviews, pins = _reviews(db), {subject: new for subject, new in db.execute(SAID, ("pin",))}
    for camera, run, seq, why, folder, review, pinned, outcome in db.execute(SAMPLES):
        subject = f"{camera}/{run}/{seq}"
        due = reviews.get(subject, "")
        wrong = []
        if review != due:
            wrong.append(f"its review is {review!r} and should be {due!r} by the acts")
        if str(pinned) != pins.get(subject, "0") and (pinned or holding(db, camera, run, seq) is None):
            wrong.append(f"its pinned is {pinned} and should be {pins.get(subject, '0')} by the acts")
        if folder != sample_folder(camera, run, seq):
            wrong.append(f"its folder is {folder!r}, which is not its place")
        if outcome != "GOOD":
            wrong.append(f"by the ledger its frame is {outcome or 'none that was judged'}, and no GOOD one")
        if why not in (RANDOM, NEAR):
            wrong.append(f"its why is {why!r}; a frame is kept as {RANDOM} or {NEAR}")
        yield from (Finding(f"sample {subject}: changed, {said}") for said in wrong)


def _reviews(db: sqlite3.Connection) -> dict[str, str]:
    """What was said last of each frame, of what may be said of a sample: as many as people have reviewed."""
    said: dict[str, str] = {}
    for subject, new in db.execute(SAID, ("review",)):
        try:
            verdict = msgspec.json.decode(new, type=Review).verdict
        except (msgspec.DecodeError, TypeError, RecursionError):
            continue
        if verdict in OF_SAMPLES:
            said[subject] = "" if verdict == WITHDRAWN else verdict
    return said
