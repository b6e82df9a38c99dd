"""What the log says of samples of GOOD frames. Reads, beside the recorder that writes."""

from __future__ import annotations

import time
from pathlib import Path

from stream.log_error import LOG_ERRORS
from stream.log_reading import keeps_incidents, reading
from stream.samples_choice import HOUR_S, Before


def kept_before(data_dir: Path, camera: str, why: str) -> Before:
    """How many of these the last hour brought, and the chance of the newest; nothing where the log cannot tell."""
    since_ns = time.time_ns() - int(HOUR_S * 1e9)
    try:
        with reading(data_dir) as db:
            if not keeps_incidents(db):
                return Before()
            asked = "FROM samples WHERE camera=? AND why=? AND utc_ns>?"
            (count,) = db.execute(f"SELECT count(*) {asked}", (camera, why, since_ns)).fetchone()
            newest = db.execute(f"SELECT chance {asked} ORDER BY utc_ns DESC LIMIT 1", (camera, why, 0)).fetchone()
    except LOG_ERRORS:
        return Before()
    return Before(count, newest[0] if newest else None)
