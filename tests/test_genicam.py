"""Any GenICam camera through its producer: here viky.cti, of the genicam package, which has three cameras."""

from __future__ import annotations

import importlib.util
import itertools
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from stream.settings import CameraSettings, ControlSettings, Window
from stream.sources.genicam import PRODUCERS, connected, open_camera, producers
from stream.sources.industrial import IndustrialCamera
from stream.sources.source import Picture, SourceError
from tests.line import ROOT
from tests.needs import need

AS_IT_IS = ControlSettings()


@pytest.fixture
def producer() -> Path:
    found = importlib.util.find_spec("genicam")
    need(found and importlib.util.find_spec("harvesters"), "harvesters is not installed: make setup-cameras")
    return Path(found.origin).parent / "viky.cti"


def opened(address: str, control: ControlSettings = AS_IT_IS, fps: float | None = None) -> IndustrialCamera:
    return open_camera(CameraSettings("belt", address, control=control, fps=fps, silent_after_s=20), address)


def pictures(source: IndustrialCamera) -> Iterator[Picture]:
    return (given for given in source.pictures() if isinstance(given, Picture))


@pytest.mark.parametrize(("pixel_format", "grey"), [("Mono8", True), ("RGBa8", False)])
def test_pictures_come_in_order(producer: Path, pixel_format: str, grey: bool) -> None:
    """The first of the cameras shows a red ball."""
    with closing(opened(f"genicam:{producer}#0", ControlSettings(pixel_format=pixel_format))) as source:
        taken = list(itertools.islice(pictures(source), 5))
    assert [picture.index for picture in taken] == list(range(5)) and {picture.problem for picture in taken} == {None}
    assert {picture.pixels.shape for picture in taken} == {(400, 400, 3)} and taken[-1].pixels.any()
    blue, _, red = np.moveaxis(taken[-1].pixels.astype(int), 2, 0)
    assert (red >= blue).all() and (red > blue).any() != grey


def test_settings_are_taken(producer: Path) -> None:
    control = ControlSettings(pixel_format="Mono8", roi=Window(0, 0, 320, 240))
    with closing(opened(f"genicam:{producer}#2", control, fps=50)) as source:
        assert next(pictures(source)).pixels.shape == (240, 320, 3)


@pytest.mark.parametrize(
    ("control", "words"),
    [
        (ControlSettings(roi=Window(0, 0, 3200, 240)), r"control.roi \(width\).* 3200 .*100 to 800"),
        (ControlSettings(exposure_us=50), "control.exposure_us: this camera has no ExposureTime"),
        (ControlSettings(trigger="software"), "control.trigger: this camera has no TriggerSource"),
        (ControlSettings(pixel_format="BGR8"), "control.pixel_format.* BGR8 .*one of RGBa8, Mono8"),
    ],
    ids=["size", "exposure", "trigger", "format"],
)
def test_a_setting_that_the_camera_refuses_ends_the_source(
    producer: Path, control: ControlSettings, words: str
) -> None:
    with closing(opened(f"genicam:{producer}", control)) as source, pytest.raises(SourceError, match=words) as caught:
        next(source.pictures())
    assert caught.value.final


def test_while_a_picture_is_waited_for_the_rest_of_the_process_goes_on(producer: Path) -> None:
    """The library holds Python's lock as long as it waits: a capture's work loop would stand still."""
    with closing(opened(f"genicam:{producer}#0", fps=2)) as source:
        given = pictures(source)
        next(given)
        arrived = threading.Event()
        thread = threading.Thread(target=lambda: (next(given), arrived.set()))
        thread.start()
        turns = 0
        while not arrived.is_set():
            time.sleep(0)
            turns += 1
        thread.join()
    assert turns > 100, "the lock was held for the whole half second"


def test_a_camera_that_is_not_there_is_looked_for_again(producer: Path) -> None:
    with (
        closing(opened(f"genicam:{producer}#77")) as source,
        pytest.raises(SourceError, match="there are: 0, 1, 2") as it,
    ):
        next(source.pictures())
    assert not it.value.final


def test_one_camera_can_be_opened_again_and_again(producer: Path) -> None:
    for _ in range(3):
        with closing(opened(f"genicam:{producer}#1")) as source:
            assert next(pictures(source)).index == 0


def test_producers_are_found_as_the_standard_says(producer: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PRODUCERS, f"/nowhere:{producer.parent}")
    assert producers("") == (producer,)
    assert [seen.source for seen in connected(producers(""))] == [f"genicam:{producer}#{n}" for n in range(3)]


@pytest.mark.parametrize(("folders", "words"), [("", "is not set"), ("/nowhere", "names /nowhere")])
def test_without_a_producer_the_error_says_what_to_do(
    folders: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PRODUCERS, folders)
    with pytest.raises(SourceError, match=f"no GenTL producer: .*{words}") as caught:
        producers("")
    assert caught.value.final
    with pytest.raises(SourceError, match=r"/opt/none\.cti: no such producer"):
        producers("/opt/none.cti")


def test_without_the_packages_the_error_says_how_to_get_them() -> None:
    words = (
        "import sys; sys.modules['harvesters'] = None\n"
        "from stream.settings import CameraSettings\n"
        "from stream.sources.table import open_source\n"
        "open_source(CameraSettings('belt', 'genicam:'), 'genicam:')"
    )
    done = subprocess.run([sys.executable, "-c", words], cwd=ROOT, capture_output=True, text=True, check=False)
    assert "SourceError: GenICam cameras need harvesters and genicam: make setup-cameras" in done.stderr
