"""When a picture came that lay in a library's buffer until it was fetched. Pure.

A picture that was waited for came when the wait ended: so it is known how the camera's clock stands to this computer's.
One that was there at once came when its stamp says, by the quickest picture that was waited for: never later than it
was fetched, nor before the one before it. Stamps that do not run as a clock does are not believed.
"""

from __future__ import annotations

from stream.camera_clock import DRIFT_MOST

WAITED_NS = 2_000_000  # a library hands over in less what it has
TRUSTED_AFTER_NS = 1_000_000_000  # of pictures that were waited for, whose stamps ran like this computer's clock
JITTER_NS = 250_000_000  # a picture's way may take so much longer than another's


class Arrivals:
    """Of one opened camera; told of each picture in order. All times in ns, stamps by the camera's own clock."""

    def __init__(self) -> None:
        self._first: tuple[int, int] | None = None  # fetched, and behind its stamp: since when they run alike
        self._quickest: tuple[int, int] | None = None
        self._trusted = False
        self._last_ns = 0

    def came_ns(self, stamp_ns: int | None, asked_ns: int, fetched_ns: int) -> int:
        """When the picture came, monotonic: it was asked for and fetched at those times of the same clock."""
        came_ns = fetched_ns
        if stamp_ns is not None:
            if fetched_ns - asked_ns >= WAITED_NS:
                self._learn(fetched_ns, fetched_ns - stamp_ns)
            elif self._trusted:
                came_ns = min(fetched_ns, stamp_ns + self._behind_ns(fetched_ns))
        self._last_ns = max(self._last_ns, came_ns)
        return self._last_ns

    def _learn(self, fetched_ns: int, behind_ns: int) -> None:
        if self._first is None or not _alike(self._first, fetched_ns, behind_ns):
            self._first = self._quickest = (fetched_ns, behind_ns)
        elif behind_ns <= self._behind_ns(fetched_ns):
            self._quickest = (fetched_ns, behind_ns)
        self._trusted = fetched_ns - self._first[0] >= TRUSTED_AFTER_NS

    def _behind_ns(self, fetched_ns: int) -> int:
        """Of the quickest picture, had it come now: since then the clocks may have run apart."""
        assert self._quickest is not None
        at_ns, behind_ns = self._quickest
        return behind_ns + int(DRIFT_MOST * (fetched_ns - at_ns))


def _alike(first: tuple[int, int], fetched_ns: int, behind_ns: int) -> bool:
    at_ns, before_ns = first
    return abs(behind_ns - before_ns) <= JITTER_NS + DRIFT_MOST * (fetched_ns - at_ns)
