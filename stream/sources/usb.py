"""A USB or built-in camera through Video4Linux. A thread of its own drains it (drain.py)."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from stream.settings import CameraSettings
from stream.sources.drain import Drain
from stream.sources.source import Picture, SourceError

log = logging.getLogger("linewatch")
AGAIN_S = 0.01  # after a read that gave nothing


class Capture(Protocol):
    """What is used of cv2.VideoCapture."""

    def isOpened(self) -> bool: ...
    def read(self) -> tuple[bool, np.ndarray | None]: ...
    def get(self, setting: int) -> float: ...
    def set(self, setting: int, wish: float) -> bool: ...
    def release(self) -> None: ...


def open_v4l2(device: str) -> Capture:
    capture: Capture = cv2.VideoCapture(device, cv2.CAP_V4L2)
    return capture


class UsbCamera:
    """A camera by its index or device. Raises SourceError where it is not there: never final, it may be plugged in."""

    def __init__(
        self, camera: CameraSettings, address: str, open_capture: Callable[[str], Capture] = open_v4l2
    ) -> None:
        self._device = f"/dev/video{address}" if address.isdigit() else address
        self._camera = camera
        self._open_capture = open_capture
        if not Path(self._device).exists():
            raise SourceError(f"{self._device}: no such camera; {_present()}")
        silent = f"{self._device}: no picture for {camera.silent_after_s:g} s; is its cable in?"
        self._drain = Drain("usb", self._read, camera.silent_after_s, silent)

    def pictures(self, first_index: int = 0) -> Iterator[Picture]:
        """Pictures as they come. Raises SourceError when there is none for `silent_after_s`."""
        return self._drain.pictures()

    def close(self) -> None:
        self._drain.close()

    def _read(self) -> Generator[Picture, None, None]:
        capture = self._open_capture(self._device)
        try:
            if not capture.isOpened():
                raise SourceError(
                    f"{self._device}: the camera does not open; does another program use it? {_present()}"
                )
            self._ask(capture)
            yield from self._taken(capture)
        finally:
            capture.release()

    def _taken(self, capture: Capture) -> Generator[Picture, None, None]:
        index = 0
        began = last = time.monotonic()
        while (now := time.monotonic()) - last <= self._camera.silent_after_s:
            _, pixels = capture.read()
            if pixels is None:
                time.sleep(AGAIN_S)
                continue
            last = time.monotonic()
            yield Picture(pixels, index, last - began)
            index += 1
        raise SourceError(f"{self._device}: no picture for {now - last:.1f} s; is its cable in? {_present()}")

    def _ask(self, capture: Capture) -> None:
        """Asks for the settings, reads them back, and says where the camera chose otherwise."""
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        for name, wish, setting in (
            ("width", self._camera.width, cv2.CAP_PROP_FRAME_WIDTH),
            ("height", self._camera.height, cv2.CAP_PROP_FRAME_HEIGHT),
            ("fps", self._camera.fps, cv2.CAP_PROP_FPS),
        ):
            if wish is None:
                continue
            capture.set(setting, wish)
            if abs((got := capture.get(setting)) - wish) > 0.5:
                log.warning("%s: asked for %s %g, the camera gives %g", self._device, name, wish, got)


def _present() -> str:
    there = sorted(str(path) for path in Path("/dev").glob("video*"))
    return f"present here: {', '.join(there)}" if there else "no camera is present here"
