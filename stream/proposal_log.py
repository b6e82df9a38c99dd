"""What the log has to say to a proposal: reviews of incidents and samples, and what was counted. Reads.

Scores of two bundles are no scores of one scale: what an older bundle than the newest judged is left out.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from dataclasses import dataclass

from stream.export_folder import APART_NS
from stream.log_reading import keeps_incidents
from stream.proposal import WANTED_PER_1000, Counted, Proposal, SeenIncident, SeenSample, propose

MINUTE_NS = 60_000_000_000
NEWEST = """
SELECT bundle FROM (SELECT bundle, utc_ns FROM incidents WHERE +camera=?1 UNION ALL
  SELECT bundle, utc_ns FROM samples WHERE camera=?1) WHERE bundle<>'' ORDER BY utc_ns DESC LIMIT 1
"""
INCIDENTS = """
SELECT run, utc_ns, part, worst_score, review FROM incidents
WHERE camera=? AND bundle=? AND challenge=0 AND utc_ns>=? ORDER BY utc_ns
"""
# A frame of which a neighbour was caught: of the same part, or at most ten frames away.
SAMPLES = """
SELECT run, utc_ns, part, score, why, chance, threshold, review, EXISTS (
    SELECT 1 FROM incidents i WHERE i.camera=s.camera AND i.run=s.run
      AND (i.first_seq-10<=s.seq AND i.last_seq+10>=s.seq OR s.part<>'' AND i.part=s.part))
FROM samples s WHERE camera=? AND bundle=? AND utc_ns>=? AND score IS NOT NULL ORDER BY utc_ns
"""
COUNTED = "SELECT coalesce(sum(good), 0), coalesce(sum(bad), 0), count(*) FROM minutes WHERE camera=? AND minute>=?"
JUDGED = " AND good + bad > 0"
KEPT = "SELECT min(utc_ns) FROM samples WHERE camera=? AND bundle=?"


@dataclass(frozen=True)
class CameraProposal:
    """A proposal and what it was made of."""

    camera: str
    bundle: str
    since_utc_ns: int
    counted: Counted
    proposal: Proposal


def cameras_of(db: sqlite3.Connection) -> list[str]:
    """The cameras that have anything to say."""
    if not keeps_incidents(db):
        return []
    return [row[0] for row in db.execute("SELECT camera FROM runs GROUP BY camera ORDER BY camera")]


def proposal_of(
    db: sqlite3.Connection, camera: str, *, since_ns: int = 0, wanted_per_1000: float = WANTED_PER_1000
) -> CameraProposal:
    """What the reviews of a camera propose, of its newest bundle."""
    bundle = (db.execute(NEWEST, (camera,)).fetchone() or ("",))[0]
    incidents = db.execute(INCIDENTS, (camera, bundle, since_ns)).fetchall()
    samples = db.execute(SAMPLES, (camera, bundle, since_ns)).fetchall()
    begun_ns = min((row[1] for row in (*incidents, *samples)), default=since_ns)
    good, bad, minutes = db.execute(COUNTED + JUDGED, (camera, max(since_ns, begun_ns) // MINUTE_NS)).fetchone()
    counted = Counted(good, bad, len(incidents), minutes / 60)
    in_force = next((row[6] for row in reversed(samples) if row[6] is not None), None)
    seen = [row for row in samples if row[7] in ("clean", "missed")]
    shares = _looked_at(samples)
    proposal = propose(
        [
            SeenIncident(score, review == "defect", _group(camera, run, part, utc_ns))
            for run, utc_ns, part, score, review in incidents
            if review in ("defect", "false_alarm")
        ],
        [
            SeenSample(
                score,
                review == "missed" and not caught,
                1 / (chance * shares[why]),
                _group(camera, run, part, utc_ns),
            )
            for run, utc_ns, part, score, why, chance, _, review, caught in seen
        ],
        counted,
        in_force,
        wanted_per_1000,
    )
    return CameraProposal(camera, bundle, begun_ns, counted, proposal)


def _looked_at(samples: list[tuple[str, ...]]) -> dict[str, float]:
    """Which share of each kind was reviewed: who looks at the nearly BAD ones alone has not looked at all alike."""
    there = Counter(row[4] for row in samples)
    seen = Counter(row[4] for row in samples if row[7] in ("clean", "missed"))
    return {why: seen[why] / there[why] for why in there}


def _group(camera: str, run: int, part: str, utc_ns: int) -> str:
    """What is alike: frames of a part, or else of ten minutes of a run."""
    return f"{camera}/{run}/part {part}" if part else f"{camera}/{run}/{utc_ns // APART_NS}"
