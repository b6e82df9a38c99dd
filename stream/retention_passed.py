"""How far the oldest pieces of each run were found to be held by people: they are not asked about in each turn.

Who reviews everything leaves thousands of such pieces before the first that may go. They are walked once an hour, with
rests, and passed over in between; one that is let go meanwhile (a pin taken back) has its turn with the next hour.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

from stream.retention_ages import Run
from stream.retention_clock import HOUR_NS


@dataclass
class Passed:
    """By kind and run, the last of its pieces before which all are held."""

    _since_ns: int = 0
    _last: dict[tuple[str, Run], int] = field(default_factory=dict)

    def begin(self, now_ns: int) -> None:
        """A turn begins; after an hour nothing is known any more."""
        if now_ns - self._since_ns >= HOUR_NS:
            self._since_ns = now_ns
            self._last.clear()

    def note(self, kind: str, run: Run, number: int) -> None:
        """That piece is held, and so is each before it."""
        self._last[kind, run] = number

    def ahead(self, kind: str, run: Run, numbers: Sequence[int]) -> Sequence[int]:
        """Of numbers that go upwards those that are still to be asked about."""
        last = self._last.get((kind, run))
        return numbers if last is None else numbers[bisect_right(numbers, last) :]
