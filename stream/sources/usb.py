"""A USB or built-in camera through Video4Linux. One thread reads it (reading.py), another one decodes (drain.py)."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from stream.settings import CameraSettings
from stream.sources.drain import Drain
from stream.sources.jpeg import JpegDecoder
from stream.sources.reading import reading
from stream.sources.room import Room, bounds_for
from stream.sources.source import LeftOut, Picture, SourceError
from stream.sources.v4l2 import Device, connected, look_at

log = logging.getLogger("linewatch")
AGAIN_S = 0.01  # after a read that gave nothing
LEFT_S = 2.0  # so much longer than `Drain` a reader waits that is left behind
# Ways in which a camera gives pictures that OpenCV makes BGR of, the better first: a JPEG has lost something already.
PREFERRED = ("BGR3", "RGB3", "YUYV", "UYVY", "NV12", "NV21", "YU12", "YV12", "GREY", "MJPG", "JPEG")
STAMP_MOST_NS = 10**10  # a picture that waited longer in a driver's few buffers is no camera's
COMPRESSED = ("MJPG", "JPEG")


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
        self,
        camera: CameraSettings,
        address: str,
        open_capture: Callable[[str], Capture] = open_v4l2,
        look: Callable[[str], Device | None] = look_at,
    ) -> None:
        self._device = f"/dev/video{address}" if address.isdigit() else address
        self._camera = camera
        self._open_capture = open_capture
        self._look = look
        if not Path(self._device).exists():
            raise SourceError(f"{self._device}: no such camera; {_present()}")
        silent = f"{self._device}: no picture; is its cable in?"
        self._room: Room[np.ndarray] = Room(bounds_for(camera))
        self._drain: Drain[Picture | LeftOut] = Drain(
            "usb", self._decoded, camera.silent_after_s, silent, self._room.close, self._room.waits_s
        )

    def pictures(self, first_index: int = 0) -> Iterator[Picture | LeftOut]:
        """Pictures as they come. Raises SourceError when none comes in time, and where a setting did not take."""
        return self._drain.pictures()

    def close(self) -> None:
        self._drain.close()

    def _decoded(self) -> Generator[Picture | LeftOut, None, None]:
        """What the reading thread has put into the room; a JPEG is decoded."""
        index, began_ns, decoder = 0, None, JpegDecoder()
        with reading("usb", self._read, self._room):
            for given in self._room.given():
                if isinstance(given, LeftOut):
                    index += given.pictures
                    yield given
                    continue
                pixels, began_ns = given.coded, began_ns or given.mono_ns
                pts_s = (given.mono_ns - began_ns) / 1e9
                coded = pixels.ndim < 3 or pixels.shape[2] != 3
                picture = decoder.picture(pixels.tobytes(), index, pts_s) if coded else Picture(pixels, index, pts_s)
                yield replace(picture, arrived_mono_ns=given.mono_ns)
                index += 1

    def _read(self) -> None:
        device = self._look(self._device)
        wish = chosen(device, self._camera)
        if device is not None and not device.has(wish, self._camera.width, self._camera.height, self._camera.fps):
            raise SourceError(f"{self._device}: {_asked(self._camera)} is not to be had; it gives {device}")
        capture = self._open_capture(self._device)
        try:
            if not capture.isOpened():
                raise SourceError(
                    f"{self._device}: the camera does not open; does another program use it? {_present()}"
                )
            self._ask(capture, wish, device)
            self._fill_room(capture)
        finally:
            capture.release()

    def _fill_room(self, capture: Capture) -> None:
        last = time.monotonic()
        while (now := time.monotonic()) - last <= self._camera.silent_after_s + LEFT_S:
            _, pixels = capture.read()
            if self._room.closed:
                return
            if pixels is None:
                if not Path(self._device).exists():
                    raise SourceError(f"{self._device}: the camera was unplugged; {_present()}")
                time.sleep(AGAIN_S)
                continue
            last = time.monotonic()
            stamp_ns = stamped_ns(capture.get(cv2.CAP_PROP_POS_MSEC), time.monotonic_ns())
            self._room.put(pixels, size=pixels.nbytes, mono_ns=stamp_ns)
        raise SourceError(f"{self._device}: no picture for {now - last:.1f} s; is its cable in? {_present()}")

    def _ask(self, capture: Capture, wish: str | None, device: Device | None) -> None:
        """Asks for the settings, reads them back, and reports them. Raises SourceError where one did not take."""
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        code = None if wish is None else float(cv2.VideoWriter.fourcc(*wish))
        got: dict[str, str] = {}
        for name, wanted, setting in (
            ("pixel_format", code, cv2.CAP_PROP_FOURCC),
            ("width", self._camera.width, cv2.CAP_PROP_FRAME_WIDTH),
            ("height", self._camera.height, cv2.CAP_PROP_FRAME_HEIGHT),
            ("fps", self._camera.fps, cv2.CAP_PROP_FPS),
        ):
            if wanted is not None:
                capture.set(setting, wanted)
            has = capture.get(setting)
            got[name] = _four(has) if name == "pixel_format" else f"{has:g}"
            if wanted is not None and abs(has - wanted) > 0.5:
                want = _four(wanted) if name == "pixel_format" else f"{wanted:g}"
                listed = f"; it gives {device}" if device is not None else ""
                raise SourceError(f"{self._device}: asked for {name} {want}, the camera gives {got[name]}{listed}")
        if got["pixel_format"] in COMPRESSED:
            capture.set(cv2.CAP_PROP_CONVERT_RGB, 0)  # as it came: OpenCV would show half a JPEG as a whole one
        log.info("%s: %s, %sx%s px, %s fps", self._device, *got.values())


def stamped_ns(said_ms: float, now_ns: int) -> int:
    """When the driver got the picture: it may have waited in one of its buffers since. Now, where it does not say.

    Video4Linux stamps by the monotonic clock, or by another one; a time that cannot be is none. Pure.
    """
    said_ns = round(said_ms * 1e6) if math.isfinite(said_ms) else 0
    return said_ns if said_ns > 0 and 0 <= now_ns - said_ns <= STAMP_MOST_NS else now_ns


def chosen(device: Device | None, camera: CameraSettings) -> str | None:
    """The format to ask for: the one that was set, else the best that has size and rate; None: the camera's own."""
    if camera.pixel_format is not None or device is None or (camera.width, camera.height, camera.fps) == (None,) * 3:
        return camera.pixel_format
    fits = (name for name in PREFERRED if device.has(name, camera.width, camera.height, camera.fps))
    return next(fits, None)


def _asked(camera: CameraSettings) -> str:
    asked = {
        "pixel_format": camera.pixel_format,
        "width": camera.width,
        "height": camera.height,
        "fps": camera.fps and f"{camera.fps:g}",
    }
    return ", ".join(f"{name} {wish}" for name, wish in asked.items() if wish is not None)


def _four(code: float) -> str:
    """The name of a format by its number."""
    raw = (int(code) & 0xFFFFFFFF).to_bytes(4, "little")
    return "".join(chr(byte) if 32 <= byte < 127 else "?" for byte in raw)


def _present() -> str:
    there = [f"{one.source} ({one.what})" for one in connected()]
    return f"present here: {', '.join(there)}" if there else "no camera is present here"
