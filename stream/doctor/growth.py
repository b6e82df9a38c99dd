"""How fast the defect log, its evidence and its films grow, from the log itself and what lies beside it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from stream.defect_log import FILE, reading
from stream.doctor.film_growth import clips_a_day, recording_a_day

WINDOW_DAYS = 7
DAY_NS = 86_400 * 10**9
SPAN_LEAST_DAYS = 1 / 24  # of less than an hour nothing is foretold
SAMPLED = 50  # folders of evidence that are weighed


@dataclass(frozen=True)
class Growth:
    """As it was in the days that were looked at."""

    bytes_a_day: float
    days: float  # that were looked at


def growth_of(data_dir: Path, now_ns: int | None = None, *, continuous: bool = False) -> Growth | None:
    """Of the last days; None where there is no log, or too little in it. Raises LogError where it cannot be read.

    `continuous`: all of the recording is kept, too.
    """
    now_ns = time.time_ns() if now_ns is None else now_ns
    since_ns = now_ns - WINDOW_DAYS * DAY_NS
    if not (data_dir / FILE).is_file():
        return None
    with reading(data_dir) as db:
        (rows,) = db.execute("SELECT count(*) FROM verdicts").fetchone()
        asked = "SELECT count(*), count(evidence), min(captured_utc_ns) FROM verdicts WHERE captured_utc_ns>=?"
        recent, kept, first_ns = db.execute(asked, (since_ns,)).fetchone()
        newest = "SELECT evidence FROM verdicts WHERE evidence IS NOT NULL ORDER BY captured_utc_ns DESC LIMIT ?"
        folders = [data_dir / row[0] for row in db.execute(newest, (SAMPLED,))]
    if not recent or (days := (now_ns - first_ns) / DAY_NS) < SPAN_LEAST_DAYS:
        return None
    log_bytes = (data_dir / FILE).stat().st_size
    films = clips_a_day(data_dir, first_ns, days) + (recording_a_day(data_dir, since_ns) if continuous else 0.0)
    return Growth((recent * log_bytes / rows + kept * _mean_bytes(folders)) / days + films, days)


def _mean_bytes(folders: Iterable[Path]) -> float:
    sizes = [size for folder in folders if (size := _bytes_in(folder))]
    return sum(sizes) / len(sizes) if sizes else 0.0


def _bytes_in(folder: Path) -> int:
    try:
        return sum(entry.stat().st_blocks * 512 for entry in os.scandir(folder))
    except OSError:  # a worse frame of its incident took its place meanwhile
        return 0
