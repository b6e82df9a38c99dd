"""A disk that refuses: nothing is acknowledged, inspection goes on, and nothing is lost once it takes records again."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.line import DEADLINE_S, RunningLine, alive, roles_of, rows, running, wait_for, write_line
from tests.needs import need
from tests.recordings import numbered_frames, write_recording

FRAMES = 200
BAD = {10, 11, 80, 81, 120, 160}
LONG, LONG_BAD = 1200, range(10, 1200, 100)  # it is stopped long before its end


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
            wait_for(lambda: "ALARM" in line.said(), "the alarm among the progress")
            filler.unlink()
            camera = line.summary()["cameras"]["belt"]
        assert camera["ledger_closed"] and camera["dropped"] == {}, line.said()
        assert (camera["captured"], camera["bad"], camera["unknown"]) == (FRAMES, len(BAD), 0), line.said()


def test_a_capture_that_dies_while_the_disk_is_full_goes_on_and_nothing_is_lost(tmp_path: Path) -> None:
    recording = write_recording(tmp_path / "belt.mp4", numbered_frames(LONG, bad=LONG_BAD), fps=20)
    with small_disk(tmp_path / "data", 16):
        more = "recorder:\n  evidence_min_free_mb: 1\n"
        with running(write_line(tmp_path, recording, more, camera="pace: recorded")) as line:
            wait_for(lambda: line.judged() > 30, "the first verdicts")
            filler = fill(line.data_dir)
            wait_for(lambda: "nothing is acknowledged" in line.said(), "the alarm")
            captured = captured_so_far(line)
            wait_for(lambda: captured_so_far(line) > captured + 10, "frames whose verdict is in memory alone")
            killed = line.kill("capture belt")
            line.wait_role("capture belt", other_than=killed)
            captured = captured_so_far(line)
            wait_for(lambda: captured_so_far(line) > captured + 20, "the recording going on, the disk still full")
            filler.unlink()
            line.process.send_signal(signal.SIGTERM)
            camera = line.summary()["cameras"]["belt"]
        assert camera["ledger_closed"] and camera["dropped"] == {} and len(camera["runs"]) == 1, line.said()
        bad = rows(line.data_dir, "SELECT seq FROM verdicts WHERE state='BAD' ORDER BY seq")
        assert [seq for (seq,) in bad] == [seq for seq in LONG_BAD if seq < camera["captured"]], line.said()
        assert camera["unknown"] == 0, line.said()


def test_a_data_folder_that_cannot_be_written_is_an_alarm_and_inspection_goes_on(tmp_path: Path) -> None:
    recording = write_recording(tmp_path / "belt.mp4", numbered_frames(FRAMES, bad=BAD), fps=20)
    (tmp_path / "data").write_text("a file where the folder should be")
    more = "supervisor:\n  stop_s: 1\n"
    with running(write_line(tmp_path, recording, more, camera="pace: recorded")) as line:
        wait_for(lambda: captured_so_far(line) > 60, "inspection going on")
        for said in ("ALARM", "set data_dir to a writable folder"):
            wait_for(lambda said=said: said in line.said(), said)
        line.process.terminate()
        line.process.communicate(timeout=DEADLINE_S)
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


@contextlib.contextmanager
def locked(log: Path) -> Iterator[None]:
    """Somebody else writes: no commit comes through."""
    with contextlib.closing(sqlite3.connect(log, timeout=DEADLINE_S, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        yield


def test_a_line_killed_whole_while_nothing_can_be_recorded_has_its_bad_frames_at_the_next_start(tmp_path: Path) -> None:
    """Their verdicts were in memory alone; their pictures lie in the ring still, and are judged again."""
    recording = write_recording(tmp_path / "belt.mp4", numbered_frames(FRAMES, bad=BAD), fps=40)
    file = write_line(tmp_path, recording, camera="pace: recorded")
    with running(file) as line:
        wait_for(lambda: line.judged() > 30, "the first verdicts")
        with locked(line.data_dir / "log.sqlite"):
            wait_for(lambda: captured_so_far(line) > max(BAD) + 10, "inspection going on past the last BAD frame")
            wait_for(lambda: "nothing is acknowledged" in line.said(), "the alarm")
            children = roles_of(line.process.pid)
            line.process.kill()
            wait_for(lambda: not [pid for pid in children.values() if alive(pid)], "the end of all of them")
    with running(file) as line:
        camera = line.summary()["cameras"]["belt"]
    assert camera["captured"] == FRAMES, line.said()
    run = rows(line.data_dir, "SELECT min(run) FROM runs")[0][0]
    bad = rows(line.data_dir, f"SELECT seq FROM verdicts WHERE run={run} AND state='BAD'")
    assert {seq for (seq,) in bad} == BAD, line.said()
