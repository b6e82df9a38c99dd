"""Which cameras have been lost for so long that somebody must know. Pure: it is told the time.

The page and the terminal say it; each keeps its own, for each hears of the cameras by itself.
"""

from __future__ import annotations

from collections.abc import Iterable

LOST = "retrying"  # the state of a camera that gives no pictures and is tried again
LOST_S = 5.0  # a camera that is back sooner needs nobody


class Lost:
    """Since when each camera has been lost."""

    def __init__(self) -> None:
        self._since_s: dict[str, float] = {}

    def see(self, states: Iterable[tuple[str, str]], now_s: float) -> tuple[str, ...]:
        """`states`: name and state of each camera; gives the names of those that have been lost for LOST_S."""
        lost = [name for name, state in states if state == LOST]
        self._since_s = {name: self._since_s.get(name, now_s) for name in lost}
        return tuple(name for name, since_s in self._since_s.items() if now_s - since_s >= LOST_S)
