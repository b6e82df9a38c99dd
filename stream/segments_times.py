"""A stream's own times to ticks that only ever go forward, from the run's first picture on. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from stream.segments import CLOCK

AHEAD_MOST = 60 * CLOCK  # ticks: further ahead, and the camera's clock was set
BACK_MOST = CLOCK  # the same, further back
STEP = CLOCK // 25  # ticks to go on with after a clock was set
KNOWN_MOST = 512  # pictures whose time is remembered until their number is told


@dataclass(frozen=True)
class Moment:
    """When a picture is shown, and its place in the order of coding."""

    at: int
    coded: int


class Times:
    """Told of each packet in the order of coding, it says where that lies."""

    def __init__(self, time_base: Fraction, origin: int | None = None) -> None:
        """`origin`: the stream's own time that is the run's 0, where that is known; None: its first picture's."""
        self._time_base = time_base
        self._origin = None if origin is None else self._ticks(origin)
        self._last = -1
        self._known: dict[int | None, int] = {}  # the stream's own pts → ticks, the oldest first

    def place(self, pts: int | None, dts: int | None) -> Moment | None:
        """Where a picture lies; None where nobody knows when it is shown, or it would be shown before it is coded.

        FFmpeg often has no time for the very first of a camera: it then lies a step before the second.
        """
        if pts is None and self._last >= 0:
            return None
        shown = 0 if pts is None else self._ticks(pts)
        coded = shown if dts is None else min(shown, self._ticks(dts))
        if pts is not None and self._is_elsewhere(coded):
            self._origin = coded if self._last < 0 else coded - self._last - STEP
        origin = self._origin or 0
        at, coded = shown - origin, max(coded - origin, self._last + 1)
        if at < coded:
            return None
        self._last = coded
        self._known[pts] = at
        if len(self._known) > KNOWN_MOST:
            del self._known[next(iter(self._known))]
        return Moment(at, coded)

    def of(self, pts: int | None) -> int | None:
        """Ticks of a picture that was placed; None where none was, or long ago."""
        return self._known.get(pts)

    def _is_elsewhere(self, coded: int) -> bool:
        """Whether a picture does not follow the one before: it is the first, or the camera's clock was set."""
        if self._origin is None or self._last < 0:
            return self._origin is None
        return not -BACK_MOST < coded - self._origin - self._last < AHEAD_MOST

    def _ticks(self, stamp: int) -> int:
        return round(stamp * self._time_base * CLOCK)
