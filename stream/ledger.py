"""What became of each frame of a run, as intervals of equal outcome that tile [0, captured). Pure.

The first word on a frame stands: a verdict that comes again, or an outcome that comes late, changes nothing. A run may
stay open for months, so what is final can be settled: it is counted, and told apart no longer.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable
from dataclasses import dataclass

SETTLED = "settled"  # outcome of a frame that has one, which is told apart no longer


@dataclass(frozen=True)
class Interval:
    """The frames start <= seq < stop had the same outcome: GOOD, BAD, UNKNOWN or dropped:REASON."""

    start: int
    stop: int
    outcome: str


class Ledger:
    """The intervals of one run, in order, disjoint, neighbours of equal outcome joined."""

    def __init__(self, intervals: Iterable[Interval] = ()) -> None:
        ordered = sorted(intervals, key=lambda i: i.start)
        self._starts = [i.start for i in ordered]
        self._stops = [i.stop for i in ordered]
        self._outcomes = [i.outcome for i in ordered]
        self._settled = 0  # every frame below
        self._changed: set[int] = set()
        self._counts: dict[str, int] = {}
        for interval in ordered:
            self._count(interval.start, interval.stop, interval.outcome)

    def add(self, start: int, stop: int, outcome: str) -> tuple[tuple[int, int], ...]:
        """Gives the frames [start, stop) that outcome, where they have none yet; returns the parts that were new."""
        if start < 0 or stop < start:
            raise ValueError(f"an interval of frames runs upwards from 0, got [{start}, {stop})")
        new = self.missing(start, stop)
        for part in new:
            self._insert(*part, outcome)
            self._count(*part, outcome)
        return new

    def missing(self, start: int, stop: int) -> tuple[tuple[int, int], ...]:
        """The parts of [start, stop) that have no outcome yet."""
        gaps = []
        at = max(start, self._settled)
        i = max(0, bisect.bisect_right(self._starts, at) - 1)
        while at < stop and i < len(self._starts):
            if self._stops[i] > at:
                if self._starts[i] > at:
                    gaps.append((at, min(self._starts[i], stop)))
                at = self._stops[i]
            i += 1
        if at < stop:
            gaps.append((at, stop))
        return tuple(gaps)

    def outcome(self, seq: int) -> str | None:
        """What became of one frame, SETTLED where that is long ago; None where nothing is known yet."""
        if seq < self._settled:
            return SETTLED
        i = bisect.bisect_right(self._starts, seq) - 1
        return self._outcomes[i] if i >= 0 and seq < self._stops[i] else None

    def closed(self, captured: int) -> bool:
        """Whether the intervals tile [0, captured) exactly: none missing, none beyond."""
        beyond = bool(self._stops) and self._stops[-1] > captured
        return not beyond and not self.missing(0, captured)

    def counts(self) -> dict[str, int]:
        """Frames by outcome."""
        return dict(self._counts)

    def intervals(self) -> tuple[Interval, ...]:
        """Those that are not settled."""
        return tuple(Interval(*row) for row in zip(self._starts, self._stops, self._outcomes, strict=True))

    def within(self, start: int, stop: int) -> tuple[Interval, ...]:
        """What is told apart of [start, stop), as intervals that do not reach beyond."""
        first, last = bisect.bisect_right(self._stops, start), bisect.bisect_left(self._starts, stop)
        rows = zip(self._starts[first:last], self._stops[first:last], self._outcomes[first:last], strict=True)
        return tuple(Interval(max(start, s), min(stop, e), outcome) for s, e, outcome in rows)

    def spans(self) -> tuple[tuple[int, int], ...]:
        """The frames that have an outcome, as [start, stop) pairs, neighbours joined whatever their outcome."""
        spans: list[tuple[int, int]] = [(0, self._settled)] if self._settled else []
        for start, stop in zip(self._starts, self._stops, strict=True):
            if spans and spans[-1][1] == start:
                spans[-1] = (spans[-1][0], stop)
            else:
                spans.append((start, stop))
        return tuple(spans)

    def settle(self, before: int) -> None:
        """No frame below `before` will get an outcome any more: what ended before it leaves memory.

        Intervals that have changed since `take_changes`, and those after them, stay.
        """
        before = min([before, *self._changed])
        ended = bisect.bisect_left(self._stops, before)
        if ended == 0:
            return
        del self._starts[:ended], self._stops[:ended], self._outcomes[:ended]
        self._settled = min([before, *self._starts[:1]])

    def take_changes(self) -> tuple[tuple[int, Interval | None], ...]:
        """What to write to disk since the last call: by start, the interval that now begins there, or None."""
        changes = []
        for start in sorted(self._changed):
            i = bisect.bisect_left(self._starts, start)
            there = i < len(self._starts) and self._starts[i] == start
            changes.append((start, Interval(start, self._stops[i], self._outcomes[i]) if there else None))
        self._changed.clear()
        return tuple(changes)

    def first_missing(self) -> int:
        """The first frame that has no outcome yet."""
        spans = self.spans()[:1]
        return spans[0][1] if spans and spans[0][0] == 0 else 0

    def _count(self, start: int, stop: int, outcome: str) -> None:
        self._counts[outcome] = self._counts.get(outcome, 0) + stop - start

    def _insert(self, start: int, stop: int, outcome: str) -> None:
        """Puts an interval into a gap and joins it with equal neighbours."""
        i = bisect.bisect_left(self._starts, start)
        if i > 0 and self._stops[i - 1] == start and self._outcomes[i - 1] == outcome:
            i -= 1
            start = self._starts[i]
            self._remove(i)
        if i < len(self._starts) and self._starts[i] == stop and self._outcomes[i] == outcome:
            stop = self._stops[i]
            self._remove(i)
        self._starts.insert(i, start)
        self._stops.insert(i, stop)
        self._outcomes.insert(i, outcome)
        self._changed.add(start)

    def _remove(self, i: int) -> None:
        self._changed.add(self._starts[i])
        del self._starts[i], self._stops[i], self._outcomes[i]
