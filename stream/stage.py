"""The place on which an inspector's verdicts are seen by the display: one at a time, in places whose number is fixed.

While inspectors with a new bundle take over, twice as many live as there are places. A place is claimed, not bound
twice: ZeroMQ would let the second steal the socket, and the first would remove it as it goes.
"""

from __future__ import annotations

import time

from stream.claim import BusyError, Claim
from stream.links import Link, Links
from stream.messages import Judged
from stream.places import Places

RETRY_S = 0.05


def place_of(number: int, count: int) -> int:
    """The place, 1 to count, of the inspector of that number: those of another bundle go on counting. Pure."""
    return (number - 1) % count + 1


class Stage:
    """One place, taken as soon as it is free. What is shown before that is seen by nobody.

    Close it after its links: whoever comes next may bind the address from then on.
    """

    def __init__(self, links: Links, places: Places, place: int) -> None:
        self._links = links
        self._address = places.socket(f"inspect-{place}-live")
        self._lock = places.lock(f"inspect-{place}-live")
        self._claim: Claim | None = None
        self._link: Link | None = None
        self._retry_at_s = 0.0

    def take(self) -> None:
        """Takes the place where it is free; to be called now and then."""
        now_s = time.monotonic()
        if self._link is not None or now_s < self._retry_at_s:
            return
        self._retry_at_s = now_s + RETRY_S
        try:
            self._claim = Claim(self._lock, self._address)
        except BusyError:
            return
        self._link = self._links.publish(self._address)

    def show(self, judged: Judged) -> None:
        """Publishes a verdict, where the place is ours."""
        if self._link is not None:
            self._link.send(judged)

    def close(self) -> None:
        if self._claim is not None:
            self._claim.close()
