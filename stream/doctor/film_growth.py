"""How fast films grow: clips, and continuous recording where that is kept. Reads sizes and times of files alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from stream.keeping import CLIPS_FOLDER, SEGMENTS_FOLDER
from stream.segments import film_of, numbers_in

DAY_NS = 86_400 * 10**9
SAMPLED = 200  # segments of a camera that are weighed
SPAN_LEAST_NS = 60 * 10**9  # of less than a minute of recording nothing is foretold


def clips_a_day(data_dir: Path, since_ns: int, days: float) -> float:
    """Bytes of clips a day, as they were made in that time."""
    sizes = (found.st_blocks * 512 for found in _files(data_dir / CLIPS_FOLDER) if found.st_mtime_ns >= since_ns)
    return sum(sizes) / days if days > 0 else 0.0


def recording_a_day(data_dir: Path, since_ns: int) -> float:
    """Bytes of continuous recording a day, by the newest of each camera."""
    return sum(_of_camera(folder, since_ns) for folder in _folders(data_dir / SEGMENTS_FOLDER))


def _of_camera(folder: Path, since_ns: int) -> float:
    run = max(_folders(folder), key=lambda path: path.name.rjust(20), default=None)
    if run is None:
        return 0.0
    found = [seen for number in numbers_in(run)[-SAMPLED:] if (seen := _stat(film_of(run, number)))]
    if len(found) < 2 or found[-1].st_mtime_ns < since_ns:
        return 0.0
    span_ns = found[-1].st_mtime_ns - found[0].st_mtime_ns
    weight = sum(seen.st_blocks * 512 for seen in found[1:])  # the first was written before the span begins
    return weight / span_ns * DAY_NS if span_ns >= SPAN_LEAST_NS else 0.0


def _files(top: Path) -> Iterator[os.stat_result]:
    for camera in _folders(top):
        for run in _folders(camera):
            for path in run.iterdir():
                if seen := _stat(path):
                    yield seen


def _folders(top: Path) -> list[Path]:
    try:
        return [path for path in top.iterdir() if path.is_dir()]
    except OSError:
        return []


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:  # it has just given way
        return None
