"""Ages across hosts: the age at sending and the time on the way. Two hosts' clocks are never compared. Pure.

A question carries the asker's own time and the answer repeats it, so each answer measures its round trip. The way there
is half of the quickest round trip that was ever seen; all the rest was the way back. For a small answer on a quiet
network that is half the round trip; a picture that takes long to arrive counts with all its time, so that no frame
seems younger than it is.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class FarClock:
    """What is known of the way to one other host. Times in nanoseconds."""

    quickest_ns: int | None = None

    def answered(self, *, asked_ns: int, sent_ns: int, arrived_ns: int) -> int:
        """What to add to their times to have ours, from an answer: `sent_ns` is their time, the others are ours."""
        trip_ns = max(0, arrived_ns - asked_ns)
        self.quickest_ns = trip_ns if self.quickest_ns is None else min(self.quickest_ns, trip_ns)
        return arrived_ns - (trip_ns - self.quickest_ns // 2) - sent_ns

    def told(self, *, sent_ns: int, arrived_ns: int) -> int:
        """The same from a message that nobody asked for."""
        return arrived_ns - (self.quickest_ns or 0) // 2 - sent_ns
