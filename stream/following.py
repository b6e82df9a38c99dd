"""The session of the line, for a role that was started alone on another host than the supervisor's.

Knows one socket, and what the supervisor says there; no role.
"""

from __future__ import annotations

import logging

from stream.heart import Heart
from stream.links import Links
from stream.messages import HouseStatus
from stream.places import Places

log = logging.getLogger("linewatch")
LOOK_S = 0.2
HOUSE = "house-live"


class HouseSession:
    """Which session the line is in. `Heart` asks `same` with each beat; the role then ends, and begins anew."""

    def __init__(self, places: Places) -> None:
        self._links = Links(places.far)
        self._house = self._links.listen([places.socket(HOUSE)], (HouseStatus,))
        self._newest = ""
        self.session = ""

    def wait(self, heart: Heart) -> bool:
        """Waits until the line runs, and belongs to its session; False where the role shall stop."""
        said = False
        while not self._look():
            if heart.stopping:
                return False
            if not said:
                said = True
                log.info("waiting for the line on the first host")
            heart.alive()
            self._links.wait(LOOK_S)
        self.session = self._newest
        return True

    def same(self) -> bool:
        """Whether the line is in that session still, as far as is known; silence is no other session."""
        self._look()
        return self._newest == self.session

    def close(self) -> None:
        self._links.close()

    def _look(self) -> bool:
        self._links.wait(0.0)
        for _, message in self._house.receive():
            if isinstance(message, HouseStatus) and message.session:
                self._newest = message.session
        return bool(self._newest)
