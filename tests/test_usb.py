"""A USB camera, played by a fake of OpenCV's: asked for its settings, drained in time, touched by one thread alone."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pytest

from stream.settings import CameraSettings
from stream.sources.source import LeftOut, Picture, SourceError
from stream.sources.usb import UsbCamera, chosen, stamped_ns
from stream.sources.v4l2 import Device, Format, Sizes
from tests.http_camera import jpeg
from tests.line import wait_for
from tests.recordings import numbered_frame, read_number

SILENT_S = 2.0  # the patience with a camera that is silent here
PATIENT_S = 60.0  # and with one that is not
WITHIN_S = PATIENT_S / 2
WEBCAM = Device(
    "/dev/video7",
    "a webcam",
    (
        Format("YUYV", (Sizes((640, 480), (640, 480), (1, 1), (30.0, 15.0)),)),
        Format("MJPG", (Sizes((1280, 720), (1280, 720), (1, 1), (60.0, 30.0)),)),
    ),
)


class FakeCapture:
    """Gives numbered frames; `after` says what happens after the first ten: silent, hangs until `go_on`, or None."""

    def __init__(
        self, after: str | None = None, opens: bool = True, gives: dict[int, float] | None = None, count: int = 10
    ) -> None:
        self.after, self.opens, self.gives = after, opens, gives or {}
        self.settings: dict[int, float] = {}
        self.threads: set[int] = set()
        self.released = threading.Event()
        self.go_on = threading.Event()
        self._count = 0
        self._first = count

    def isOpened(self) -> bool:
        return self.opens

    def read(self) -> tuple[bool, np.ndarray | None]:
        assert not self.released.is_set(), "read after release: OpenCV crashes"
        self.threads.add(threading.get_ident())
        if self._count >= self._first and self.after == "hangs":
            self.go_on.wait(2 * PATIENT_S)
        if self._count >= self._first and self.after == "silent":
            return False, None
        self.go_on.wait(0.001)  # no camera is quicker
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


def camera(device: str, capture: FakeCapture, **settings: float | str) -> UsbCamera:
    return described_camera(device, capture, None, **settings)


def described_camera(device: str, capture: FakeCapture, driver: Device | None, **settings: float | str) -> UsbCamera:
    wish = CameraSettings("belt", device, **{"policy": "every", "silent_after_s": PATIENT_S, **settings})  # type: ignore[arg-type]
    return UsbCamera(wish, device, lambda asked: capture, lambda path: driver)


def pictures_of(source: UsbCamera) -> Iterator[Picture]:
    for given in source.pictures():
        assert isinstance(given, Picture), f"left out: {given}"
        yield given


def test_pictures_come_in_order_with_index_and_time(device: str) -> None:
    capture = FakeCapture("silent", count=20)
    with closing(camera(device, capture)) as source:
        pictures = list(itertools.islice(pictures_of(source), 20))
    assert [read_number(picture.pixels) for picture in pictures] == list(range(20))
    assert [picture.index for picture in pictures] == list(range(20))
    times_s = [picture.pts_s or 0.0 for picture in pictures]
    assert times_s == sorted(times_s) and times_s[0] >= 0
    assert capture.released.is_set() and capture.threads.isdisjoint({threading.get_ident()})


def test_what_waits_bears_the_drivers_time_and_behind_a_slow_line_the_newest_wins(device: str) -> None:
    """40 pictures, which wait until they are late; the driver got each a tenth of a second before it was read."""
    capture = FakeCapture("silent", count=40)
    stamps_ns: list[int] = []

    def stamp(setting: int) -> float:
        if setting != cv2.CAP_PROP_POS_MSEC:
            return 0.0
        stamps_ns.append(time.monotonic_ns() - 10**8)
        return stamps_ns[-1] / 1e6

    capture.get = stamp  # type: ignore[method-assign]
    found: list[Picture | LeftOut] = []
    with closing(camera(device, capture, policy="newest")) as source:
        for given in source.pictures():
            found.append(given)
            if len(found) == 1:
                wait_for(lambda: len(stamps_ns) == 40 and source._room.waits_s() > 1.0, "late pictures")
            if _counted(found) == 40:
                break
    pictures = [one for one in found if isinstance(one, Picture)]
    assert [read_number(one.pixels) for one in pictures] == [one.index for one in pictures]
    assert len(pictures) < 20 and pictures[-1].index == 39, "the newest wins"
    assert [one.arrived_mono_ns for one in pictures] == pytest.approx([stamps_ns[one.index] for one in pictures], abs=9)


def _counted(found: list[Picture | LeftOut]) -> int:
    return sum(one.pictures if isinstance(one, LeftOut) else 1 for one in found)


@pytest.mark.parametrize(
    ("said_ms", "is_it"),
    [(5000.0, 5 * 10**9), (0.0, None), (-1.0, None), (1.7e12, None), (100.0, None), (float("nan"), None)],
    ids=["its own", "none", "below zero", "another clock", "too old to be", "no number"],
)
def test_a_drivers_time_is_taken_where_it_can_be(said_ms: float, is_it: int | None) -> None:
    now_ns = 14 * 10**9
    assert stamped_ns(said_ms, now_ns) == (is_it or now_ns)


def test_what_is_asked_for_is_set_read_back_and_reported(device: str, caplog: pytest.LogCaptureFixture) -> None:
    capture = FakeCapture()
    with caplog.at_level(logging.INFO, "linewatch"), closing(camera(device, capture, width=1280, fps=30)) as source:
        next(source.pictures())
    assert capture.settings[cv2.CAP_PROP_FRAME_WIDTH] == 1280 and capture.settings[cv2.CAP_PROP_FPS] == 30
    assert cv2.CAP_PROP_FRAME_HEIGHT not in capture.settings and cv2.CAP_PROP_FOURCC not in capture.settings
    assert "1280x0 px, 30 fps" in caplog.text


@pytest.mark.parametrize(
    ("setting", "gives", "said"),
    [
        (cv2.CAP_PROP_FRAME_WIDTH, 640.0, "asked for width 1280, the camera gives 640"),
        (cv2.CAP_PROP_FPS, 15.0, "asked for fps 30, the camera gives 15"),
        (
            cv2.CAP_PROP_FOURCC,
            float(cv2.VideoWriter.fourcc(*"YUYV")),
            "asked for pixel_format MJPG, the camera gives YUYV",
        ),
    ],
    ids=["width", "fps", "pixel_format"],
)
def test_a_setting_that_did_not_take_is_an_error(device: str, setting: int, gives: float, said: str) -> None:
    capture = FakeCapture(gives={setting: gives})
    with (
        closing(described_camera(device, capture, WEBCAM, pixel_format="MJPG", width=1280, fps=30)) as source,
        pytest.raises(SourceError, match=f"{said}; it gives YUYV: 640x480 at 30, 15 fps; MJPG") as caught,
    ):
        next(source.pictures())
    assert not caught.value.final and capture.released.wait(WITHIN_S)


def test_what_the_driver_does_not_list_is_refused_with_what_it_lists(device: str) -> None:
    capture = FakeCapture()
    said = (
        "pixel_format YUYV, width 1280, fps 30 is not to be had; it gives YUYV: 640x480 at 30, 15 fps; MJPG: 1280x720"
    )
    with (
        closing(described_camera(device, capture, WEBCAM, pixel_format="YUYV", width=1280, fps=30)) as source,
        pytest.raises(SourceError, match=said),
    ):
        next(source.pictures())
    assert capture.settings == {}, "it is not even opened"


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"width": 640, "height": 480}, "YUYV"),
        ({"width": 1280, "height": 720}, "MJPG"),
        ({"fps": 60}, "MJPG"),
        ({"pixel_format": "MJPG"}, "MJPG"),
        ({}, None),
    ],
)
def test_the_format_is_the_best_that_has_size_and_rate(asked: dict[str, float], named: str | None) -> None:
    assert chosen(WEBCAM, CameraSettings("belt", "0", **asked)) == named  # type: ignore[arg-type]


def test_pictures_that_come_as_jpeg_are_decoded_and_damage_is_named(device: str) -> None:
    mjpg = float(cv2.VideoWriter.fourcc(*"MJPG"))
    capture = FakeCapture(gives={cv2.CAP_PROP_FOURCC: mjpg})
    bodies = [jpeg(0), jpeg(1)[:-500], jpeg(2) + bytes(100)]
    frames = iter(np.frombuffer(body, np.uint8).reshape(1, -1) for body in bodies)
    capture.read = lambda: (True, next(frames, None))  # type: ignore[method-assign]
    with closing(described_camera(device, capture, WEBCAM, pixel_format="MJPG")) as source:
        pictures = list(itertools.islice(pictures_of(source), 3))
    assert capture.settings[cv2.CAP_PROP_CONVERT_RGB] == 0
    assert [picture.problem for picture in pictures] == [None, "decode_error", None]
    assert [read_number(pictures[at].pixels) for at in (0, 2)] == [0, 2]


def test_a_camera_that_is_unplugged_is_said_at_once(device: str) -> None:
    capture = FakeCapture("silent")
    with closing(camera(device, capture)) as source:
        pictures = source.pictures()
        assert len(list(itertools.islice(pictures, 10))) == 10
        Path(device).unlink()
        with pytest.raises(SourceError, match=r"was unplugged; (no camera is present|present) here"):
            list(pictures)


@pytest.mark.parametrize("after", ["silent", "hangs"])
def test_a_camera_that_gives_nothing_more_is_said_in_time(device: str, after: str) -> None:
    capture = FakeCapture(after)
    count, last = 0, time.monotonic()
    with pytest.raises(SourceError, match=f"{device}: no picture; is its cable in") as caught:
        for _ in (source := camera(device, capture, silent_after_s=SILENT_S)).pictures():
            count, last = count + 1, time.monotonic()
    assert count == 10 and not caught.value.final
    assert SILENT_S * 0.9 < time.monotonic() - last < WITHIN_S
    capture.go_on.set()
    source.close()
    assert capture.released.wait(WITHIN_S)


def test_a_camera_that_another_program_holds_is_said_plainly(device: str) -> None:
    capture = FakeCapture(opens=False)
    with (
        closing(camera(device, capture)) as source,
        pytest.raises(SourceError, match="does another program use it") as caught,
    ):
        next(source.pictures())
    assert not caught.value.final and capture.released.wait(WITHIN_S)


@pytest.mark.parametrize("after", [None, "hangs"])
def test_closing_from_another_thread_ends_the_pictures_at_once(device: str, after: str | None) -> None:
    capture = FakeCapture(after)
    source = camera(device, capture)
    timer = threading.Timer(0.1, source.close)
    timer.start()
    began = time.monotonic()
    assert all(isinstance(given, LeftOut) or given.problem is None for given in source.pictures())
    assert time.monotonic() - began < WITHIN_S
    timer.join()
    capture.go_on.set()
    source.close()
    assert capture.released.wait(WITHIN_S)


def test_a_fault_in_the_reading_thread_falls_on_whoever_takes_the_pictures(
    device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(asked: str) -> FakeCapture:
        raise ZeroDivisionError

    monkeypatch.setattr(threading, "excepthook", lambda args: None)
    with (
        closing(UsbCamera(CameraSettings("belt", device), device, broken, lambda path: None)) as source,
        pytest.raises(ZeroDivisionError),
    ):
        next(source.pictures())
