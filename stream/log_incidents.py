"""The rows of `incidents`: kept beside the verdicts in each transaction, so that searching needs no reckoning.

A row is a function of what else the log says: extent and worst frame of the verdicts, review of the newest review in
it. Pins and challenges alone are carried: incidents that become one are pinned where one of them was.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

import msgspec

from stream.acts import OF_INCIDENTS, WITHDRAWN
from stream.incidents import BadFrame, Incident, incidents_in
from stream.log_batch import Frame
from stream.log_columns import defects_from

WORST = """
SELECT captured_utc_ns, part, bundle, settings,
  coalesce((SELECT recipe FROM recipes WHERE recipes.settings=verdicts.settings), ''), defects, evidence
FROM verdicts WHERE camera=? AND run=? AND seq=?
"""
# What is said of a GOOD frame between the BAD ones is not said of the incident, also once its sample has gone.
REVIEW = f"""
SELECT {", ".join(f"iif(verdict='{WITHDRAWN}', '', {column})" for column in ("verdict", "who", "comment"))} FROM reviews
WHERE camera=? AND run=? AND seq BETWEEN ? AND ? AND verdict IN ({",".join(f"'{word}'" for word in OF_INCIDENTS)})
  AND EXISTS (SELECT 1 FROM verdicts v
    WHERE v.camera=reviews.camera AND v.run=reviews.run AND v.seq=reviews.seq AND v.state='BAD')
ORDER BY number DESC LIMIT 1
"""
# Incidents never overlap: of those that begin before, only the last can reach so far. A year's log is not walked.
CARRIED = """
SELECT max(pinned), max(challenge) FROM incidents WHERE camera=?1 AND run=?2 AND last_seq >= ?3 AND first_seq <= ?4
  AND first_seq >= coalesce(
    (SELECT max(first_seq) FROM incidents WHERE camera=?1 AND run=?2 AND first_seq <= ?3), ?3)
"""
HOLDING = """
SELECT first_seq, last_seq FROM incidents WHERE camera=?1 AND run=?2 AND first_seq =
  (SELECT max(first_seq) FROM incidents WHERE camera=?1 AND run=?2 AND first_seq <= ?3) AND last_seq >= ?3
"""
INSERT = "INSERT OR REPLACE INTO incidents VALUES (" + ",".join("?" * 22) + ")"
BAD = "SELECT camera, run, seq, score FROM verdicts WHERE state='BAD' AND score IS NOT NULL ORDER BY camera, run, seq"


def write_incidents(db: sqlite3.Connection, changes: Mapping[Frame, Incident | None]) -> None:
    """Brings the table to what changed, once the verdicts are in it."""
    made = [row for (camera, run, _), i in changes.items() if i and (row := _row(db, camera, run, i)) is not None]
    gone = [key for key, incident in changes.items() if incident is None]
    db.executemany("DELETE FROM incidents WHERE camera=? AND run=? AND first_seq=?", gone)
    db.executemany(INSERT, made)


def fill(db: sqlite3.Connection, gap: int) -> None:
    """The table from all verdicts that are there; run by run, for a log may be large."""
    reading = db.execute(BAD)
    for (camera, run), frames in groupby(reading, key=lambda row: (row[0], row[1])):
        for incident in incidents_in((BadFrame(seq, score) for _, _, seq, score in frames), gap):
            if (row := _row(db, camera, run, incident)) is not None:
                db.execute(INSERT, row)


def holding(db: sqlite3.Connection, camera: str, run: int, seq: int) -> tuple[int, int] | None:
    """first_seq and last_seq of the incident in whose extent the frame lies; None where there is none."""
    row = db.execute(HOLDING, (camera, run, seq)).fetchone()
    return None if row is None else (row[0], row[1])


def say_review(db: sqlite3.Connection, camera: str, run: int, extent: tuple[int, int]) -> None:
    """The review of an incident is the newest that lies in it."""
    found = db.execute(REVIEW, (camera, run, *extent)).fetchone() or ("", "", "")
    db.execute(
        "UPDATE incidents SET review=?, reviewed_by=?, comment=? WHERE camera=? AND run=? AND first_seq=?",
        (*found, camera, run, extent[0]),
    )


def lose_evidence(db: sqlite3.Connection, frames: Iterable[Frame]) -> None:
    """The evidence of these frames is gone, or on its way."""
    for camera, run, seq in frames:
        if extent := holding(db, camera, run, seq):
            db.execute(
                "UPDATE incidents SET evidence=NULL WHERE camera=? AND run=? AND first_seq=? AND worst_seq=?",
                (camera, run, extent[0], seq),
            )


def written_of(db: sqlite3.Connection, camera: str, run: int) -> Iterator[Incident]:
    """What the table has of a run, in order."""
    rows = db.execute(
        "SELECT first_seq, last_seq, worst_seq, worst_score, frames FROM incidents WHERE camera=? AND run=?"
        " ORDER BY first_seq",
        (camera, run),
    )
    return (Incident(first, last, BadFrame(worst, score), frames) for first, last, worst, score, frames in rows)


def what_of(db: sqlite3.Connection, camera: str, run: int, incident: Incident) -> tuple[object, ...] | None:
    """The columns from first_seq to evidence, by the verdicts; None where its worst frame is not in the log."""
    worst = incident.worst
    found = db.execute(WORST, (camera, run, worst.seq)).fetchone()
    if found is None:
        return None
    utc_ns, part, bundle, settings, recipe, text, evidence = found
    try:
        defects = defects_from(text)
    except (msgspec.MsgspecError, TypeError):  # of a damaged row nothing is known; the others of a log have theirs
        defects = ()
    largest = max(defects, key=lambda d: d.area_px, default=None)
    size = (largest.length_px, largest.width_px, largest.area_px) if largest else (0.0, 0.0, 0)
    extent = (incident.first_seq, incident.last_seq, incident.frames, worst.seq, worst.score)
    when_ns = run * 1000 if utc_ns is None else utc_ns
    return (*extent, when_ns, part, bundle, settings, recipe, len(defects), *size, evidence)


def _row(db: sqlite3.Connection, camera: str, run: int, incident: Incident) -> tuple[object, ...] | None:
    """None where its worst frame is not in the log: an incident is what the verdicts say."""
    what = what_of(db, camera, run, incident)
    if what is None:
        return None
    extent = (camera, run, incident.first_seq, incident.last_seq)
    review = db.execute(REVIEW, extent).fetchone() or ("", "", "")
    pinned, challenge = db.execute(CARRIED, extent).fetchone()
    return (camera, run, *what, *review, pinned or 0, challenge or 0)
