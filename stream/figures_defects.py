"""What was found in a time: incidents by kind of defect and by region, parts by state. Reading alone, bounded.

Counted are incidents, each by the defects of its worst frame, as a person would: fifty frames of one scratch are one
scratch. Challenges and reviewed false alarms are no defects of the product.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

import msgspec

from stream.log_columns import defects_from

INCIDENTS_MAX = 5_000  # that are looked at, the newest; past it `left_out` says how many were not
PARTS_MAX = 50  # that are listed by name
NO_REGION = ""  # a defect of a camera without regions
INCIDENTS = """
SELECT i.camera, v.defects FROM incidents i
JOIN verdicts v ON v.camera = i.camera AND v.run = i.run AND v.seq = i.worst_seq
WHERE i.utc_ns >= ? AND i.utc_ns < ? AND i.challenge = 0 AND i.review <> 'false_alarm' {camera}
ORDER BY i.utc_ns DESC LIMIT ?
"""
HOW_MANY = """
SELECT count(*) FROM incidents i
WHERE i.utc_ns >= ? AND i.utc_ns < ? AND i.challenge = 0 AND i.review <> 'false_alarm' {camera}
"""
PARTS = (
    "SELECT state, count(*) FROM parts i WHERE told_utc_ns >= ? AND told_utc_ns < ? {camera} AND part <> '' GROUP BY 1"
)
NOT_GOOD = """
SELECT part, camera, run, first_seq, frames, state, told_utc_ns FROM parts i
WHERE told_utc_ns >= ? AND told_utc_ns < ? {camera} AND part <> '' AND state <> 'GOOD' ORDER BY told_utc_ns DESC LIMIT ?
"""


class Group(msgspec.Struct, frozen=True):
    """Incidents that have something in common."""

    camera: str
    name: str  # of the kind of defect, or of the region; empty: none
    incidents: int
    defects: int


class PartSeen(msgspec.Struct, frozen=True):
    """A part that is not GOOD."""

    part: str
    camera: str
    run: int
    first_seq: int
    frames: int
    state: str
    told_utc_ns: int


class Defects(msgspec.Struct, frozen=True):
    """What was found in a time."""

    incidents: int
    left_out: int  # incidents that were not looked at
    kinds: tuple[Group, ...]
    regions: tuple[Group, ...]
    parts: dict[str, int]  # by state; empty where none are announced
    parts_not_good: tuple[PartSeen, ...]  # the newest


def defects_of(db: sqlite3.Connection, camera: str, since_ns: int, until_ns: int) -> Defects:
    """Of one camera, or of all where it is empty."""
    said = "AND i.camera = ?" if camera else ""
    which = (since_ns, until_ns, *((camera,) if camera else ()))
    (incidents,) = db.execute(HOW_MANY.format(camera=said), which).fetchone()
    rows = db.execute(INCIDENTS.format(camera=said), (*which, INCIDENTS_MAX)).fetchall()
    found = [(of, defects_from(text)) for of, text in rows]
    states = {state or "open": n for state, n in db.execute(PARTS.format(camera=said), which)}
    not_good = db.execute(NOT_GOOD.format(camera=said), (*which, PARTS_MAX))
    return Defects(
        incidents=incidents,
        left_out=max(0, incidents - len(rows)),
        kinds=groups((of, [d.kind for d in defects]) for of, defects in found),
        regions=groups((of, [d.region for d in defects]) for of, defects in found),
        parts=states,
        parts_not_good=tuple(PartSeen(*row) for row in not_good),
    )


def groups(incidents: Iterable[tuple[str, list[str]]]) -> tuple[Group, ...]:
    """Incidents by camera and by the names of what was found in each, the most frequent first."""
    counted: dict[tuple[str, str], tuple[int, int]] = {}
    for camera, names in incidents:
        for name in dict.fromkeys(names or [NO_REGION]):
            before = counted.get((camera, name), (0, 0))
            counted[camera, name] = before[0] + 1, before[1] + names.count(name)
    made = (Group(camera, name, *numbers) for (camera, name), numbers in counted.items())
    return tuple(sorted(made, key=lambda group: (-group.incidents, group.camera, group.name)))
