"""What an inspector sees of a frame: its pixels, in the ring or sent along from another host, and how old it is."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass

import numpy as np

from stream.far import Far
from stream.feed import Feed
from stream.messages import FrameRef, SentPicture
from stream.ring import Ring, TornError
from stream.ring_views import RingViews
from stream.sent_pictures import FALLBACK_QUALITY, RAW, may_travel_raw, pack, unpack
from stream.wire import WireError

log = logging.getLogger("linewatch")


class TooLargeError(ValueError):
    """Judged pixels that no message can hold."""


@dataclass(frozen=True)
class Sight:
    """A frame before an inspector's eyes."""

    frame: FrameRef
    picture: np.ndarray  # (H, W, 3) BGR uint8, read-only
    ring: Ring | None  # None: the pixels came along
    sent: SentPicture | None = None
    offset_ns: int = 0  # to be added to the frame's times for those of this host

    def age_ns(self) -> int:
        """Time since the capture of the frame."""
        return max(0, time.monotonic_ns() - self.frame.captured_mono_ns - self.offset_ns)

    def check(self) -> None:
        """Raises TornError where the slot holds another picture by now."""
        if self.ring is not None:
            self.ring.check(self.frame.slot, self.frame.lock)

    def evidence(self) -> SentPicture:
        """The very pixels, for a recorder that cannot see the ring.

        Raises TornError; TooLargeError where they would have to travel as a JPEG, which is not what was judged.
        """
        if self.sent is not None:
            return self.sent
        if not may_travel_raw(self.picture.nbytes):
            height, width = self.picture.shape[:2]
            text = f"its picture of {width}x{height} px is too large to travel raw; let the recorder live where it is"
            raise TooLargeError(text)
        sent = pack(self.picture, RAW, FALLBACK_QUALITY)
        self.check()
        return sent


class Sights:
    """Finds the pixels of the frames that a feed gives."""

    def __init__(self, views: RingViews, feed: Feed, far: Far | None) -> None:
        self._views = views
        self._feed = feed
        self._attached = far.attached if far is not None else frozenset[str]()

    def of(self, frame: FrameRef) -> Sight:
        """Raises TornError where the pixels are gone."""
        door = self._feed.far_door(frame.camera)
        if door is None:
            ring = self._views.ring(frame.ring)
            return Sight(frame, ring.pixels(frame.slot, frame.lock, frame.height, frame.width), ring)
        came = door.take(frame)
        if came is None:
            raise TornError("its pixels did not come along")
        try:
            return Sight(frame, unpack(came.sent, frame.height, frame.width), None, came.sent, came.offset_ns)
        except WireError as error:
            raise TornError(str(error)) from error

    def evidence(self, sight: Sight, state: str) -> SentPicture | None:
        """What goes to the recorder along with the verdict: the pixels of a BAD frame, where it cannot see them.

        None also where they are too large: the verdict stands, and the recorder puts on record that it has no picture.
        """
        if state != "BAD" or sight.frame.camera not in self._attached:
            return None
        try:
            return sight.evidence()
        except TooLargeError as error:
            log.error("%s: frame %d has no evidence: %s", sight.frame.camera, sight.frame.seq, error)
            return None
