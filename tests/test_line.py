"""The whole line in real processes: recordings judged to the last frame, whatever is killed or stopped meanwhile."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import av
import cv2
import pytest

from tests.line import ROOT, alive, roles_of, rows, run_to_end, running, wait_for, write_line
from tests.recordings import numbered_frames, read_number, write_recording

FRAMES = 150
BAD = {20, 21, 22, 60, 61, 100, 101, 102, 103, 140}
PACED = "pace: recorded\npolicy: every"


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """150 numbered frames, ten of them BAD, in four incidents."""
    path = tmp_path_factory.mktemp("recording") / "belt.mp4"
    return write_recording(path, numbered_frames(FRAMES, bad=BAD), fps=50)


@pytest.fixture(scope="module")
def undisturbed(recording: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The digest of a run in which nothing went wrong."""
    summary, code, said = run_to_end(write_line(tmp_path_factory.mktemp("undisturbed"), recording))
    assert code == 0, said
    camera = summary["cameras"]["belt"]
    assert (camera["captured"], camera["good"], camera["bad"], camera["unknown"]) == (
        FRAMES,
        FRAMES - len(BAD),
        len(BAD),
        0,
    )
    assert camera["dropped"] == {} and camera["ledger_closed"] and summary["incidents"] == 4
    return str(camera["digest"])


def test_the_summary_says_what_the_issue_promises(recording: Path, tmp_path: Path) -> None:
    summary, code, _ = run_to_end(write_line(tmp_path, recording))
    assert code == 0
    wanted = {"runs", "captured", "good", "bad", "unknown", "dropped", "ledger_closed", "digest"}
    assert wanted <= summary["cameras"]["belt"].keys()
    assert {"cameras", "incidents", "latency_ms", "engine", "bundle", "data_dir"} <= summary.keys()
    assert 0 < summary["latency_ms"]["p50"] <= summary["latency_ms"]["p99"]
    assert summary["engine"].startswith("onnxruntime cpu") and summary["bundle"].startswith("tiny@")


@pytest.mark.parametrize("role", ["inspect 1", "record", "capture belt", "display"])
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


@pytest.mark.parametrize("role", ["inspect 1", "record", "capture belt", "display"])
def test_a_stopped_role_is_found_and_replaced(recording: Path, undisturbed: str, tmp_path: Path, role: str) -> None:
    with running(write_line(tmp_path, recording, camera=PACED)) as line:
        wait_for(lambda: line.judged() > 30, "the first verdicts")
        stopped = line.kill(role, signal.SIGSTOP)
        line.wait_role(role, other_than=stopped)
        camera = line.summary()["cameras"]["belt"]
    assert not alive(stopped)
    assert (camera["captured"], camera["ledger_closed"], camera["digest"]) == (FRAMES, True, undisturbed), line.said()


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


def test_evidence_is_the_very_frame_that_was_judged_and_the_worst_of_its_incident(
    recording: Path, tmp_path: Path
) -> None:
    summary, _, said = run_to_end(write_line(tmp_path, recording))
    data_dir = Path(summary["data_dir"])
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


def test_no_process_and_no_ring_outlives_a_line(recording: Path, tmp_path: Path) -> None:
    with running(write_line(tmp_path, recording, camera=PACED)) as line:
        wait_for(lambda: line.judged() > 10, "the first verdicts")
        children = roles_of(line.process.pid)
        assert set(children) == {"record", "display", "inspect 1", "capture belt"}
        line.process.send_signal(signal.SIGTERM)
        camera = line.summary()["cameras"]["belt"]
    assert line.process.returncode == 0, line.said()
    assert camera["ledger_closed"] and camera["captured"] < FRAMES, line.said()
    assert not [name for name, pid in children.items() if alive(pid)]


def test_no_child_outlives_a_killed_supervisor_and_the_next_start_closes_its_ledger(
    recording: Path, tmp_path: Path
) -> None:
    file = write_line(tmp_path, recording, camera=PACED)
    with running(file) as line:
        wait_for(lambda: line.judged() > 20, "the first verdicts")
        children = roles_of(line.process.pid)
        os.kill(line.process.pid, signal.SIGKILL)
        wait_for(lambda: not [pid for pid in children.values() if alive(pid)], "the end of all children", 5.0)
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


def test_the_film_of_a_recording_holds_every_frame(recording: Path, tmp_path: Path) -> None:
    summary, _, said = run_to_end(write_line(tmp_path, recording, "recorder:\n  overlay_video: true\n"))
    run = summary["cameras"]["belt"]["runs"][0]
    film = tmp_path / "data" / "video" / f"belt-{run}.mp4"
    assert f"Overlay video    {film}" in said
    with av.open(str(film)) as container:
        numbers = [read_number(frame.to_ndarray(format="bgr24")) for frame in container.decode(video=0)]
    assert numbers == list(range(FRAMES))


def test_a_recording_that_was_resumed_and_then_stopped_closes_its_ledger(recording: Path, tmp_path: Path) -> None:
    with running(write_line(tmp_path, recording, camera=PACED)) as line:
        wait_for(lambda: line.judged() > 30, "the first verdicts")
        killed = line.kill("capture belt")
        line.wait_role("capture belt", other_than=killed)
        line.process.send_signal(signal.SIGTERM)
        camera = line.summary()["cameras"]["belt"]
    assert camera["ledger_closed"] and len(camera["runs"]) == 1, line.said()
    assert set(camera["dropped"]) <= {"capture_died"}
