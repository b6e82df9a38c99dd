"""A USB or built-in camera through Video4Linux."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from pathlib import Path

import cv2

from stream.settings import CameraSettings
from stream.sources.source import Picture, SourceError

log = logging.getLogger("linewatch")


class UsbCamera:
    """An opened camera. Raises SourceError (not final: it may be plugged in again) where it does not open."""

    def __init__(self, camera: CameraSettings, address: str) -> None:
        device = f"/dev/video{address}" if address.isdigit() else address
        self._device = device
        self._silent_after_s = camera.silent_after_s
        self._closed = False
        if not Path(device).exists():
            raise SourceError(f"{device}: no such camera; {_present()}")
        self._capture = cv2.VideoCapture(device, cv2.CAP_V4L2)
        if not self._capture.isOpened():
            raise SourceError(f"{device}: the camera does not open; does another program use it? {_present()}")
        self._capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        for name, wish, number in (
            ("width", camera.width, cv2.CAP_PROP_FRAME_WIDTH),
            ("height", camera.height, cv2.CAP_PROP_FRAME_HEIGHT),
            ("fps", camera.fps, cv2.CAP_PROP_FPS),
        ):
            self._wish(name, wish, number)

    def pictures(self, first_index: int = 0) -> Iterator[Picture]:
        index = 0
        began = last = time.monotonic()
        while not self._closed:
            taken, pixels = self._capture.read()
            now = time.monotonic()
            if taken:
                yield Picture(pixels, index, now - began)
                index, last = index + 1, now
            elif now - last > self._silent_after_s:
                raise SourceError(f"{self._device}: no picture for {now - last:.1f} s; is its cable in?")
            else:
                time.sleep(0.01)

    def close(self) -> None:
        self._closed = True
        self._capture.release()

    def _wish(self, name: str, wish: float | None, number: int) -> None:
        """Asks for a setting, reads it back, and says where the camera chose otherwise."""
        if wish is None:
            return
        self._capture.set(number, wish)
        got = self._capture.get(number)
        if abs(got - wish) > 0.5:
            log.warning("%s: asked for %s %g, the camera gives %g", self._device, name, wish, got)


def _present() -> str:
    there = sorted(str(path) for path in Path("/dev").glob("video*"))
    return f"present here: {', '.join(there)}" if there else "no camera is present here"
