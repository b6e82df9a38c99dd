"""How long a source may be silent before it counts as lost. Pure: it is told when something came."""

from __future__ import annotations

from collections import deque
from statistics import median

PERIODS = 5  # a free-running camera that missed so many of its pictures is gone
SEEN = 9  # the last so many intervals say what its period is: a few that come in a burst do not
FIRST_S = 8.0  # to connect, and until the first whole picture: a key picture may come every few seconds only
MORE_S = 8.0  # more than what was set at most: an intake that hears nothing for longer counts as hung
SECOND_S = 3.0  # where only one has come, and its pace is not known yet


class Patience:
    """`allowed_s` from the last arrival on; a reading thread tells what arrives, another one reads it."""

    def __init__(self, least_s: float) -> None:
        self._least_s = least_s
        self._last_s: float | None = None
        self._intervals: deque[float] = deque(maxlen=SEEN)
        self.allowed_s = max(least_s, FIRST_S)

    def arrived(self, mono_s: float) -> None:
        """Something came."""
        if self._last_s is not None:
            self._intervals.append(mono_s - self._last_s)
        self._last_s = mono_s
        known_s = PERIODS * median(self._intervals) if self._intervals else SECOND_S
        self.allowed_s = min(max(self._least_s, known_s), self._least_s + MORE_S)
