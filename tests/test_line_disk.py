"""A disk that refuses: nothing is acknowledged, inspection goes on, and nothing is lost once it takes records again."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.line import RunningLine, running, wait_for, write_line
from tests.needs import need
from tests.recordings import numbered_frames, write_recording

FRAMES = 200
BAD = {10, 11, 80, 81, 120, 160}


@contextlib.contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A disk of its own, of that size."""
    need(os.geteuid() == 0, "a small disk can be mounted by root alone")
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)], check=False)
    need(done.returncode == 0, "mounting is not allowed here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Takes all that is left of the disk."""
    filler = folder / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)
    return filler


def captured_so_far(line: RunningLine) -> int:
    """Frames of the camera, from the newest progress line."""
    lines = [text for text in line.said().splitlines() if text.startswith("belt ") and " frames " in text]
    return int(lines[-1].split(" frames ")[0].split()[-1]) if lines else 0


def test_a_full_disk_stops_the_record_but_not_the_inspection_and_loses_nothing(tmp_path: Path) -> None:
    recording = write_recording(tmp_path / "belt.mp4", numbered_frames(FRAMES, bad=BAD), fps=20)
    with small_disk(tmp_path / "data", 16):
        more = "recorder:\n  evidence_min_free_mb: 1\n"
        with running(write_line(tmp_path, recording, more, camera="pace: recorded")) as line:
            wait_for(lambda: line.judged() > 30, "the first verdicts")
            filler = fill(line.data_dir)
            wait_for(lambda: "nothing is acknowledged" in line.said(), "the alarm")
            recorded = line.judged()
            wait_for(lambda: captured_so_far(line) > recorded + 30, "inspection going on")
            assert "ALARM" in line.said()
            filler.unlink()
            camera = line.summary()["cameras"]["belt"]
        assert camera["ledger_closed"] and camera["dropped"] == {}, line.said()
        assert (camera["captured"], camera["bad"], camera["unknown"]) == (FRAMES, len(BAD), 0), line.said()


def test_a_data_folder_that_cannot_be_written_is_an_alarm_and_inspection_goes_on(tmp_path: Path) -> None:
    recording = write_recording(tmp_path / "belt.mp4", numbered_frames(FRAMES, bad=BAD), fps=20)
    (tmp_path / "data").write_text("a file where the folder should be")
    # A machine that stalls for a moment must not look like a hung capture here: one that dies while nothing can be
    # recorded waits for the disk before it goes on in its recording.
    more = "supervisor:\n  stop_s: 1\n  silent_after_s: 15\n"
    with running(write_line(tmp_path, recording, more, camera="pace: recorded")) as line:
        wait_for(lambda: captured_so_far(line) > 60, "inspection going on")
        assert "ALARM" in line.said() and "set data_dir to a writable folder" in line.said()
        line.process.terminate()
        line.process.communicate(timeout=30)
    assert line.process.returncode == 2
    assert "Traceback" not in line.said(), line.said()


def test_a_data_folder_that_becomes_writable_takes_all_that_waited(tmp_path: Path) -> None:
    recording = write_recording(tmp_path / "belt.mp4", numbered_frames(FRAMES, bad=BAD), fps=20)
    blocker = tmp_path / "data"
    blocker.write_text("a file where the folder should be")
    with running(write_line(tmp_path, recording, camera="pace: recorded")) as line:
        wait_for(lambda: captured_so_far(line) > 60, "inspection going on")
        line.kill("record")
        blocker.unlink()
        camera = line.summary()["cameras"]["belt"]
    assert camera["ledger_closed"] and camera["captured"] == FRAMES, line.said()
    assert camera["good"] + camera["bad"] + sum(camera["dropped"].values()) == FRAMES, line.said()
    assert set(camera["dropped"]) <= {"unrecorded"}, line.said()
