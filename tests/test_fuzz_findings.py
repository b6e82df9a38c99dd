"""What the fuzzer found and has no test of its own beside the module: each must stay mended."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import pytest

from detector.files import read_file
from stream import lending as lending_module
from stream.defect_log import DefectLog
from stream.desk import Desk
from stream.film import Film
from stream.lending import Lending
from stream.links import Links
from stream.messages import Ask, CameraStatus, Key, Release
from stream.places import Places
from stream.reporting import Reporting
from stream.settings import CameraSettings, LineSettings
from stream.summary import check_truth
from stream.web.board import Board
from tests.frames import verdict
from tests.line import wait_for
from tests.recordings import numbered_frame
from tests.test_film import Shot, numbers_in

CAMERA = CameraSettings("belt", "belt.mp4", slots=2)


@pytest.mark.parametrize(
    "content", [b"[" * 5000, b"{}", b'{"format": 1}', b"\xff"], ids=["deep", "empty", "half", "noise"]
)
def test_a_damaged_truth_beside_a_recording_does_not_cost_the_summary(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "belt.truth.json").write_bytes(content)
    DefectLog(tmp_path).close()
    line = LineSettings((CameraSettings("belt", str(tmp_path / "belt.mp4")),), tmp_path)
    assert check_truth(line, "session") == ()


def test_a_picture_of_an_impossible_time_is_left_out_of_the_film(tmp_path: Path) -> None:
    film = Film(tmp_path / "belt-7.mp4")
    for number, time_s in ((0, 0.0), (1, 1e300), (2, -1e300), (3, 0.12)):
        shot = Shot(numbered_frame(number), verdict("GOOD"), None, time_s)
        wait_for(lambda shot=shot: film.add(shot), "a place in the film's queue")
    film.close()
    assert numbers_in(film.path) == [0, 3]
    assert film.left_out == 2


def test_a_status_of_a_camera_that_the_line_has_not_is_forgotten() -> None:
    board = Board(LineSettings((CAMERA,)), "session")
    for number in range(100):
        board.take(CameraStatus(f"c{number}", 1, "running", "", 1, 1.0, 0, 0.0, {}, 0, True), 1)
    assert not board._cameras


def test_inspectors_without_end_cost_no_descriptors_without_end(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lending_module, "PEERS_MAX", 3)
    links = Links()
    desk = Desk(CAMERA, places, "session", "belt.mp4")
    lending = Lending(CAMERA, desk, links, links.serve(places.socket("capture-belt")), lambda *_: None)
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208  a count
    for number in range(20):
        lending._answer(b"nobody", Ask(f"inspect {number}", os.getpid(), 0))
    assert len(os.listdir("/proc/self/fd")) == before + 3  # noqa: PTH208
    lending.close()
    desk.close()
    links.close()


def test_a_release_of_a_frame_that_was_never_captured_is_not_kept(places: Places) -> None:
    """Its number would come back in a report that no recorder takes, for ever."""
    links = Links()
    desk = Desk(CAMERA, places, "session", "belt.mp4")
    account = desk.begin_run()
    account.captured = 3
    reporting = Reporting("belt", desk, links.ask(places.socket("record"), "capture belt"), "session")
    reporting._hear(Release("belt", (Key(account.run, 2), Key(account.run, 2**48)), committed=False), 1.0)
    assert account.unrecorded() == ((2, 3),)
    desk.close()
    links.close()


def test_a_small_file_takes_little_memory_however_much_it_might_have_been(tmp_path: Path) -> None:
    (tmp_path / "small").write_bytes(b"x" * 100)
    before = resource.getrlimit(resource.RLIMIT_AS)
    now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + (64 << 20), before[1]))
    try:
        assert len(read_file(tmp_path / "small", 1 << 40)) == 100
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
