"""The cameras of a line that gave no frame in a time: nothing of them was inspected. Reads the log alone."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator

from stream.shifts import Shift

# The start of the line that was the last before that time, and those in it.
STARTS = """
SELECT settings FROM sessions WHERE started_utc_ns < ?2 AND started_utc_ns >= coalesce(
  (SELECT max(started_utc_ns) FROM sessions WHERE started_utc_ns <= ?1), ?1) ORDER BY started_utc_ns
"""


def silent_cameras(db: sqlite3.Connection, shift: Shift, seen: Collection[str]) -> tuple[str, ...]:
    """By the settings of those starts; `seen`: those that gave frames. Where none did, the line may not have run."""
    if not seen:
        return ()
    starts = db.execute(STARTS, (shift.begin_ns, shift.end_ns))
    names = dict.fromkeys(name for (settings,) in starts for name in _cameras_in(settings))
    return tuple(name for name in names if name not in seen)


def _cameras_in(settings: object) -> Iterator[str]:
    """Of a start that an older version wrote, none; of settings that nobody can read, none."""
    try:
        cameras = json.loads(settings)["cameras"] if isinstance(settings, str) else []
        yield from (camera["name"] for camera in cameras if isinstance(camera["name"], str))
    except (ValueError, KeyError, TypeError, RecursionError):
        return
