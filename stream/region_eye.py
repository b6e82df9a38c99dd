"""The newest picture of a camera, for whoever draws on it: from the ring of a line that runs, else from the source.

A camera that a line holds cannot be opened twice; its ring can be read by anybody of the same user.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

import numpy as np

from stream.overlay import encode_jpeg, scale_to_width
from stream.places import Places
from stream.ring import Ring, RingError, TornError
from stream.secrets import SecretError, with_credentials
from stream.settings import CameraSettings
from stream.sources.source import Picture, Source, SourceError
from stream.sources.table import open_source

EVERY_S = 0.2  # from one picture to the next
RETRY_S = 2.0
RECENT = 4  # pictures that are kept: the one that a page shows is a little older than the newest
FRESH_NS = 3_000_000_000  # a ring without a newer picture is that of a line that stands
WIDTH_PX = 1920  # a picture is not sent wider; places stay those of the camera's own pixels
JPEG_QUALITY = 85


@dataclass(frozen=True, eq=False)
class Sighted:
    """A picture, and as it is sent."""

    number: int
    pixels: np.ndarray  # (H, W, 3) BGR uint8, the camera's own
    jpeg: bytes

    @property
    def width(self) -> int:
        return self.pixels.shape[1]

    @property
    def height(self) -> int:
        return self.pixels.shape[0]


class Eye:
    """Looks in a thread until it is closed. `recent` and `said` may be read from any thread."""

    def __init__(self, camera: CameraSettings, places: Places) -> None:
        self.recent: tuple[Sighted, ...] = ()  # RECENT at most, the newest last
        self.said = "waiting for the first picture"
        self._camera = camera
        self._places = places
        self._closed = threading.Event()
        self._source: Source | None = None
        self._next_s = 0.0
        self._thread = threading.Thread(target=self._look, name="eye", daemon=True)
        self._thread.start()

    @property
    def newest(self) -> Sighted | None:
        return self.recent[-1] if self.recent else None

    def close(self) -> None:
        self._closed.set()
        if (source := self._source) is not None:
            source.close()
        self._thread.join(10.0)

    def _look(self) -> None:
        while not self._closed.is_set():
            if self._from_ring():
                self._closed.wait(EVERY_S)
                continue
            try:
                self._from_source()
            except (SourceError, SecretError) as error:
                self.said = str(error)
                self._closed.wait(RETRY_S)

    def _from_ring(self) -> bool:
        """Whether a line runs that captures this camera; its newest picture is taken then."""
        for path in reversed(self._places.rings(self._camera.name)):
            try:
                ring = Ring.view(path)
            except RingError:
                continue
            try:
                if time.monotonic_ns() - ring.newest_mono_ns > FRESH_NS:
                    continue
                slot = int(np.argmax(ring.table["captured_mono_ns"]))
                header = ring.header(slot)
                if header.lock % 2 == 0:
                    self._take(ring.copy(slot, header.lock, header.height, header.width))
                    self.said = "from the line, which runs"
                return True
            except (TornError, ValueError):
                return True  # overwritten meanwhile: the next one will do
            finally:
                ring.close()
        return False

    def _from_source(self) -> None:
        """Until the source ends; a recording begins anew then."""
        source = self._source = open_source(self._camera, with_credentials(self._camera))
        try:
            for picture in source.pictures():
                if self._closed.is_set():
                    return
                if isinstance(picture, Picture) and picture.problem is None and time.monotonic() >= self._next_s:
                    self._take(picture.pixels.copy())
                    self.said = "from the camera itself"
                    self._next_s = time.monotonic() + EVERY_S
                if not self._camera.live:
                    self._closed.wait(EVERY_S)
        finally:
            source.close()
            self._source = None

    def _take(self, pixels: np.ndarray) -> None:
        number = self.newest.number + 1 if self.newest else 1
        seen = Sighted(number, pixels, encode_jpeg(scale_to_width(pixels, WIDTH_PX), JPEG_QUALITY))
        self.recent = (*self.recent, seen)[-RECENT:]
