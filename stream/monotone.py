"""Counters that never go back while this process lives, though those who count may die and begin anew. Pure."""

from __future__ import annotations

from collections.abc import Hashable

from stream.histogram import Histogram


class Monotone:
    """The greatest that was told of each, and what earlier lives of its owner had counted."""

    def __init__(self) -> None:
        self._most: dict[Hashable, float] = {}
        self._lives: dict[Hashable, tuple[str, Histogram, Histogram]] = {}  # whose, what it said last, what was before

    def kept(self, key: Hashable, value: float) -> float:
        """Of what is on disk: a killed recorder's successor counts on from there, and may tell less for a moment."""
        self._most[key] = max(value, self._most.get(key, value))
        return self._most[key]

    def summed(self, key: Hashable, owner: str, histogram: Histogram) -> Histogram:
        """Of what is in its owner's memory alone: another owner begins at nothing, and is added."""
        before = Histogram()
        if (known := self._lives.get(key)) is not None:
            before = known[2] if known[0] == owner else _sum(known[2], known[1])
        self._lives[key] = owner, histogram, before
        return _sum(before, histogram)


def _sum(one: Histogram, other: Histogram) -> Histogram:
    counts = tuple(a + b for a, b in zip(one.counts, other.counts, strict=True))
    return Histogram(counts, one.sum_s + other.sum_s)
