"""What a camera's own counter and clock say: pictures that never arrived, and when one was taken. Pure."""

from __future__ import annotations

WRAPS_AT = 65535  # GigE Vision 1: block ids are 16 bits, and 0 is none of them
WRAP_NEAR = 16384  # a counter that falls from above the last quarter to below the first has wrapped; else it began anew
# Seconds by which PTP's scale (TAI) is ahead of UTC since 2017; cameras whose master gives no TAI keep UTC.
SCALES_S = (0, 37)
TRUSTED_S = 2.0  # a camera's wall clock that is further off is none
NS = 1_000_000_000
GAP_MOST = 1 << 20  # pictures; no camera loses as many at once: its counter began anew, or is no counter


class FrameCount:
    """Told of each picture in order, it gives how many before it are missing, and the picture's time."""

    def __init__(self) -> None:
        self._before: int | None = None
        self._unnumbered = 0  # pictures since that the library could not name: they stand in the gap
        self._first_ns: int | None = None
        self._ahead_ns: int | None = None  # of UTC; None: the camera's clock tells no time of day, so far

    def lost(self, number: int | None) -> int:
        """Pictures between the one before and this one. None: it arrived, and its number is not known."""
        if number is None:
            self._unnumbered += 1
            return 0
        missing = 0 if self._before is None else missing_between(self._before, number)
        lost = max(0, missing - self._unnumbered)
        self._before, self._unnumbered = number, 0
        return lost

    def pts_s(self, stamp_ns: int | None) -> float | None:
        """Seconds since the first picture that had a time, by the camera's clock."""
        if stamp_ns is None:
            return None
        if self._first_ns is None:
            self._first_ns = stamp_ns
        return (stamp_ns - self._first_ns) / NS

    def taken_utc_ns(self, stamp_ns: int | None, host_utc_ns: int) -> int | None:
        """The stamp as UTC, where the camera keeps the network's time (PTP); None where it counts from its start.

        The host's clock is asked only until the scale is known: a step of it changes nothing then.
        """
        if stamp_ns is None:
            return None
        if self._ahead_ns is None:
            near = (s * NS for s in SCALES_S if abs(stamp_ns - s * NS - host_utc_ns) <= TRUSTED_S * NS)
            self._ahead_ns = next(near, None)
        return None if self._ahead_ns is None else stamp_ns - self._ahead_ns


def missing_between(before: int, number: int) -> int:
    """Numbers that lie between two of a counter; 0 where it stands still (it counts nothing) or began anew.

    A leap of more than GAP_MOST is a new beginning.
    """
    step = number - before
    if step < 0 and before > WRAPS_AT - WRAP_NEAR and before <= WRAPS_AT and number < WRAP_NEAR:
        step = number + WRAPS_AT - before
    return step - 1 if 1 <= step <= GAP_MOST else 0
