"""Challenges through a whole line in real processes: none is lost without a result, whoever is killed meanwhile."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import cv2

from detector.verdict import Box
from tests.line import DEADLINE_S, ROOT, RunningLine, rows, running, wait_for, write_line
from tests.pictures import grey, with_red
from tests.sites import PATIENT

SOURCE = "numbered:?size=160x120&fps=25&bad=0"
OUTCOMES = "SELECT new FROM acts WHERE kind='challenge' AND role='system' AND id LIKE 'outcome of %' ORDER BY number"
BEGUN = "SELECT count(*) FROM acts WHERE kind='challenge' AND id NOT LIKE 'outcome of %'"
FRAMES = (
    "SELECT run, start, stop, outcome FROM ledger WHERE run IN (SELECT run FROM runs WHERE source {} 'challenge:%')"
)


def stored(folder: Path) -> Path:
    """A picture of a bad part, and a mask that says where it is bad."""
    pictures = folder / "known bad"
    pictures.mkdir()
    cv2.imwrite(str(pictures / "red.png"), with_red(grey(), Box(40, 40, 80, 80)))
    mask = grey(level=0)
    mask[45:75, 45:75] = 255
    cv2.imwrite(str(pictures / "red_mask.png"), mask)
    return pictures


def challenged_line(folder: Path, more: str = "", deadline_s: int = 90) -> Path:
    settings = f"challenge:\n  pictures: {json.dumps(str(stored(folder)))}\n  deadline_s: {deadline_s}{more}"
    # Else a slow machine may drop the picture, or have a stopped inspector replaced before its time.
    return write_line(folder, SOURCE, PATIENT, camera=f"policy: every\n{settings}")


def outcomes(line: RunningLine) -> list[dict[str, Any]]:
    return [json.loads(new) for (new,) in rows(line.data_dir, OUTCOMES)]


def is_begun(line: RunningLine, count: int) -> bool:
    return rows(line.data_dir, BEGUN) == [(count,)]


def is_ended(line: RunningLine, count: int) -> bool:
    return len(outcomes(line)) == count


def challenge(file: Path, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "stream", "challenge", str(file), *words]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def stop(file: Path) -> None:
    subprocess.run([sys.executable, "-m", "stream", "stop", str(file)], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def test_a_stored_picture_is_caught_missed_or_refused_and_is_no_product(tmp_path: Path) -> None:
    file = challenged_line(tmp_path, "\n  each_shift: true")
    with running(file) as line:
        wait_for(lambda: outcomes(line), "the challenge of this shift, by itself")
        red = tmp_path / "known bad" / "red.png"
        cv2.imwrite(str(red), grey())
        asked = challenge(file)
        said, _ = asked.communicate(timeout=DEADLINE_S)
        assert (asked.returncode, said.strip()) == (1, "belt: missed: it was judged GOOD")
        cv2.imwrite(str(red), grey(60, 80))
        asked = challenge(file, "--json")
        said, _ = asked.communicate(timeout=DEADLINE_S)
        assert asked.returncode == 1 and json.loads(said)["result"] == "undecided"
        assert "80x60 px, the camera's pictures 160x120" in json.loads(said)["said"]
        asked = challenge(file, "--part", "--within", "1")
        wait_for(lambda: rows(line.data_dir, BEGUN) == [(4,)], "the known-bad part is announced")
        stop(file)
        said, _ = asked.communicate(timeout=DEADLINE_S)
        assert asked.returncode == 1 and "it is not decided" in said, "it waits for no line that was stopped"
        summary = line.summary()
    assert [one["result"] for one in outcomes(line)][:3] == ["caught", "missed", "undecided"]
    assert summary["cameras"]["belt"]["ledger_closed"] and summary["cameras"]["belt"]["bad"] == 0
    assert [outcome for *_, outcome in rows(line.data_dir, FRAMES.format("LIKE"))] == ["BAD", "GOOD"]
    assert rows(line.data_dir, "SELECT count(*) FROM verdicts WHERE state='BAD'") == [(0,)]
    assert rows(line.data_dir, "SELECT count(*) FROM incidents") == [(0,)]
    ((captured,),) = rows(line.data_dir, "SELECT captured FROM runs WHERE source NOT LIKE 'challenge:%'")
    assert rows(line.data_dir, "SELECT sum(good + bad + unknown + dropped) FROM minutes") == [(captured,)]
    spans = rows(line.data_dir, FRAMES.format("NOT LIKE"))
    assert sum(stop - start for _, start, stop, _ in spans) == captured, "no gap in the camera's own numbers"


def test_a_killed_capture_and_a_killed_recorder_lose_no_challenge(tmp_path: Path) -> None:
    file = challenged_line(tmp_path)
    with running(file) as line:
        wait_for(lambda: line.judged() > 10, "frames")
        for role in ("capture belt", "record"):
            before = len(outcomes(line))
            inspector = line.wait_role("inspect 1")
            os.kill(inspector, signal.SIGSTOP)  # the stored picture waits in the ring
            asked = challenge(file)
            wait_for(partial(is_begun, line, before + 1), "the challenge on record")
            killed = line.kill(role)
            line.wait_beating(role, other_than=killed)
            os.kill(inspector, signal.SIGCONT)
            wait_for(partial(is_ended, line, before + 1), "what came of it")
            asked.communicate(timeout=DEADLINE_S)
        stop(file)
        assert line.summary()["cameras"]["belt"]["ledger_closed"]
    assert all(one["result"] in ("caught", "undecided") for one in outcomes(line))
    assert rows(line.data_dir, BEGUN) == [(2,)] and len(outcomes(line)) == 2


def test_a_line_that_was_killed_says_at_its_next_start_what_came_of_the_challenge(tmp_path: Path) -> None:
    file = challenged_line(tmp_path)
    with running(file) as line:
        wait_for(lambda: line.judged() > 10, "frames")
        os.kill(line.wait_role("inspect 1"), signal.SIGSTOP)
        asked = challenge(file)
        wait_for(lambda: rows(line.data_dir, BEGUN) == [(1,)], "the challenge on record")
        line.process.kill()
        line.process.wait()
        asked.kill()
        asked.communicate()
        open_ones = len(outcomes(line))
    with running(file, "--set", "camera.challenge.deadline_s=1") as line:
        wait_for(partial(is_ended, line, 1), "what came of it")
        before = line.judged()
        wait_for(lambda: line.judged() > before, "further frames")
        stop(file)
        assert line.summary()["cameras"]["belt"]["ledger_closed"]
    (outcome,) = outcomes(line)
    assert (open_ones, outcome["result"] in ("caught", "undecided")) == (0, True)
