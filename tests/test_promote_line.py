"""Another bundle under a running line, which loses no frame over it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from detector.bundle import open_bundle
from stream.live_bundle import POINTER, Live, bundles_folder, keep, read_live
from tests.bundles import WRONG, tiny_variant
from tests.line import DEADLINE_S, ROOT, TINY_BUNDLE, RunningLine, intervals, roles_of, rows, running, wait_for
from tests.recordings import numbered_frames, write_recording
from tests.sites import Site, site_in
from tools.promote import run

TINY = open_bundle(TINY_BUNDLE)

FRAMES = 1200  # for longer than all that is done meanwhile takes
EVERY = 3  # each third frame is BAD: its row says which bundle judged it


@dataclass
class Told:
    """What came of a line whose bundle was changed while it ran."""

    site: Site
    codes: dict[str, int]
    words: dict[str, str]
    summary: dict[str, Any]
    said: str

    def bundles(self) -> list[tuple[int, str]]:
        """Every BAD frame and the name of the bundle that judged it, in order."""
        found = rows(self.site.data_dir, "SELECT seq, bundle FROM verdicts WHERE state='BAD' ORDER BY seq")
        return [(seq, bundle.partition("@")[0]) for seq, bundle in found]


def stream(command: str, *words: str | Path) -> subprocess.CompletedProcess[str]:
    return python("-m", "stream", command, *words)


def python(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *map(str, words)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=DEADLINE_S, check=False)


def goes_on(line: RunningLine, frames: int = 6) -> None:
    judged = line.judged()
    wait_for(lambda: line.judged() > judged + frames, "further verdicts")


def alone(line: RunningLine, role: str) -> None:
    """Waits until this is the only inspector."""
    wait_for(lambda: {name for name in roles_of(line.process.pid) if name.startswith("inspect ")} == {role}, role)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """Promoted in the middle; then a bundle that refuses; then rolled back, while an inspector is killed."""
    folder = tmp_path_factory.mktemp("promoted")
    recording = write_recording(
        folder / "belt.mp4", numbered_frames(FRAMES, bad=range(0, FRAMES, EVERY)), fps=6
    )  # it lasts longer than all that is done meanwhile
    site = site_in(folder, recording, "pace: recorded")
    codes, words = {}, {}
    codes["first"] = run(site.words(TINY_BUNDLE))
    with running(site.file) as line:
        goes_on(line)
        codes["second"] = run(site.words(tiny_variant(folder, "second")))
        goes_on(line)
        alone(line, "inspect 2")

        before = read_live(site.data_dir)
        assert before is not None
        wrong = keep(open_bundle(tiny_variant(folder, "wrong", WRONG)), site.data_dir)
        pointer = bundles_folder(site.data_dir) / POINTER
        right = pointer.read_bytes()
        pointer.write_bytes(msgspec.json.encode(Live(wrong.name, (), before.since)))
        refused = stream("promote", site.file)
        codes["wrong"], words["wrong"] = refused.returncode, refused.stdout
        pointer.write_bytes(right)
        goes_on(line)
        alone(line, "inspect 2")

        back = [sys.executable, "-m", "tools.promote", str(site.file), "--rollback", "--why", "worse"]
        rolling = subprocess.Popen(back, cwd=ROOT, stdout=subprocess.DEVNULL)
        line.wait_role("inspect 1")
        if (old := line.role("inspect 2")) is not None:  # it goes by itself once the other has taken over
            with contextlib.suppress(ProcessLookupError):
                os.kill(old, signal.SIGKILL)
        codes["back"] = rolling.wait(DEADLINE_S)
        goes_on(line)
        alone(line, "inspect 1")
        stopped = stream("stop", site.file)
        codes["stop"] = stopped.returncode
        summary = line.summary()
        return Told(site, codes, words, summary, line.said())


def test_a_running_line_takes_another_bundle_and_loses_no_frame(told: Told) -> None:
    camera = told.summary["cameras"]["belt"]
    assert told.codes == {"first": 0, "second": 0, "wrong": 1, "back": 0, "stop": 0}, told.said
    assert camera["ledger_closed"] and (camera["unknown"], camera["dropped"], len(camera["runs"])) == (0, {}, 1)
    outcomes = {seq: i.outcome for i in intervals(told.site.data_dir) for seq in range(i.start, i.stop)}
    assert outcomes == {seq: "GOOD" if seq % EVERY else "BAD" for seq in range(camera["captured"])}, told.said


def test_each_verdict_names_the_bundle_that_was_live(told: Told) -> None:
    judged = told.bundles()
    assert [seq for seq, _ in judged] == [
        seq for seq in range(told.summary["cameras"]["belt"]["captured"]) if not seq % EVERY
    ]
    names = [name for _, name in judged]
    changes = [name for name, before in zip(names, ["", *names], strict=False) if name != before]
    assert changes == ["tiny", "second", "tiny"], "one clean cut a change, and nothing by a bundle that refuses"
    assert told.summary["bundle"] == TINY.id


def test_a_bundle_that_refuses_leaves_the_line_with_the_old_and_says_why(told: Told) -> None:
    assert "golden/good_2.png" in told.words["wrong"] and "second@" in told.words["wrong"]
    assert "goes on" in told.words["wrong"]


def test_an_orderly_change_is_nobodys_death_and_all_of_it_is_on_record(told: Told) -> None:
    events = rows(told.site.data_dir, "SELECT kind, text FROM events ORDER BY id")
    changes = [text.split("@")[0] for kind, text in events if kind == "promote"]
    assert changes == ["second", "wrong", "tiny"] and "poison" not in dict(events)
    restarts = [text for kind, text in events if kind == "restart"]
    assert all(text.startswith("inspect 2") for text in restarts), "the one that was killed alone"
    assert told.site.kinds() == ["promoted", "promoted", "rolled back"]
    acts = rows(told.site.data_dir, "SELECT subject, old, new FROM acts WHERE kind='bundle' ORDER BY number")
    assert [(why, old.split("@")[0], new.split("@")[0]) for why, old, new in acts] == [
        ("inspector.bundle: a test", "tiny", "second"),
        ("inspector.bundle: worse", "second", "tiny"),
    ]
    assert len(rows(told.site.data_dir, "SELECT * FROM acts WHERE kind='promote'")) == 3
