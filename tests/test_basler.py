"""Basler's cameras, through the camera that pylon emulates: its pictures, its settings, its triggers, its failures.

It cannot be unplugged: what a lost camera does is tried with Aravis' (test_aravis.py), through the same reading loop.
"""

from __future__ import annotations

import importlib.util
import itertools
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import cv2
import pytest

from stream.settings import CameraSettings, ControlSettings, Window
from stream.sources.basler import OpenedBasler, connected, open_camera
from stream.sources.industrial import ORDERS_MOST, IndustrialCamera
from stream.sources.source import Picture, SourceError, Waiting
from tests.line import ROOT
from tests.needs import need
from tests.recordings import SIZE, numbered_frames, read_number

# pylon's waits end by SIGALRM: whoever else catches that signal, as pytest-timeout would, makes them endless.
pytestmark = pytest.mark.timeout(300, method="thread")
SERIAL = "0815-0001"
FRAMES = 12
WIDTH, HEIGHT = SIZE


@pytest.fixture(autouse=True)
def emulation(monkeypatch: pytest.MonkeyPatch) -> None:
    need(importlib.util.find_spec("pypylon"), "pypylon is not installed: make setup-cameras")
    monkeypatch.setenv("PYLON_CAMEMU", "2")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures with numbers in them, for the emulated camera to see."""
    folder = tmp_path_factory.mktemp("seen")
    for number, picture in enumerate(numbered_frames(FRAMES)):
        cv2.imwrite(str(folder / f"{number:03}.png"), picture)
    return folder


def settings(control: ControlSettings, address: str = f"basler:{SERIAL}", fps: float | None = None) -> CameraSettings:
    return CameraSettings("belt", address, control=control, fps=fps, silent_after_s=30)


def looking_at(
    folder: Path, camera: CameraSettings, then: Callable[[OpenedBasler], None] = lambda _: None
) -> IndustrialCamera:
    """The emulated camera, shown the pictures of a folder over and over."""

    def open_it() -> OpenedBasler:
        opened = OpenedBasler(SERIAL)
        for name, value in (("TestImageSelector", "Off"), ("ImageFileMode", "On"), ("ImageFilename", str(folder))):
            opened.nodes.write(name, value)
        then(opened)
        return opened

    return IndustrialCamera(camera, open_it)


def pictures(source: IndustrialCamera) -> Iterator[Picture]:
    return (given for given in source.pictures() if isinstance(given, Picture))


def follow(numbers: list[int]) -> bool:
    """Whether each is the one after the one before."""
    return all((before + 1) % FRAMES == number for before, number in itertools.pairwise(numbers))


def test_what_the_camera_sees_arrives_in_order(folder: Path) -> None:
    camera = settings(ControlSettings(roi=Window(0, 0, WIDTH, HEIGHT), pixel_format="Mono8"), fps=20)
    with closing(looking_at(folder, camera)) as source:
        taken = [(picture, read_number(picture.pixels)) for picture in itertools.islice(pictures(source), 15)]
    assert [picture.index for picture, _ in taken] == list(range(15))
    assert {picture.pixels.shape for picture, _ in taken} == {(HEIGHT, WIDTH, 3)}
    assert {picture.problem for picture, _ in taken} == {None}
    begun = taken[0][1]
    lost = list(itertools.accumulate(picture.lost for picture, _ in taken))
    assert [number for _, number in taken] == [(begun + n + lost[n]) % FRAMES for n in range(15)]


@pytest.mark.parametrize("pixel_format", ["Mono8", "Mono12", "Mono16", "BGR8Packed", "RGB8Packed", "BGRA8Packed"])
def test_each_pixel_format_shows_the_same_picture(folder: Path, pixel_format: str) -> None:
    camera = settings(ControlSettings(roi=Window(0, 0, WIDTH, HEIGHT), pixel_format=pixel_format), fps=20)
    with closing(looking_at(folder, replace(camera, policy="every"))) as source:
        assert follow([read_number(picture.pixels) for picture in itertools.islice(pictures(source), 3)])


def test_settings_are_in_the_camera_while_it_runs() -> None:
    control = ControlSettings(exposure_us=5000, gain_db=6, roi=Window(16, 8, 640, 480), pixel_format="BayerRG8")
    opened: list[OpenedBasler] = []

    def open_it() -> OpenedBasler:
        opened.append(OpenedBasler(SERIAL))
        return opened[0]

    with closing(IndustrialCamera(settings(control, fps=20), open_it)) as source:
        assert next(pictures(source)).pixels.shape == (480, 640, 3)
        now = {name: opened[0].nodes.read(name) for name in ("ExposureTime", "PixelFormat", "OffsetX", "OffsetY")}
        assert now == {"ExposureTime": 5000, "PixelFormat": "BayerRG8", "OffsetX": 16, "OffsetY": 8}
        assert opened[0].nodes.read("Gain") == pytest.approx(6, abs=0.1)
        assert opened[0].nodes.read("AcquisitionFrameRate") == pytest.approx(20, abs=0.1)


@pytest.mark.parametrize(
    ("control", "words"),
    [
        (ControlSettings(exposure_us=50_000_000), "control.exposure_us.* 50000000 .*ExposureTime .* 1 to 10000000"),
        (ControlSettings(pixel_format="Mono12p"), "control.pixel_format.* Mono12p .*one of Mono8"),
        (ControlSettings(white_balance="auto"), "control.white_balance: this camera has no BalanceWhiteAuto"),
        (ControlSettings(trigger="hardware", trigger_line="Line9"), "control.trigger_line.* Line9 .* Line1"),
    ],
    ids=["exposure", "format", "no such node", "line"],
)
def test_a_setting_that_the_camera_refuses_ends_the_source(control: ControlSettings, words: str) -> None:
    with (
        closing(open_camera(settings(control), f"basler:{SERIAL}")) as source,
        pytest.raises(SourceError, match=words) as it,
    ):
        next(source.pictures())
    assert it.value.final


def test_each_order_is_one_picture_and_without_one_the_camera_waits(folder: Path) -> None:
    control = ControlSettings(roi=Window(0, 0, WIDTH, HEIGHT), trigger="software")
    with closing(looking_at(folder, settings(control))) as source:
        given = source.pictures()
        assert isinstance(next(given), Waiting)
        numbers = []
        for count in (1, 3, 2):
            for _ in range(count):
                source.trigger()
            taken = list(itertools.islice((one for one in given if isinstance(one, Picture)), count))
            numbers += [read_number(picture.pixels) for picture in taken]
            assert isinstance(next(given), Waiting)  # no picture more than was ordered
        assert follow(numbers) and [picture.lost for picture in taken] == [0, 0]


def test_more_orders_than_may_wait_are_refused() -> None:
    with closing(open_camera(settings(ControlSettings(trigger="software")), f"basler:{SERIAL}")) as source:
        for _ in range(ORDERS_MOST):
            source.trigger()
        with pytest.raises(SourceError, match="wait for this camera already"):
            source.trigger()


def test_a_camera_that_takes_no_orders_refuses_them() -> None:
    source = open_camera(settings(ControlSettings()), f"basler:{SERIAL}")
    with closing(source), pytest.raises(SourceError, match=r"control\.trigger: software"):
        source.trigger()


def test_a_camera_at_a_silent_line_waits_and_is_not_lost() -> None:
    control = ControlSettings(trigger="hardware", trigger_line="Line1")
    with closing(open_camera(settings(control), f"basler:{SERIAL}")) as source:
        said = list(itertools.islice(source.pictures(), 2))
    assert said == [Waiting("waiting for its trigger at Line1")] * 2


def test_pictures_that_arrive_damaged_are_named_and_counted(folder: Path) -> None:
    def fail(opened: OpenedBasler) -> None:
        opened.nodes.write("ForceFailedBufferCount", 3)
        opened.nodes.run("ForceFailedBuffer")

    camera = settings(ControlSettings(roi=Window(0, 0, WIDTH, HEIGHT)), fps=20)
    with closing(looking_at(folder, camera, fail)) as source:
        taken = list(itertools.islice(pictures(source), 8))
    assert [picture.index for picture in taken] == list(range(8))
    assert [picture.problem for picture in taken].count("decode_error") == 3
    assert not any(picture.pixels.any() for picture in taken if picture.problem)


def test_a_camera_that_is_not_there_is_looked_for_again() -> None:
    source = open_camera(settings(ControlSettings(), "basler:999"), "basler:999")
    missing = f"no Basler camera 999 answers; there are: .*{SERIAL}"
    with closing(source), pytest.raises(SourceError, match=missing) as caught:
        next(source.pictures())
    assert not caught.value.final


def test_two_cannot_have_one_camera_and_the_second_has_it_when_the_first_is_closed() -> None:
    first = open_camera(settings(ControlSettings()), f"basler:{SERIAL}")
    with closing(first):
        next(first.pictures())
    with closing(open_camera(settings(ControlSettings()), f"basler:{SERIAL}")) as second:
        assert next(pictures(second)).index == 0


def test_what_is_connected_is_listed() -> None:
    assert [seen.source for seen in connected()][:2] == ["basler:0815-0000", "basler:0815-0001"]


def test_without_pypylon_the_error_says_how_to_get_it() -> None:
    """In a process where it cannot be imported."""
    words = (
        "import sys; sys.modules['pypylon'] = None\n"
        "from stream.settings import CameraSettings\n"
        "from stream.sources.table import open_source\n"
        "open_source(CameraSettings('belt', 'basler:'), 'basler:')"
    )
    done = subprocess.run([sys.executable, "-c", words], cwd=ROOT, capture_output=True, text=True, check=False)
    assert "SourceError: Basler cameras need pypylon: make setup-cameras, or pip install" in done.stderr
