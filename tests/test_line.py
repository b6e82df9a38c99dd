"""The whole line in real processes: recordings judged to the last frame, whatever is killed or stopped meanwhile."""

from __future__ import annotations

import json
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import cv2
import pytest

from stream.__main__ import main as audit
from stream.incidents import BadFrame, incidents_of
from stream.settings import RecorderSettings
from tests.line import ROOT, alive, intervals, roles_of, rows, run_to_end, running, wait_for, write_line
from tests.recordings import numbered_frames, read_number, write_recording

FRAMES = 150
BAD_ROWS = "SELECT seq, score FROM verdicts WHERE state='BAD'"
BAD = {20, 21, 22, 60, 61, 100, 101, 102, 103, 140}
PACED = "pace: recorded\npolicy: every"
LONG, LONG_BAD = 1000, range(3, 1000, 20)  # 40 s: it is stopped, or a display comes up, long before its end


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """150 numbered frames, ten of them BAD, in four incidents."""
    path = tmp_path_factory.mktemp("recording") / "belt.mp4"
    return write_recording(path, numbered_frames(FRAMES, bad=BAD), fps=30)


@pytest.fixture(scope="module")
def long_recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_recording(tmp_path_factory.mktemp("long") / "belt.mp4", numbered_frames(LONG, bad=LONG_BAD), fps=25)


@dataclass(frozen=True)
class Ended:
    """A line that came to its end."""

    summary: dict[str, Any]
    said: str

    @property
    def data_dir(self) -> Path:
        return Path(self.summary["data_dir"])


@pytest.fixture(scope="module")
def quiet(recording: Path, tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """A line in which nothing went wrong, with a film of it."""
    file = write_line(tmp_path_factory.mktemp("quiet"), recording, "recorder:\n  overlay_video: true\n")
    summary, code, said = run_to_end(file)
    assert code == 0, said
    return Ended(summary, said)


@pytest.fixture(scope="module")
def undisturbed(quiet: Ended) -> str:
    """The digest of a run in which nothing went wrong."""
    summary, camera = quiet.summary, quiet.summary["cameras"]["belt"]
    assert (camera["captured"], camera["good"], camera["bad"], camera["unknown"]) == (
        FRAMES,
        FRAMES - len(BAD),
        len(BAD),
        0,
    )
    assert camera["dropped"] == {} and camera["ledger_closed"] and summary["incidents"] == 4
    return str(camera["digest"])


def test_the_summary_says_what_the_issue_promises(quiet: Ended) -> None:
    summary = quiet.summary
    wanted = {"runs", "captured", "good", "bad", "unknown", "dropped", "ledger_closed", "digest"}
    assert wanted <= summary["cameras"]["belt"].keys()
    assert {"cameras", "incidents", "latency_ms", "engine", "bundle", "data_dir"} <= summary.keys()
    assert 0 < summary["latency_ms"]["p50"] <= summary["latency_ms"]["p99"]
    assert summary["engine"].startswith("onnxruntime cpu") and summary["bundle"].startswith("tiny@")


@pytest.mark.parametrize("role", ["inspect 1", "record", "capture belt"])
def test_a_role_killed_in_the_middle_changes_no_verdict(
    recording: Path, undisturbed: str, tmp_path: Path, role: str
) -> None:
    with running(write_line(tmp_path, recording, camera=PACED)) as line:
        wait_for(lambda: line.judged() > 30, "the first verdicts")
        killed = line.kill(role)
        line.wait_role(role, other_than=killed)
        camera = line.summary()["cameras"]["belt"]
    assert (camera["captured"], camera["ledger_closed"], camera["dropped"]) == (FRAMES, True, {}), line.said()
    assert camera["digest"] == undisturbed, line.said()
    assert len(camera["runs"]) == 1


def test_a_stopped_role_is_found_and_replaced(recording: Path, undisturbed: str, tmp_path: Path) -> None:
    stopped = {}
    with running(write_line(tmp_path, recording, camera=PACED)) as line:
        for judged, role in [(20, "inspect 1"), (40, "record"), (60, "capture belt")]:
            wait_for(lambda n=judged: line.judged() > n, f"{judged} verdicts")
            stopped[role] = line.kill(role, signal.SIGSTOP)
            line.wait_role(role, other_than=stopped[role])
        camera = line.summary()["cameras"]["belt"]
    assert not [role for role, pid in stopped.items() if alive(pid)]
    assert (camera["captured"], camera["ledger_closed"], camera["digest"]) == (FRAMES, True, undisturbed), line.said()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "stopped"])
def test_a_display_killed_or_stopped_in_the_middle_is_replaced_and_changes_no_verdict(
    long_recording: Path, tmp_path: Path, number: signal.Signals
) -> None:
    """No line waits for its display: this one goes on until that is back."""
    with running(write_line(tmp_path, long_recording, camera=PACED)) as line:
        wait_for(lambda: line.judged() > 10, "the first verdicts")
        gone = line.kill("display", number)
        line.wait_beating("display", other_than=gone)
        judged = line.judged()
        wait_for(lambda: line.judged() > judged, "verdicts going on")
        line.process.send_signal(signal.SIGTERM)
        camera = line.summary()["cameras"]["belt"]
    assert not alive(gone)
    assert camera["ledger_closed"] and (camera["dropped"], len(camera["runs"])) == ({}, 1), line.said()
    outcomes = {seq: i.outcome for i in intervals(line.data_dir) for seq in range(i.start, i.stop)}
    wanted = {seq: "BAD" if seq in LONG_BAD else "GOOD" for seq in range(camera["captured"])}
    assert outcomes == wanted, line.said()


def test_every_role_killed_again_and_again_changes_no_verdict(
    recording: Path, undisturbed: str, tmp_path: Path
) -> None:
    with running(write_line(tmp_path, recording, camera=PACED)) as line:
        for judged, role in [
            (10, "record"),
            (30, "capture belt"),
            (50, "inspect 1"),
            (60, "record"),
            (80, "capture belt"),
        ]:
            wait_for(lambda n=judged: line.judged() > n, f"{judged} verdicts")
            line.kill(role)
        camera = line.summary()["cameras"]["belt"]
    assert (camera["captured"], camera["ledger_closed"], camera["digest"]) == (FRAMES, True, undisturbed), line.said()
    assert audit(["audit", "verify", "--data-dir", str(line.data_dir), "--evidence"]) == 0
    incidents = rows(line.data_dir, "SELECT first_seq, last_seq, frames, worst_seq, evidence <> '' FROM incidents")
    wanted = incidents_of(
        (BadFrame(*row) for row in rows(line.data_dir, BAD_ROWS)), RecorderSettings().incident_gap_frames
    )
    assert incidents == [(i.first_seq, i.last_seq, i.frames, i.worst.seq, 1) for i in wanted]


def test_evidence_is_the_very_frame_that_was_judged_and_the_worst_of_its_incident(quiet: Ended) -> None:
    summary, said, data_dir = quiet.summary, quiet.said, quiet.data_dir
    kept = rows(data_dir, "SELECT seq, evidence FROM verdicts WHERE evidence IS NOT NULL ORDER BY seq")
    assert len(kept) == summary["incidents"] == 4, said
    for seq, folder in kept:
        assert seq in BAD
        assert read_number(cv2.imread(str(data_dir / folder / "frame.png"))) == seq
        mask = cv2.imread(str(data_dir / folder / "mask.png"), cv2.IMREAD_UNCHANGED)
        assert mask.shape == (240, 320) and mask[180, 260] == 255 and mask[120, 100] == 0
        described = json.loads((data_dir / folder / "evidence.json").read_text())
        assert described["seq"] == seq and described["bundle_id"] == summary["bundle"]
        x0, y0, x1, y1 = described["defects"][0]["box"]
        assert 210 <= x0 <= 230 and 130 <= y0 <= 150 and 290 <= x1 <= 310 and 210 <= y1 <= 230
    folders = sorted(p.relative_to(data_dir).as_posix() for p in (data_dir / "evidence").glob("*/*/*"))
    assert folders == sorted(folder for _, folder in kept), "no evidence without its row"


def test_no_process_and_no_ring_outlives_a_line(long_recording: Path, tmp_path: Path) -> None:
    with running(write_line(tmp_path, long_recording, camera=PACED)) as line:
        wait_for(lambda: line.judged() > 10, "the first verdicts")
        everybody = {"record", "display", "inspect 1", "capture belt"}  # the display may still be coming up
        wait_for(lambda: set(roles_of(line.process.pid)) - {"spare"} == everybody, "all roles and no other")
        children = roles_of(line.process.pid)
        line.process.send_signal(signal.SIGTERM)
        camera = line.summary()["cameras"]["belt"]
    assert line.process.returncode == 0, line.said()
    assert camera["ledger_closed"] and camera["captured"] < LONG, line.said()
    assert not [name for name, pid in children.items() if alive(pid)]


def test_no_child_outlives_a_killed_supervisor_and_the_next_start_closes_its_ledger(
    recording: Path, tmp_path: Path
) -> None:
    file = write_line(tmp_path, recording, camera=PACED)
    with running(file) as line:
        wait_for(lambda: line.judged() > 20, "the first verdicts")
        children = roles_of(line.process.pid)
        os.kill(line.process.pid, signal.SIGKILL)
        wait_for(lambda: not [pid for pid in children.values() if alive(pid)], "the end of all children")
    summary, code, said = run_to_end(file)
    assert code == 0 and summary["cameras"]["belt"]["captured"] == FRAMES, said
    data_dir = Path(summary["data_dir"])
    first = rows(data_dir, "SELECT run, captured, ended FROM runs ORDER BY run")[0]
    assert first[2] == 1, "the interrupted run is closed"
    covered = rows(data_dir, f"SELECT sum(stop - start) FROM ledger WHERE run={first[0]}")[0][0]
    assert covered == first[1], "each frame of the interrupted run is accounted for"


@pytest.mark.parametrize("role", ["inspect 1"])
def test_a_frame_that_kills_three_inspectors_is_unknown(recording: Path, tmp_path: Path, role: str) -> None:
    with running(write_line(tmp_path, recording, camera=PACED)) as line:
        for _ in range(3):
            wait_for(lambda: line.judged() > 5, "the first verdicts")
            line.kill(role)
        camera = line.summary()["cameras"]["belt"]
    assert camera["captured"] == camera["good"] + camera["bad"] + camera["unknown"] == FRAMES
    assert camera["ledger_closed"], line.said()


def test_in_batches_a_killed_inspector_changes_no_verdict_and_nobody_dies_for_another_frame(
    long_recording: Path, tmp_path: Path
) -> None:
    """Killed with a batch in hand, again and again: each of its frames is judged alone after that, and none is lost."""
    file = write_line(tmp_path, long_recording, camera="policy: every")
    file.write_text(file.read_text().replace("  device: cpu\n", "  device: cpu\n  batch: 4\n"))
    with running(file) as line:
        for judged in (20, 200, 400, 600):
            wait_for(lambda n=judged: line.judged() > n, f"{judged} verdicts")
            line.kill("inspect 1")
        summary = line.summary()
    camera = summary["cameras"]["belt"]
    assert summary["engine"].endswith(", batches of 4")
    assert (camera["captured"], camera["ledger_closed"], camera["unknown"]) == (LONG, True, 0), line.said()
    outcomes = {seq: i.outcome for i in intervals(line.data_dir) for seq in range(i.start, i.stop)}
    assert outcomes == {seq: "BAD" if seq in LONG_BAD else "GOOD" for seq in range(LONG)}, line.said()


def test_the_real_recording_is_accounted_for_to_the_last_frame(tmp_path: Path) -> None:
    bottles = ROOT.parent / "shared" / "data" / "video" / "bottles.mp4"
    if not bottles.is_file():
        pytest.skip(f"needs the real recording at {bottles.name}, which is not part of the project")
    summary, code, said = run_to_end(write_line(tmp_path, bottles))
    camera = summary["cameras"]["belt"]
    assert code == 0 and camera["captured"] == 1189 and camera["ledger_closed"], said
    assert camera["good"] + camera["bad"] + camera["unknown"] == 1189 and camera["dropped"] == {}


def test_a_capture_killed_after_the_end_of_its_recording_does_not_begin_again(recording: Path, tmp_path: Path) -> None:
    with running(write_line(tmp_path, recording, camera=PACED)) as line:
        wait_for(lambda: rows(line.data_dir, "SELECT 1 FROM runs WHERE ended=1"), "the end of the recording")
        line.process.send_signal(signal.SIGSTOP)  # the supervisor must not stop the line before the capture is dead
        if (pid := line.role("capture belt")) is not None:
            os.kill(pid, signal.SIGKILL)
        line.process.send_signal(signal.SIGCONT)
        camera = line.summary()["cameras"]["belt"]
    assert (len(camera["runs"]), camera["captured"], camera["ledger_closed"]) == (1, FRAMES, True), line.said()


def test_a_machine_that_stands_still_for_a_while_is_no_line_that_hangs(recording: Path, tmp_path: Path) -> None:
    with running(write_line(tmp_path, recording, camera=PACED)) as line:
        wait_for(lambda: line.judged() > 20, "the first verdicts")
        everybody = {"supervisor": line.process.pid, **roles_of(line.process.pid)}
        for pid in everybody.values():
            os.kill(pid, signal.SIGSTOP)
        time.sleep(2.5)  # this is the case, not a wait: longer than the patience with any role
        for pid in everybody.values():
            os.kill(pid, signal.SIGCONT)
        camera = line.summary()["cameras"]["belt"]
        assert "hung" not in line.said() and "started again" not in line.said(), line.said()
    assert (camera["captured"], camera["ledger_closed"], camera["dropped"]) == (FRAMES, True, {}), line.said()


def test_the_film_of_a_recording_holds_every_frame(quiet: Ended) -> None:
    run = quiet.summary["cameras"]["belt"]["runs"][0]
    film = quiet.data_dir / "video" / f"belt-{run}.mp4"
    assert f"Overlay video    {film}" in quiet.said
    with av.open(str(film)) as container:
        numbers = [read_number(frame.to_ndarray(format="bgr24")) for frame in container.decode(video=0)]
    assert numbers == list(range(FRAMES))


def test_a_recording_that_was_resumed_and_then_stopped_closes_its_ledger(long_recording: Path, tmp_path: Path) -> None:
    with running(write_line(tmp_path, long_recording, camera=PACED)) as line:
        wait_for(lambda: line.judged() > 30, "the first verdicts")
        killed = line.kill("capture belt")
        line.wait_beating("capture belt", other_than=killed)
        line.process.send_signal(signal.SIGTERM)
        camera = line.summary()["cameras"]["belt"]
    assert camera["ledger_closed"] and len(camera["runs"]) == 1, line.said()
    assert set(camera["dropped"]) <= {"capture_died"}
