"""What a camera behind Video4Linux lists, read from the structures of <linux/videodev2.h> as a driver fills them.

No camera is here: a driver is played, by the kernel's own rules of how its lists are walked.
"""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.sources import v4l2
from stream.sources.v4l2 import CAPABILITY, FORMAT, RATE, SIZE, Device, Sizes, connected, described, look_at

CAPTURE_CAPS = 0x84200001  # as uvcvideo says: video capture, extended pixel formats, streaming, device caps
YUYV, MJPG = (struct.unpack("<I", name)[0] for name in (b"YUYV", b"MJPG"))
SIZES = {YUYV: [(640, 480), (320, 240)], MJPG: [(1920, 1080)]}
INTERVALS = {(640, 480): [(1, 30), (1, 15)], (320, 240): [(1, 30)], (1920, 1080): [(1001, 30000)]}


def webcam(number: int, asked: bytes) -> bytes | None:
    """A driver with discrete sizes and rates, as most webcams have."""
    if number == v4l2.QUERYCAP:
        return CAPABILITY.pack(
            b"uvcvideo", b"HD Webcam: HD Webcam", b"usb-0000:00:14.0-1", 0x60100, CAPTURE_CAPS, 0x4200001
        )
    if number == v4l2.ENUM_FMT:
        index, kind, *_ = FORMAT.unpack(asked)
        assert kind == 1, "the list of what it captures"
        return FORMAT.pack(index, 1, 0, b"a format", list(SIZES)[index], 0) if index < len(SIZES) else None
    if number == v4l2.ENUM_SIZES:
        index, code, *_ = SIZE.unpack(asked)
        return SIZE.pack(index, code, 1, *SIZES[code][index], 0, 0, 0, 0) if index < len(SIZES[code]) else None
    index, code, width, height, *_ = RATE.unpack(asked)
    there = INTERVALS[width, height]
    return RATE.pack(index, code, width, height, 1, *there[index], 0, 0, 0, 0) if index < len(there) else None


def stepwise(number: int, asked: bytes) -> bytes | None:
    """A driver that takes any size in steps, and any rate between two."""
    if number == v4l2.QUERYCAP:
        return CAPABILITY.pack(b"vivid", b"vivid", b"platform:vivid", 0x60100, 0x1, 0)
    if number == v4l2.ENUM_FMT:
        return FORMAT.pack(0, 1, 0, b"YUYV", YUYV, 0) if FORMAT.unpack(asked)[0] == 0 else None
    if number == v4l2.ENUM_SIZES:
        return SIZE.pack(0, YUYV, 3, 32, 1920, 16, 32, 1080, 8) if SIZE.unpack(asked)[0] == 0 else None
    return RATE.pack(0, YUYV, 1920, 1080, 3, 1, 60, 1, 5, 1, 1) if RATE.unpack(asked)[0] == 0 else None


def test_the_structures_are_as_long_as_the_kernels() -> None:
    assert (CAPABILITY.size, FORMAT.size, SIZE.size, RATE.size) == (104, 64, 44, 52)
    sizes = [number >> 16 & 0x3FFF for number in (v4l2.QUERYCAP, v4l2.ENUM_FMT, v4l2.ENUM_SIZES, v4l2.ENUM_RATES)]
    assert sizes == [104, 64, 44, 52], "an ioctl's number holds the length of its structure"


def test_every_format_size_and_rate_is_listed() -> None:
    device = described("/dev/video0", webcam)
    assert device is not None and device.card == "HD Webcam: HD Webcam"
    assert str(device) == "YUYV: 640x480 at 30, 15 fps, 320x240 at 30 fps; MJPG: 1920x1080 at 29.97 fps"


def test_sizes_in_steps_are_told_as_such() -> None:
    device = described("/dev/video0", stepwise)
    assert device is not None and str(device) == "YUYV: 32x32 to 1920x1080 at 60 to 5 fps"
    assert (
        device.has("YUYV", 640, 480, 25) and not device.has("YUYV", 641, 480, 25) and not device.has(None, 4, 4, None)
    )
    assert not device.has("YUYV", 640, 480, 90)


@pytest.mark.parametrize(
    ("name", "width", "height", "fps", "there"),
    [
        ("YUYV", 640, 480, 30, True),
        ("YUYV", 640, None, 15, True),
        ("YUYV", 320, 240, 15, False),
        (None, 1920, 1080, 30, True),  # 29.97
        ("YUYV", 1920, 1080, None, False),
        ("H264", None, None, None, False),
        (None, None, None, None, True),
    ],
)
def test_what_goes_together_is_known(
    name: str | None, width: int | None, height: int | None, fps: float | None, there: bool
) -> None:
    device = described("/dev/video0", webcam)
    assert device is not None and device.has(name, width, height, fps) == there


def test_what_takes_no_pictures_is_no_camera() -> None:
    metadata = CAPABILITY.pack(b"uvcvideo", b"HD Webcam", b"usb", 0, 0x84A00001, 0x4A00000)
    assert described("/dev/video1", lambda number, asked: metadata) is None
    assert described("/dev/video1", lambda number, asked: None) is None


def test_a_driver_whose_lists_never_end_is_left() -> None:
    def endless(number: int, asked: bytes) -> bytes:
        return webcam(v4l2.QUERYCAP, asked) or b"" if number == v4l2.QUERYCAP else asked

    device = described("/dev/video0", endless)
    assert device is not None and len(device.formats) == v4l2.LISTED_MOST


@given(st.data())
def test_whatever_a_driver_says_is_a_camera_or_none(data: st.DataObject) -> None:
    def ask(number: int, asked: bytes) -> bytes | None:
        return data.draw(st.none() | st.binary(min_size=len(asked), max_size=len(asked)))

    device = described("/dev/video0", ask)
    assert device is None or str(device).isprintable()


def test_a_file_that_is_no_device_is_no_camera(tmp_path: Path) -> None:
    (tmp_path / "video7").touch()
    assert look_at(str(tmp_path / "video7")) is None and look_at(str(tmp_path / "video8")) is None


def test_what_is_plugged_in_is_listed_in_the_order_of_its_numbers(tmp_path: Path) -> None:
    for name, index in (("video10", 0), ("video2", 0), ("video3", 1), ("video4", 0), ("v4l-subdev0", 0), ("videoX", 0)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "index").write_text(f"{index}\n")
        (tmp_path / name / "name").write_text("A camera: its name\n")
    size = Sizes((640, 480), (640, 480), (1, 1), (30.0,))
    cameras = {
        f"/dev/video{n}": Device(f"/dev/video{n}", f"camera {n}", (v4l2.Format("YUYV", (size,)),)) for n in (2, 10)
    }
    assert [(seen.source, seen.what) for seen in connected(tmp_path, cameras.get)] == [
        ("/dev/video2", "A camera: its name, Video4Linux: YUYV: 640x480 at 30 fps"),
        ("/dev/video4", "A camera: its name, Video4Linux: it does not open; is your user in the group video?"),
        ("/dev/video10", "A camera: its name, Video4Linux: YUYV: 640x480 at 30 fps"),
    ]
