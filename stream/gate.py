"""A gate before inspectors that wait for their turn: shut at first, then opened for all of them in one moment.

It is a pipe whose one end the supervisor holds: who waits at the other sees it end. So it needs no message that could
be lost, and no signal that could find another thread.
"""

from __future__ import annotations

import os

from stream.heart import Heart
from stream.links import Links

LOOK_EVERY_S = 0.2


class Gate:
    """The supervisor's side. `descriptor` is handed down to those who shall wait."""

    def __init__(self) -> None:
        self.descriptor, self._shut = os.pipe()

    def open(self) -> None:
        """Lets everybody through, for ever; may be called twice."""
        if self._shut >= 0:
            os.close(self._shut)
            os.close(self.descriptor)
            self._shut = -1


def wait_at(descriptor: int, links: Links, heart: Heart) -> None:
    """Waits until the gate is open or the heart says stop, and lets go of the descriptor."""
    links.watch(descriptor)
    while heart.beat() and descriptor not in links.wait(LOOK_EVERY_S):
        pass
    links.unwatch(descriptor)
    os.close(descriptor)
