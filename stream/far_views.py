"""The pixels of judged frames for a display on another host: asked for one by one, of the capture that has them.

So nothing travels that nobody looks at, and nothing ages on the way: one picture is asked for when the last one is
painted. A frame whose slot holds another picture by now is not shown, as next to the ring.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator

import msgspec
import numpy as np

from stream.far_clock import FarClock
from stream.links import Link, Links
from stream.messages import FrameRef, Judged, Look, Shown
from stream.places import Places
from stream.ring import TornError
from stream.sent_pictures import unpack
from stream.wire import WireError

ANSWER_S = 1.0
SILENT_S = 4.0  # a capture that did not answer is not asked for so long: the other cameras' pictures wait meanwhile


class FarViews:
    """The ring of one camera on another host. Used by one thread at a time."""

    def __init__(self, places: Places, camera: str) -> None:
        self._places = places
        self._camera = camera
        self._links: Links | None = None
        self._capture: Link | None = None
        self._clock = FarClock()
        self._offset_ns = 0
        self._ask_again_s = 0.0

    @contextlib.contextmanager
    def seen(self, frame: FrameRef) -> Iterator[np.ndarray]:
        """`picture`, as beside the ring; here it is the reader's own."""
        yield self.picture(frame)

    def picture(self, frame: FrameRef) -> np.ndarray:
        """The frame's pixels (H, W, 3) uint8, as JPEG leaves them. Raises TornError where they are gone or late."""
        until_s = time.monotonic() + ANSWER_S
        if until_s - ANSWER_S < self._ask_again_s:
            raise TornError("the capture did not answer a moment ago")
        links, capture = self._open()
        capture.send(Look(frame, time.monotonic_ns()))
        while time.monotonic() < until_s:
            links.wait(until_s - time.monotonic())
            for _, message in capture.receive():
                if isinstance(message, Shown) and (message.camera, message.key) == (frame.camera, frame.key):
                    return self._seen(message, frame)
        self._ask_again_s = time.monotonic() + SILENT_S
        raise TornError("the capture does not answer")

    def ours(self, judged: Judged) -> Judged:
        """The same with its times on this host's clock, as the last picture measured it."""
        shifted = max(0, judged.frame.captured_mono_ns + self._offset_ns)
        return msgspec.structs.replace(
            judged,
            frame=msgspec.structs.replace(judged.frame, captured_mono_ns=shifted),
            judged_mono_ns=max(0, judged.judged_mono_ns + self._offset_ns),
        )

    def close(self) -> None:
        """May be called twice; the next picture opens it again."""
        if self._links is not None:
            self._links.close()
        self._links = self._capture = None

    def _open(self) -> tuple[Links, Link]:
        if self._links is None or self._capture is None:
            self._links = Links(self._places.far)
            name = f"display {os.getpid()}"
            self._capture = self._links.ask(self._places.socket(f"capture-{self._camera}"), name, (Shown,))
        return self._links, self._capture

    def _seen(self, shown: Shown, frame: FrameRef) -> np.ndarray:
        self._offset_ns = self._clock.answered(
            asked_ns=shown.asked_mono_ns, sent_ns=shown.sent_mono_ns, arrived_ns=time.monotonic_ns()
        )
        if shown.picture is None:
            raise TornError("the slot holds another picture by now")
        try:
            return unpack(shown.picture, frame.height, frame.width)
        except WireError as error:
            raise TornError(str(error)) from error
