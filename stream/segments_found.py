"""Continuous recording by time: which segments of a camera show a moment, without reading all of their lists."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from stream.keeping import SEGMENTS_FOLDER
from stream.segments import Segment, film_of, numbers_in, read_segment, seconds

SECOND_NS = 1_000_000_000


@dataclass(frozen=True)
class Place:
    """A segment's name within its camera."""

    run: int
    number: int


@dataclass(frozen=True)
class Found:
    """A segment that is there, and how long it lasts."""

    segment: Segment
    until_ns: int


class _ByTime:
    """When each segment of a run was begun, for a search by halves. One that cannot be read is taken for old."""

    def __init__(self, folder: Path, numbers: tuple[int, ...]) -> None:
        self._folder, self._numbers = folder, numbers

    def __len__(self) -> int:
        return len(self._numbers)

    def __getitem__(self, place: int) -> int:
        segment = read_segment(self._folder, self._numbers[place])
        return 0 if segment is None else segment.head.utc_ns


def segments_between(data_dir: Path, camera: str, since_ns: int, until_ns: int, after: Place) -> Iterator[Found]:
    """Segments that show something of that time, the oldest first, behind the one of that place."""
    top = data_dir / SEGMENTS_FOLDER / camera
    for run in _runs(top):
        if run < after.run or run * 1000 > until_ns:
            continue
        folder = top / str(run)
        numbers = numbers_in(folder)
        first = max(0, bisect_left(_ByTime(folder, numbers), since_ns) - 1)
        for number in numbers[first:]:
            if Place(run, number) == after or (run == after.run and number < after.number):
                continue
            segment = read_segment(folder, number)
            if segment is None or not film_of(folder, number).is_file():
                continue
            if segment.head.utc_ns > until_ns:
                break
            lasts_ns = round(seconds(segment.last - segment.head.begin) * SECOND_NS)
            if segment.head.utc_ns + lasts_ns >= since_ns:
                yield Found(segment, segment.head.utc_ns + lasts_ns)


def _runs(top: Path) -> list[int]:
    try:
        return sorted(int(path.name) for path in top.iterdir() if path.name.isdecimal())
    except OSError:
        return []
