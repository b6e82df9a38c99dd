"""A USB camera, played by a fake of OpenCV's: asked for its settings, drained in time, touched by one thread alone."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pytest

from stream.settings import CameraSettings
from stream.sources.source import SourceError
from stream.sources.usb import UsbCamera
from tests.recordings import numbered_frame, read_number

SILENT_S = 0.4


class FakeCapture:
    """Gives numbered frames; `after` says what happens after the first ten: silent, hangs, or None for no end."""

    def __init__(self, after: str | None = None, opens: bool = True, gives: dict[int, float] | None = None) -> None:
        self.after, self.opens, self.gives = after, opens, gives or {}
        self.settings: dict[int, float] = {}
        self.threads: set[int] = set()
        self.released = threading.Event()
        self.go_on = threading.Event()
        self._count = 0

    def isOpened(self) -> bool:
        return self.opens

    def read(self) -> tuple[bool, np.ndarray | None]:
        assert not self.released.is_set(), "read after release: OpenCV crashes"
        self.threads.add(threading.get_ident())
        if self._count >= 10 and self.after == "hangs":
            self.go_on.wait(10)
        if self._count >= 10 and self.after is not None:
            return False, None
        self._count += 1
        return True, numbered_frame(self._count - 1)

    def get(self, setting: int) -> float:
        return self.gives.get(setting, self.settings.get(setting, 0.0))

    def set(self, setting: int, wish: float) -> bool:
        self.settings[setting] = wish
        return True

    def release(self) -> None:
        self.threads.add(threading.get_ident())
        self.released.set()


@pytest.fixture
def device(tmp_path: Path) -> str:
    path = tmp_path / "video7"
    path.touch()
    return str(path)


def camera(device: str, capture: FakeCapture, **settings: float) -> UsbCamera:
    wish = CameraSettings("belt", device, silent_after_s=SILENT_S, **settings)  # type: ignore[arg-type]
    return UsbCamera(wish, device, lambda asked: capture)


def test_pictures_come_in_order_with_index_and_time(device: str) -> None:
    capture = FakeCapture()
    with closing(camera(device, capture)) as source:
        pictures = list(itertools.islice(source.pictures(), 20))
    assert [read_number(picture.pixels) for picture in pictures] == list(range(20))
    assert [picture.index for picture in pictures] == list(range(20))
    times_s = [picture.pts_s or 0.0 for picture in pictures]
    assert times_s == sorted(times_s) and times_s[0] >= 0
    assert capture.released.is_set() and capture.threads.isdisjoint({threading.get_ident()})


def test_what_a_camera_does_otherwise_than_asked_is_said(device: str, caplog: pytest.LogCaptureFixture) -> None:
    capture = FakeCapture(gives={cv2.CAP_PROP_FRAME_WIDTH: 640.0})
    with caplog.at_level(logging.WARNING, "linewatch"), closing(camera(device, capture, width=1280, fps=30)) as source:
        next(source.pictures())
    assert capture.settings[cv2.CAP_PROP_FRAME_WIDTH] == 1280 and capture.settings[cv2.CAP_PROP_FPS] == 30
    assert cv2.CAP_PROP_FRAME_HEIGHT not in capture.settings
    assert [record.getMessage() for record in caplog.records] == [
        f"{device}: asked for width 1280, the camera gives 640"
    ]


@pytest.mark.parametrize("after", ["silent", "hangs"])
def test_a_camera_that_gives_nothing_more_is_said_in_time(device: str, after: str) -> None:
    capture = FakeCapture(after)
    count, last = 0, time.monotonic()
    with pytest.raises(SourceError, match=f"{device}: no picture for .*; is its cable in") as caught:
        for _ in (source := camera(device, capture)).pictures():
            count, last = count + 1, time.monotonic()
    assert count == 10 and not caught.value.final
    assert SILENT_S * 0.9 < time.monotonic() - last < SILENT_S + 1
    capture.go_on.set()
    source.close()
    assert capture.released.wait(5)


def test_a_camera_that_another_program_holds_is_said_plainly(device: str) -> None:
    capture = FakeCapture(opens=False)
    with (
        closing(camera(device, capture)) as source,
        pytest.raises(SourceError, match="does another program use it") as caught,
    ):
        next(source.pictures())
    assert not caught.value.final and capture.released.wait(5)


@pytest.mark.parametrize("after", [None, "hangs"])
def test_closing_from_another_thread_ends_the_pictures_at_once(device: str, after: str | None) -> None:
    capture = FakeCapture(after)
    source = camera(device, capture)
    timer = threading.Timer(0.1, source.close)
    timer.start()
    began = time.monotonic()
    assert all(picture.problem is None for picture in source.pictures())
    assert time.monotonic() - began < SILENT_S
    timer.join()
    capture.go_on.set()
    source.close()
    assert capture.released.wait(5)


def test_a_fault_in_the_reading_thread_falls_on_whoever_takes_the_pictures(
    device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(asked: str) -> FakeCapture:
        raise ZeroDivisionError

    monkeypatch.setattr(threading, "excepthook", lambda args: None)
    with (
        closing(UsbCamera(CameraSettings("belt", device), device, broken)) as source,
        pytest.raises(ZeroDivisionError),
    ):
        next(source.pictures())
