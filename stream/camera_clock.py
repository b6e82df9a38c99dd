"""How a camera's own clock stands to this computer's, from when its pictures say that they were taken. Pure.

A picture arrives after it was taken, never before, and by no constant delay. So of the differences between the camera's
clock and the monotonic one the largest of a while is the one that the quickest picture shows (a minimum filter over the
delay, as NTP's clock filter: RFC 5905, 10). Clocks also run at different speeds, so the difference is a line through
the quickest pictures of each second (its slope by Theil's incomplete method, "A rank-invariant method of linear
regression analysis", 1950). What the quickest picture itself took remains in it: nobody can tell that from the camera's
clock being so much behind.
"""

from __future__ import annotations

import statistics
from collections import deque
from dataclasses import dataclass

from stream.messages import ClockStatus

BUCKET_NS = 1_000_000_000  # the quickest picture of each second
WINDOW = 60  # seconds that are looked at; a delay that lasts longer counts as the camera's own
DRIFT_AFTER = 30  # seconds; before that the clocks are taken to run alike: the jitter of a few tells no drift
DRIFT_MOST = 200e-6  # of any quartz; more is a delay that grows
JUMP_NS = 50_000_000  # quicker than ever by more: what was seen before tells nothing of the drift
STEP_NS = 1_000_000_000  # quicker than ever by more: the camera's clock was set


@dataclass
class _Second:
    """The pictures of one second: the quickest one's arrival and difference, and the worst delay of all."""

    mono_ns: int
    ahead_ns: int  # the camera's time less this computer's, at its arrival
    late_ns: float


class CameraClock:
    """The clock of one camera. Pictures come in the order in which they were taken."""

    def __init__(self) -> None:
        self._seconds: deque[_Second] = deque(maxlen=WINDOW)
        self._drift = 0.0
        self._newest_late_ns = 0.0
        self._taken_ns: int | None = None
        self._steps = 0

    def picture(self, taken_utc_ns: int, arrived_mono_ns: int) -> None:
        """A picture that its camera took at that time has arrived."""
        ahead_ns = taken_utc_ns - arrived_mono_ns
        self._mind_steps(taken_utc_ns, ahead_ns, arrived_mono_ns)
        self._taken_ns = taken_utc_ns
        if not self._seconds or arrived_mono_ns - self._seconds[-1].mono_ns // BUCKET_NS * BUCKET_NS >= BUCKET_NS:
            self._seconds.append(_Second(arrived_mono_ns, ahead_ns, 0.0))
            self._drift = self._slope()
        newest = self._seconds[-1]
        if ahead_ns - self._drift * arrived_mono_ns > newest.ahead_ns - self._drift * newest.mono_ns:
            newest.mono_ns, newest.ahead_ns = arrived_mono_ns, ahead_ns
        self._newest_late_ns = max(0.0, self._ahead_ns(arrived_mono_ns) - ahead_ns)
        newest.late_ns = max(newest.late_ns, self._newest_late_ns)

    def reading(self, now_mono_ns: int, now_utc_ns: int) -> ClockStatus | None:
        """As it stands now; None before the first picture that says when it was taken."""
        if not self._seconds:
            return None
        return ClockStatus(
            offset_ms=(self._ahead_ns(now_mono_ns) + now_mono_ns - now_utc_ns) / 1e6,
            drift_ppm=self._drift * 1e6,
            late_ms=self._newest_late_ns / 1e6,
            late_most_ms=max(second.late_ns for second in self._seconds) / 1e6,
            steps=self._steps,
        )

    def _ahead_ns(self, mono_ns: int) -> float:
        """How far the camera's clock is ahead of the monotonic one at that time."""
        return max(second.ahead_ns + self._drift * (mono_ns - second.mono_ns) for second in self._seconds)

    def _mind_steps(self, taken_ns: int, ahead_ns: int, mono_ns: int) -> None:
        """A picture taken before the one before, or quicker than any could be: the camera's clock was set.

        One that is set back by less than a period looks like a longer delay, and after WINDOW seconds counts as one.
        """
        if not self._seconds or self._taken_ns is None:
            return
        back = taken_ns < self._taken_ns
        quicker_ns = ahead_ns - self._ahead_ns(mono_ns)
        if back or quicker_ns > JUMP_NS:
            self._steps += back or quicker_ns > STEP_NS
            self._seconds.clear()
            self._drift = 0.0

    def _slope(self) -> float:
        """How much faster the camera's clock runs, from the seconds that are over."""
        over = list(self._seconds)[:-1]
        if len(over) < DRIFT_AFTER:
            return 0.0
        pairs = zip(over, over[len(over) // 2 :], strict=False)
        slope = statistics.median((b.ahead_ns - a.ahead_ns) / (b.mono_ns - a.mono_ns) for a, b in pairs)
        return min(max(slope, -DRIFT_MOST), DRIFT_MOST)
