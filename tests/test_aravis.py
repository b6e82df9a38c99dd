"""GigE Vision through Aravis, with its fake camera: pictures, settings, triggers, lost packets, a power cut.

A whole line that loses a free camera is tried with others (test_loss_line.py), and with this one by time_loss.py.
"""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from stream.settings import CameraSettings, ControlSettings, Window
from stream.sources.aravis import BUFFERS, CLEARED, OpenedAravis, connected, open_camera
from stream.sources.drain import HELD
from stream.sources.industrial import IndustrialCamera
from stream.sources.source import Picture, SourceError, Waiting
from tests.gige_camera import GigeCamera, need_gige_camera
from tests.line import ROOT, RunningLine, running, wait_for, write_line
from tests.test_rtsp_line import captured, events, page, stop

FREE = ControlSettings()
HARDWARE = ControlSettings(trigger="hardware", trigger_line="Line0")
SOFTWARE = ControlSettings(trigger="software")


@pytest.fixture(scope="module", autouse=True)
def looked_once() -> None:
    """The library keeps a socket for its search, one a process, for ever."""
    need_gige_camera()
    connected()


@pytest.fixture
def camera() -> Iterator[GigeCamera]:
    with GigeCamera("LW1") as camera:
        yield camera


def opened(
    address: str, control: ControlSettings = FREE, fps: float | None = None, policy: str = "auto"
) -> IndustrialCamera:
    """With much patience: the camera's own process may be starved here."""
    settings = CameraSettings("belt", address, control=control, fps=fps, silent_after_s=20, policy=policy)
    return open_camera(settings, address)


def pictures(source: IndustrialCamera) -> Iterator[Picture]:
    return (given for given in source.pictures() if isinstance(given, Picture))


@pytest.mark.parametrize("by", ["serial number", "address"])
def test_pictures_come_with_their_number_and_the_cameras_time(camera: GigeCamera, by: str) -> None:
    with closing(opened(camera.address if by == "serial number" else "aravis:127.0.0.1")) as source:
        taken = list(itertools.islice(pictures(source), 6))
    assert [picture.index for picture in taken] == list(range(6))
    times = [picture.pts_s for picture in taken]
    assert times[0] == 0 and all(a < b for a, b in itertools.pairwise(times))
    assert all(picture.taken_utc_ns for picture in taken)  # its clock is this computer's
    assert {picture.pixels.shape for picture in taken} == {(512, 512, 3)}


def test_pictures_that_lay_in_the_librarys_buffers_keep_the_time_at_which_they_came(camera: GigeCamera) -> None:
    """The reader stops for a second, as with a ring that is full: what came first lies in the buffers."""
    with closing(opened(camera.address, fps=20, policy="every")) as source:
        given = pictures(source)
        before = list(itertools.islice(given, 60))[-1]
        time.sleep(1.0)
        awake_ns = time.monotonic_ns()
        after = list(itertools.islice(given, HELD + BUFFERS))
    lay = [picture for picture in after[HELD + 1 :] if (picture.arrived_mono_ns or awake_ns) < awake_ns]
    assert len(lay) >= BUFFERS // 2  # they were fetched after that
    assert before.arrived_mono_ns and before.taken_utc_ns
    for picture in lay:
        assert picture.arrived_mono_ns and picture.taken_utc_ns
        apart_s = (
            picture.arrived_mono_ns - before.arrived_mono_ns - (picture.taken_utc_ns - before.taken_utc_ns)
        ) / 1e9
        assert abs(apart_s) < 0.1


def test_settings_are_taken(camera: GigeCamera) -> None:
    control = ControlSettings(exposure_us=2000, roi=Window(10, 20, 320, 240), pixel_format="RGB8", packet_size=1400)
    with closing(opened(camera.address, control, fps=50)) as source:
        assert next(pictures(source)).pixels.shape == (240, 320, 3)


@pytest.mark.parametrize("pixel_format", ["Mono8", "Mono16", "BayerRG8", "BayerBG8", "RGB8"])
def test_each_pixel_format_is_read(camera: GigeCamera, pixel_format: str) -> None:
    with closing(opened(camera.address, ControlSettings(pixel_format=pixel_format))) as source:
        assert next(pictures(source)).pixels.any()


@pytest.mark.parametrize(
    ("control", "words"),
    [
        (ControlSettings(exposure_us=2), r"exposure_us.* take 2 .*ExposureTimeAbs is .* 10 to 10000000"),
        (ControlSettings(gain_db=3), "gain_db: this camera has no Gain nor GainAbs"),
        (ControlSettings(trigger="hardware", trigger_line="Line7"), "trigger_line.* Line7 .*one of Line0, Software"),
        (ControlSettings(pixel_format="Mono12"), "pixel_format.* Mono12 .*Mono8"),
    ],
    ids=["exposure", "gain", "line", "format"],
)
def test_a_setting_that_the_camera_refuses_ends_the_source(
    camera: GigeCamera, control: ControlSettings, words: str
) -> None:
    with closing(opened(camera.address, control)) as source, pytest.raises(SourceError, match=words) as caught:
        next(source.pictures())
    assert caught.value.final


def test_each_order_is_one_picture(camera: GigeCamera) -> None:
    with closing(opened(camera.address, SOFTWARE)) as source:
        given = source.pictures()
        assert isinstance(next(given), Waiting)
        for _ in range(3):
            source.trigger()
        assert [picture.index for picture in itertools.islice((p for p in given if isinstance(p, Picture)), 3)] == [
            0,
            1,
            2,
        ]
        assert isinstance(next(given), Waiting)


def test_lost_packets_are_a_picture_that_must_not_be_judged() -> None:
    with GigeCamera("LW2", lost_packets_per_thousand=20) as lossy, closing(opened(lossy.address)) as source:
        seen: list[Picture] = []
        for picture in pictures(source):
            seen.append(picture)
            if {one.problem for one in seen} == {None, "decode_error"} and len(seen) > 5:
                break
    assert [picture.index for picture in seen] == list(range(len(seen)))
    assert not any(picture.pixels.any() for picture in seen if picture.problem)


@pytest.mark.parametrize(
    ("control", "words"),
    [(ControlSettings(), "no picture for .* it runs freely"), (HARDWARE, "LW1: it does not answer; is it powered")],
    ids=["free", "triggered"],
)
def test_a_camera_without_power_is_found_lost_and_is_back_with_it(
    camera: GigeCamera, control: ControlSettings, words: str
) -> None:
    settings = CameraSettings("belt", camera.address, control=control)
    with closing(open_camera(settings, camera.address)) as source:
        given = source.pictures()
        next(given)
        camera.kill()
        with pytest.raises(SourceError, match=words) as caught:
            for _ in given:
                pass
    assert not caught.value.final
    with (
        closing(opened(camera.address, control)) as gone,
        pytest.raises(SourceError, match=r"no GigE Vision .* LW1 answers"),
    ):
        next(gone.pictures())
    camera.start()

    def back() -> bool:
        with closing(opened(camera.address, control)) as source:
            try:
                return next(source.pictures()) is not None
            except SourceError:
                return False  # as intake does: again

    wait_for(back, "the camera, back")


def test_a_buffer_that_was_never_filled_is_no_picture(camera: GigeCamera, monkeypatch: pytest.MonkeyPatch) -> None:
    """Aravis hands them all back so, about once in fifteen openings just after the camera has come back."""
    with closing(OpenedAravis("LW1", None)) as taking:
        taking.start()
        real, forged = taking._arv.call, itertools.chain([CLEARED] * BUFFERS)

        def call(name: str, *words: object) -> object:
            return next(forged, real(name, *words)) if name == "arv_buffer_get_status" else real(name, *words)

        monkeypatch.setattr(taking._arv, "call", call)
        wait_for(lambda: (shot := taking.take(1.0)) is not None and shot.raw is not None, "a whole picture")
        assert next(forged, None) is None, "all that were empty went back"


def state(line: RunningLine) -> str:
    return str(json.loads(page(line))["cameras"][0]["state"])


def test_a_triggered_camera_that_waits_is_not_lost_and_one_without_power_is(camera: GigeCamera, tmp_path: Path) -> None:
    control = "control: {trigger: hardware, trigger_line: Line0}"
    with running(write_line(tmp_path, camera.address, camera=control)) as line:
        wait_for(lambda: state(line) == "waiting", "the page to say that it waits")
        assert "waiting for its trigger at Line0" in page(line)
        camera.kill()
        wait_for(lambda: state(line) == "retrying", "the page to say that it is lost")
        camera.start()
        wait_for(lambda: state(line) == "waiting", "the page to say that it waits again")
        wait_for(lambda: events(line, "gap"), "the gap on record")
        stop(line)
    assert captured(line) == [], "it took no picture, so there is no run"
    assert "Traceback" not in line.said()


def test_without_libaravis_the_error_says_how_to_get_it() -> None:
    words = (
        "import ctypes, stream.sources.aravis_library as library\n"
        "library.NAMES = ('libaravis-none.so',)\n"
        "library.library()"
    )
    done = subprocess.run([sys.executable, "-c", words], cwd=ROOT, capture_output=True, text=True, check=False)
    assert "SourceError: aravis: cameras need libaravis 0.8; on Debian: apt-get install libaravis-0.8-0" in done.stderr
