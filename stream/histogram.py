"""Times counted in buckets that never change, so that a dashboard of last year reads those of today. Pure."""

from __future__ import annotations

import bisect

import msgspec

# Seconds; from a frame's few milliseconds to a disk that stalls. Never change one: add another family instead.
BOUNDS_S = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.04, 0.06, 0.08, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Histogram(msgspec.Struct, frozen=True):
    """As it travels: how many in each bucket (the last one: above all bounds), and their sum."""

    counts: tuple[int, ...] = (0,) * (len(BOUNDS_S) + 1)
    sum_s: float = 0.0

    @property
    def count(self) -> int:
        return sum(self.counts)


class Counting:
    """One that is added to."""

    def __init__(self) -> None:
        self._counts = [0] * (len(BOUNDS_S) + 1)
        self._sum_s = 0.0

    def add(self, seconds: float) -> None:
        self._counts[bisect.bisect_left(BOUNDS_S, seconds)] += 1
        self._sum_s += max(0.0, seconds)

    def taken(self) -> Histogram:
        """As it stands."""
        return Histogram(tuple(self._counts), self._sum_s)
