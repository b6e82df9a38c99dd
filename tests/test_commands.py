"""The commands beside `run`, in real processes: replay, log, status, stop, and each role alone."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import zmq

from stream.__main__ import main
from stream.places import places_for
from tests.line import DEADLINE_S, ROOT, alive, catches, rows, run_to_end, running, wait_for, write_line
from tests.recordings import numbered_frames, size_changes, write_recording

BAD = {5, 6, 30}


def stream(*words: str | Path, timeout_s: float = DEADLINE_S) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "stream", *map(str, words)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=timeout_s, check=False)


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, int]:
    """A line that has judged a recording: its YAML, the recording, the run."""
    folder = tmp_path_factory.mktemp("judged")
    recording = write_recording(folder / "belt.mp4", numbered_frames(50, bad=BAD))
    file = write_line(folder, recording)
    summary, code, said = run_to_end(file)
    assert code == 0, said
    return file, recording, summary["cameras"]["belt"]["runs"][0]


def test_a_replay_of_the_same_recording_is_exact(judged: tuple[Path, Path, int]) -> None:
    file, recording, run = judged
    done = stream("replay", recording, "--config", file, "--diff", str(run), "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout.splitlines()[-1])
    assert document["changed"] == [] and "bit for bit" in document["note"]


def test_a_replay_names_each_frame_that_is_judged_otherwise(judged: tuple[Path, Path, int], tmp_path: Path) -> None:
    file, _, run = judged
    other = write_recording(tmp_path / "other.mp4", numbered_frames(50, bad={5, 40}))
    done = stream("replay", other, "--config", file, "--diff", str(run))
    assert done.returncode == 1, done.stderr
    assert "frame 6: BAD -> GOOD" in done.stdout and "frame 40: GOOD -> BAD" in done.stdout
    assert "frame 30: BAD -> GOOD" in done.stdout and "frame 5:" not in done.stdout


def test_a_replay_against_an_unknown_run_says_so(judged: tuple[Path, Path, int]) -> None:
    file, recording, _ = judged
    done = stream("replay", recording, "--config", file, "--diff", "12345")
    assert done.returncode == 2 and "--diff 12345: no such run" in done.stderr


def test_a_replay_of_a_camera_that_is_not_there_is_misuse(judged: tuple[Path, Path, int]) -> None:
    file, recording, _ = judged
    done = stream("replay", recording, "--config", file, "--camera", "bolt")
    assert done.returncode == 2 and done.stderr == "--camera: got bolt; the cameras of this line are belt\n"


def test_the_log_lists_each_bad_frame(judged: tuple[Path, Path, int]) -> None:
    file, _, run = judged
    done = stream("log", file, "--since", "1h", "--camera", "belt", "--state", "BAD")
    assert done.returncode == 0
    for seq in BAD:
        assert f"{run}/{seq}" in done.stdout


def test_the_log_exports_csv_and_coco(judged: tuple[Path, Path, int]) -> None:
    file, _, run = judged
    data_dir = file.parent / "data"
    table = csv.DictReader(io.StringIO(stream("log", "--data-dir", data_dir, "--export", "csv").stdout))
    mine = [row for row in table if int(row["run"]) == run]
    assert {int(row["seq"]) for row in mine} == BAD and {row["state"] for row in mine} == {"BAD"}
    coco = json.loads(stream("log", file, "--export", "coco").stdout)
    assert {image["width"] for image in coco["images"]} == {320}
    assert all((data_dir / image["file_name"]).is_file() for image in coco["images"])
    x, y, width, height = coco["annotations"][0]["bbox"]
    assert 210 <= x <= 230 and 130 <= y <= 150 and 70 <= width <= 90 and 70 <= height <= 90


def test_a_log_that_is_not_there_is_said_plainly(tmp_path: Path) -> None:
    done = stream("log", "--data-dir", tmp_path)
    assert done.returncode == 2 and "no log here" in done.stderr and "Traceback" not in done.stderr


def test_status_and_stop_reach_a_running_line_and_are_on_record(tmp_path: Path) -> None:
    recording = write_recording(tmp_path / "belt.mp4", numbered_frames(400), fps=2)
    file = write_line(tmp_path, recording, camera="pace: recorded")
    assert stream("status", file).returncode == 1, "nothing runs yet"
    with running(file) as line:
        wait_for(lambda: line.judged() > 2, "the first verdicts")
        answer = json.loads(stream("status", file, "--json").stdout)
        assert {role["role"] for role in answer["house"]["roles"]} == {"record", "display", "inspect 1", "capture belt"}
        taken = wait_for(lambda: re.search(r"http://127.0.0.1:(\d+)/", line.said()), "the page's address")[1]
        for port in ("0", taken):  # a line that has a port of its own set would find it taken by itself
            second = stream("run", file, "--until-end", "--set", f"display.port={port}")
            assert second.returncode == 2 and "runs already" in second.stderr
        replay = stream("replay", recording, "--config", file)
        assert replay.returncode == 2 and "runs already" in replay.stderr
        assert "Stop the line" in replay.stderr and "--set data_dir=DIR, without --diff" in replay.stderr
        assert stream("stop", file).returncode == 0
        assert line.process.poll() == 0, "it has ended, all of it: its page's port is free"
        camera = line.summary()["cameras"]["belt"]
    assert line.process.returncode == 0 and camera["ledger_closed"] and camera["captured"] < 400, line.said()
    asked = [text for (text,) in rows(line.data_dir, "SELECT text FROM events WHERE kind='control'")]
    assert [text.split()[0] for text in asked] == ["status", "stop"]
    listed = stream("log", file, "--events").stdout
    assert "control" in listed and "stop asked by" in listed


@pytest.mark.parametrize("command", ["status", "stop"])
def test_a_folder_that_others_may_enter_is_said_plainly(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("stream.places.SHM", tmp_path)
    open_to_all = tmp_path / f"linewatch-{os.getuid()}"
    open_to_all.mkdir()
    open_to_all.chmod(0o755)
    assert main([command, str(write_line(tmp_path, "synthetic:"))]) == 1
    assert "got owner" in (said := capsys.readouterr().err) and "mode 0755" in said and "Traceback" not in said


def test_each_role_runs_alone_and_they_find_each_other(tmp_path: Path) -> None:
    recording = write_recording(tmp_path / "belt.mp4", numbered_frames(40, bad=BAD))
    file = write_line(tmp_path, recording)
    log = (tmp_path / "roles.log").open("w")
    roles = [
        subprocess.Popen(
            [sys.executable, "-m", "stream", role, str(file)], cwd=ROOT, stderr=log, stdin=subprocess.DEVNULL
        )
        for role in ("capture", "inspect", "record", "display")
    ]
    try:

        def closed() -> bool:
            counted = rows(tmp_path / "data", "SELECT sum(stop - start) FROM ledger")
            ended = rows(tmp_path / "data", "SELECT captured FROM runs WHERE ended=1")
            return ended == [(40,)] and counted == [(40,)]

        wait_for(closed, "the end of the recording on record")
        for role in roles:  # the display has nothing to do with that end, and may still be coming up
            wait_for(lambda pid=role.pid: catches(pid, signal.SIGTERM), "a role that can be told to stop")
    finally:
        for role in roles:
            role.send_signal(signal.SIGINT)
        codes = [role.wait(DEADLINE_S) for role in roles]
        log.close()
    assert codes == [0, 0, 0, 0], (tmp_path / "roles.log").read_text()


@pytest.fixture(scope="module")
def four(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any], str]:
    """The data_dir of a line of four cameras and two inspectors, its summary by camera, and what it said."""
    folder = tmp_path_factory.mktemp("four")
    first = write_recording(folder / "a.mp4", numbered_frames(60, bad={7}))
    others = {
        "other": write_recording(folder / "b.mp4", numbered_frames(60, bad={50})),
        "dark": write_recording(folder / "dark.mp4", (frame * 0 for frame in numbered_frames(20))),
        "sizes": size_changes(folder / "sizes.mkv"),
    }
    more = "".join(f"  {name}:\n    source: {source}\n" for name, source in others.items())
    summary, code, said = run_to_end(write_line(folder, first, more), "--set", "inspector.count=2")
    assert code == 0, said
    return folder / "data", summary["cameras"], said


def test_two_cameras_and_two_inspectors_share_the_work(four: tuple[Path, dict[str, Any], str]) -> None:
    _, cameras, said = four
    assert (cameras["belt"]["captured"], cameras["other"]["captured"]) == (60, 60)
    assert all(cameras[name]["ledger_closed"] and cameras[name]["bad"] == 1 for name in ("belt", "other")), said


def test_a_live_line_drops_by_name_and_closes_its_ledger(tmp_path: Path) -> None:
    """A camera far too fast for its inspector: the oldest waiting frame gives way, and is counted."""
    file = write_line(tmp_path, "synthetic:?fps=500&size=320x240&frames=600", camera="waiting_max: 1\nslots: 10")
    summary, code, said = run_to_end(file)
    camera = summary["cameras"]["belt"]
    assert code == 0 and camera["captured"] == 600 and camera["ledger_closed"], said
    counted = camera["good"] + camera["bad"] + camera["unknown"] + sum(camera["dropped"].values())
    assert counted == 600 and set(camera["dropped"]) <= {"newest", "ring_full"}


def test_a_frame_past_its_deadline_is_unknown_never_good(tmp_path: Path) -> None:
    file = write_line(tmp_path, "synthetic:?fps=50&size=320x240&frames=60", camera="deadline_ms: 0.01")
    summary, _, said = run_to_end(file)
    camera = summary["cameras"]["belt"]
    assert (camera["good"], camera["bad"]) == (0, 0) and camera["unknown"] > 0, said
    reasons = rows(tmp_path / "data", "SELECT DISTINCT reason FROM verdicts")
    assert reasons == [("deadline",)]


def test_a_black_picture_is_unknown_never_good(four: tuple[Path, dict[str, Any], str]) -> None:
    _, cameras, said = four
    assert cameras["dark"]["unknown"] == 20, said


def test_a_role_whose_supervisor_died_before_it_began_ends(tmp_path: Path) -> None:
    file = write_line(tmp_path, "synthetic:")
    process = subprocess.Popen(
        [sys.executable, "-m", "stream", "record", str(file), "--parent", str(os.getpid() + 1_000_000)], cwd=ROOT
    )
    assert process.wait(DEADLINE_S) == 1
    assert not alive(process.pid)


def test_a_folder_in_which_nothing_can_be_read_is_exit_code_2(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name in ("a.png", "b.png"):
        (folder / name).write_bytes(b"not a picture")
    summary, code, said = run_to_end(write_line(tmp_path, folder))
    camera = summary["cameras"]["belt"]
    assert (code, camera["captured"], camera["unknown"], camera["unreadable"]) == (2, 2, 2, 2), said


def test_a_change_of_size_in_the_middle_is_on_record(four: tuple[Path, dict[str, Any], str]) -> None:
    data_dir, _, said = four
    told = [text for (text,) in rows(data_dir, "SELECT text FROM events WHERE kind='size'")]
    assert told == ["the pictures are 400x300 px from frame 20 on; they were 320x240"], said


def test_garbage_on_a_socket_is_counted_and_changes_nothing(tmp_path: Path) -> None:
    recording = write_recording(tmp_path / "belt.mp4", numbered_frames(1000), fps=25)
    file = write_line(tmp_path, recording, camera="pace: recorded")
    with running(file) as line:
        wait_for(lambda: line.judged() > 5, "the first verdicts")
        with zmq.Context() as context, context.socket(zmq.DEALER) as stranger:
            stranger.connect(places_for(line.data_dir).socket("record"))
            for _ in range(50):
                stranger.send(os.urandom(200))
            wait_for(lambda: rows(line.data_dir, "SELECT 1 FROM events WHERE kind='garbage'"), "it, on record")
            judged = line.judged()
            wait_for(lambda: line.judged() > judged, "further verdicts")
            line.process.send_signal(signal.SIGTERM)
            camera = line.summary()["cameras"]["belt"]
            stranger.close(linger=0)
    assert camera["captured"] == camera["good"] > judged and camera["ledger_closed"], line.said()
