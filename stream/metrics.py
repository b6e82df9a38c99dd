"""Latencies as a histogram that fits on a line and can be added up. Pure.

Buckets grow by 5 % each from 0.1 ms, so a percentile is right to within 5 %, whatever the number of frames.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

_FIRST_MS = 0.1
_GROWTH = 1.05


class Latencies:
    """Counts of latencies by bucket."""

    def __init__(self, counts: Mapping[int, int] | None = None) -> None:
        self.counts: dict[int, int] = dict(counts or {})

    def add(self, latency_ms: float) -> None:
        bucket = 0 if latency_ms <= _FIRST_MS else math.ceil(math.log(latency_ms / _FIRST_MS, _GROWTH))
        self.counts[bucket] = self.counts.get(bucket, 0) + 1

    def percentile(self, share: float) -> float | None:
        """The latency in ms that `share` (0..1) of the frames did not exceed; None without any frame.

        The upper bound of the bucket (nearest-rank method), so it never flatters.
        """
        total = sum(self.counts.values())
        if total == 0:
            return None
        wanted, seen = max(1, math.ceil(share * total)), 0
        for bucket in sorted(self.counts):
            seen += self.counts[bucket]
            if seen >= wanted:
                return round(_FIRST_MS * _GROWTH**bucket, 3)
        raise AssertionError("unreachable: the counts add up to the total")


def added(parts: Iterable[Latencies]) -> Latencies:
    """The histogram of all parts together."""
    total: dict[int, int] = {}
    for part in parts:
        for bucket, count in part.counts.items():
            total[bucket] = total.get(bucket, 0) + count
    return Latencies(total)
