"""tools.promote: what passes the golden set goes live, also under a running line, which loses no frame over it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from detector.bundle import open_bundle
from detector.verdict import State
from stream.__main__ import main
from stream.care import Patience
from stream.children import REFUSED, Child, Task
from stream.feed import Feed
from stream.gate import Gate, wait_at
from stream.heart import Heart
from stream.lineup import next_numbers
from stream.links import Links
from stream.live_bundle import POINTER, Live, bundles_folder, keep, read_live
from stream.messages import Ask, FrameRef, Judged, Lease, VerdictRecord, Waiting
from stream.places import Places
from stream.promotions import Limits, Measured, history
from stream.stage import Stage, place_of
from stream.swap import Swap, Swapped
from tests.bundles import WRONG, tiny_variant, write_golden_set
from tests.frames import frame
from tests.line import ROOT, TINY_BUNDLE, RunningLine, intervals, rows, running, wait_for, write_line
from tests.recordings import numbered_frames, write_recording
from tools.golden_set import GoldenSetError, read_golden_set
from tools.passing import Called, measured, offending, why_refused
from tools.promote import run

TINY = open_bundle(TINY_BUNDLE)


# --- what passes: pure ---


def called(truth: str, state: str, score: float | None = 0.5) -> Called:
    return Called(f"{truth.lower()}/{state}.png", State(truth), State(state), score)


def test_unknown_counts_against_the_bundle_on_either_side() -> None:
    calls = [called(truth, state) for truth in ("GOOD", "BAD") for state in ("GOOD", "BAD", "UNKNOWN")]
    assert measured(calls) == Measured(good=3, bad=3, escapes=2, false_rejects=2, unknown=2)


@pytest.mark.parametrize(
    ("escapes", "false_rejects", "words"),
    [
        pytest.param(1, 2, None, id="at its limits"),
        pytest.param(2, 0, "escapes: 2, at most 1 allowed", id="escapes"),
        pytest.param(0, 3, "false rejects: 3, at most 2 allowed", id="false rejects"),
    ],
)
def test_a_bundle_passes_up_to_its_limits(escapes: int, false_rejects: int, words: str | None) -> None:
    assert why_refused(Measured(9, 9, escapes, false_rejects, 0), Limits(1, 2)) == words


def test_escapes_are_listed_first_and_the_worst_before_the_others() -> None:
    calls = [
        called("GOOD", "BAD", 0.9),
        called("BAD", "GOOD", 0.4),
        called("BAD", "BAD", 0.9),
        called("BAD", "GOOD", 0.1),
    ]
    assert [call.score for call in offending(calls)] == [0.1, 0.4, 0.9]


def test_a_label_is_part_of_what_the_golden_sets_hash_is_over(tmp_path: Path) -> None:
    folder = write_golden_set(tmp_path / "set")
    before = read_golden_set(folder).sha256
    assert read_golden_set(folder).sha256 == before
    shutil.move(folder / "bad" / "0.png", folder / "good" / "x.png")
    assert read_golden_set(folder).sha256 != before


def test_a_picture_that_changes_while_the_set_is_judged_is_noticed(tmp_path: Path) -> None:
    golden = read_golden_set(write_golden_set(tmp_path / "set"))
    golden.pictures[0].path.write_bytes(b"another")
    with pytest.raises(GoldenSetError, match="was changed"):
        golden.pictures[0].picture()


# --- the command, without a line ---


@dataclass
class Site:
    """A line that judges with the promoted bundle, its golden set, and bundles to promote."""

    folder: Path
    file: Path
    golden: Path

    @property
    def data_dir(self) -> Path:
        return self.folder / "data"

    def live(self) -> str:
        found = read_live(self.data_dir)
        return found.bundle if found else ""

    def kinds(self) -> list[str]:
        return [entry.kind for entry in history(bundles_folder(self.data_dir))]

    def words(self, bundle: Path, *more: str) -> list[str]:
        return [str(self.file), str(bundle), "--golden-set", str(self.golden), "--why", "a test", *more]


def site_in(folder: Path, source: Path | str = "synthetic:", camera: str = "") -> Site:
    file = write_line(folder, source, camera=camera)
    file.write_text(file.read_text().replace(str(TINY_BUNDLE), "promoted"))
    return Site(folder, file, write_golden_set(folder / "set"))


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return site_in(tmp_path)


def test_a_bundle_that_passes_goes_live_and_all_of_it_is_on_record(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(site.words(TINY_BUNDLE, "--who", "Ann", "--json")) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["ok"] and said["wrong"] == [] and site.live() == TINY.id
    (entry,) = history(bundles_folder(site.data_dir))
    assert (entry.kind, entry.who, entry.why, entry.before, entry.after) == ("promoted", "Ann", "a test", "", TINY.id)
    assert entry.trial is not None and entry.trial.sha256 == read_golden_set(site.golden).sha256
    assert entry.trial.measured == Measured(2, 2, 0, 0, 0) and entry.trial.limits == Limits(0, 0)


def test_a_bundle_that_fails_is_refused_with_the_list_and_nothing_changes(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    run(site.words(TINY_BUNDLE))
    shutil.copy(site.golden / "bad" / "0.png", site.golden / "good" / "mislabelled.png")
    capsys.readouterr()
    assert run(site.words(tiny_variant(site.folder, "other"), "--max-escapes", "5")) == 1
    said = capsys.readouterr().out
    assert "good/mislabelled.png: GOOD judged BAD, score 1.0000" in said
    assert "false rejects: 1, at most 0 allowed" in said and site.live() == TINY.id
    assert site.kinds() == ["promoted", "refused"]


def test_limits_that_are_stated_let_it_pass(site: Site) -> None:
    shutil.copy(site.golden / "bad" / "0.png", site.golden / "good" / "mislabelled.png")
    assert run(site.words(TINY_BUNDLE)) == 1
    assert run(site.words(TINY_BUNDLE, "--max-false-rejects", "1")) == 0


def test_the_lines_own_thresholds_judge_the_golden_set(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """At 0 everything is BAD, whatever the bundle's own threshold says."""
    assert run(site.words(TINY_BUNDLE, "--set", "inspector.classifier_threshold=0")) == 1
    assert "false rejects: 2, at most 0 allowed" in capsys.readouterr().out


def test_a_bundle_whose_own_samples_come_out_wrong_is_refused(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(site.words(tiny_variant(site.folder, "wrong", WRONG))) == 1
    assert "golden/good_2.png" in capsys.readouterr().out and site.live() == "" and site.kinds() == ["refused"]


def test_roll_backs_lead_down_to_the_first(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    ids = [TINY.id]
    run(site.words(TINY_BUNDLE))
    for name in ("second", "third"):
        bundle = tiny_variant(site.folder, name)
        ids.append(open_bundle(bundle).id)
        assert run(site.words(bundle)) == 0
        shutil.rmtree(bundle)  # a roll-back needs the kept copies alone
    back = [str(site.file), "--rollback", "--why", "worse"]
    for expected in (ids[1], ids[0]):
        assert run(back) == 0 and site.live() == expected
    assert run(back) == 1 and site.live() == ids[0]
    assert site.kinds() == ["promoted"] * 3 + ["rolled back"] * 2
    capsys.readouterr()
    assert run([str(site.file), "--history"]) == 0
    said = capsys.readouterr().out
    assert said.count("rolled back") == 2 and said.endswith(f"Live: {ids[0]}\n")


def no_bad(site: Site) -> None:
    shutil.rmtree(site.golden / "bad")


def no_good(site: Site) -> None:
    for path in (site.golden / "good").iterdir():
        path.unlink()


def no_picture(site: Site) -> None:
    (site.golden / "good" / "0.png").write_bytes(b"no picture")


def fixed(site: Site) -> None:
    site.file.write_text(site.file.read_text().replace("promoted", str(TINY_BUNDLE)))


def damaged(site: Site) -> None:
    bundles_folder(site.data_dir).mkdir(parents=True)
    (bundles_folder(site.data_dir) / "live.json").write_text("{")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        pytest.param(no_bad, "bad: no such folder; a golden set has good/ and bad/", id="no BAD"),
        pytest.param(no_good, "good: holds no picture; without GOOD pictures nobody knows", id="no GOOD"),
        pytest.param(no_picture, "0.png: not a picture", id="no picture"),
        pytest.param(fixed, "write `bundle: promoted` under inspector", id="a fixed bundle"),
        pytest.param(damaged, "live.json: damaged", id="a damaged pointer"),
    ],
)
def test_what_cannot_be_is_said_plainly(site: Site, spoil: Any, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    spoil(site)
    assert run(site.words(TINY_BUNDLE)) == 2
    assert words in (said := capsys.readouterr().err) and "Traceback" not in said


MISUSES = [
    ([], "--why: missing"),
    (["--why", "x"], "BUNDLE and --golden-set DIR are needed"),
    (["--why", "x", "--rollback", "--golden-set", "set"], "give no BUNDLE and no --golden-set"),
]


@pytest.mark.parametrize(("words", "said"), MISUSES, ids=[said for _, said in MISUSES])
def test_misuse_is_said_plainly(site: Site, words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([str(site.file), *words]) == 2 and said in capsys.readouterr().err


@pytest.mark.parametrize("command", ["check", "run"])
def test_a_line_without_a_promoted_bundle_says_what_to_do(
    site: Site, command: str, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    assert main([command, str(site.file)]) == 2
    assert "python -m tools.promote" in capsys.readouterr().out + caplog.text


def test_without_a_running_line_nobody_is_told(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["promote", str(site.file)]) == 1
    assert "no line runs" in capsys.readouterr().out


# --- the change, with played processes ---


class PlayedChild(Child):
    """A child whose process is a word: what it was told is kept."""

    def __init__(self, name: str, places: Places, *, running: bool) -> None:
        super().__init__(Task(name, ()), "", places, Patience(1.0, 1.0))
        self.process = object() if running else None  # type: ignore[assignment]
        self._beaten = running
        self.told: list[signal.Signals] = []
        self.started_with: list[tuple[str, ...]] = []

    def start(self) -> None:
        self.process, self._beaten = object(), False  # type: ignore[assignment]
        self.started_with.append(self.task.arguments)

    def signal(self, number: signal.Signals) -> None:
        self.told.append(number)

    def beat(self) -> None:
        self._beaten = True

    def end(self, code: int) -> None:
        self.process, self.exit_code = None, code


@dataclass
class PlayedSwap:
    """Two inspectors that judge, two that shall."""

    old: tuple[PlayedChild, ...]
    new: tuple[PlayedChild, ...]
    swap: Swap

    def step(self, now_s: float = 0.0) -> Swapped | None:
        return self.swap.step(now_s)


@pytest.fixture
def played(places: Places) -> Iterator[PlayedSwap]:
    old = tuple(PlayedChild(f"inspect {n}", places, running=True) for n in (1, 2))
    new = tuple(PlayedChild(f"inspect {n}", places, running=False) for n in (3, 4))
    swap = Swap(old, new, 0.0, starting_s=60.0, ending_s=10.0)
    yield PlayedSwap(old, new, swap)
    swap.close()


def test_the_old_judge_until_all_of_the_new_can(played: PlayedSwap) -> None:
    played.new[0].beat()
    assert played.step() is None
    assert [child.told for child in played.old] == [[], []] and all(child.wanted for child in played.old)
    played.new[1].beat()
    assert played.step() is None
    assert [child.told[0] for child in played.old] == [signal.SIGTERM] * 2
    assert not any(child.wanted for child in played.old) and all(child.wanted for child in played.new)


def test_a_new_one_waits_at_the_gate_at_first_and_later_starts_do_not(played: PlayedSwap) -> None:
    assert all("--gate" in child.started_with[0] for child in played.new)
    for child in played.new:
        child.beat()
    played.step()
    assert not any("--gate" in child.task.arguments or child.task.descriptors for child in played.new)


def test_it_is_over_when_the_old_have_ended(played: PlayedSwap) -> None:
    for child in played.new:
        child.beat()
    played.step()
    played.old[0].end(0)
    assert played.step() is None
    played.old[1].end(0)
    assert played.step() == Swapped(True, "", played.old)


def test_an_old_one_that_does_not_end_is_killed(played: PlayedSwap) -> None:
    for child in played.new:
        child.beat()
    played.step(1.0)
    assert played.step(11.5) is None
    assert [child.told[-1] for child in played.old] == [signal.SIGKILL] * 2


@pytest.mark.parametrize("how", ["refused", "looping", "late", "abandoned"])
def test_when_one_of_the_new_cannot_all_of_them_go_and_the_old_notice_nothing(played: PlayedSwap, how: str) -> None:
    first, second = played.new
    first.beat()
    if how == "refused":
        second.end(REFUSED)
        second.refusal = "golden samples"
    elif how == "looping":
        second.end(1)
        second.early_deaths = 3
    elif how == "abandoned":
        played.swap.abandon("the line stops")
    assert played.step(61.0 if how == "late" else 1.0) is None
    assert first.told == [signal.SIGKILL] and not first.wanted and not second.wanted
    first.end(-9)
    second.end(second.exit_code or -9)
    swapped = played.step(62.0)
    words = {"refused": "golden samples", "looping": "exit code 1, 3 times", "late": "in time", "abandoned": "stops"}
    assert swapped is not None and not swapped.ok and words[how] in swapped.text and swapped.gone == played.new
    assert [child.told for child in played.old] == [[], []] and all(child.wanted for child in played.old)


def test_numbers_take_turns_and_places_stay() -> None:
    assert list(next_numbers([1, 2], 2)) == [3, 4] and list(next_numbers([3, 4], 2)) == [1, 2]
    assert [place_of(number, 2) for number in (1, 2, 3, 4)] == [1, 2, 1, 2]


# --- what an inspector does of it ---


def test_an_inspector_that_ends_asks_for_nothing_more_and_takes_what_is_on_its_way(places: Places) -> None:
    theirs, ours = Links(), Links()
    link = theirs.serve(places.socket("capture-belt"))
    ending = False
    feed = Feed(ours, places, ("belt",), "inspect 1", lambda: ending)
    asked: list[Ask] = []

    def hear(frames: tuple[FrameRef, ...] = ()) -> bool:
        feed.next(0.01)
        for sender, message in link.receive():
            assert isinstance(message, Ask)
            asked.append(message)
            link.send(Lease(frames if message.credits else (), Waiting("belt", 5, 1, live=True)), to=sender)
        return bool(asked and asked[-1].credits)

    try:
        wait_for(lambda: hear((frame(1, camera="belt"),)), "a wish for a frame", 10.0)
        ending = True
        assert feed.busy
        found = wait_for(lambda: feed.next(0.01), "the frame that was on its way", 10.0)
        feed.judged(found)
        wait_for(lambda: hear() or not feed.busy, "nothing in hand", 10.0)
        wait_for(lambda: hear() or asked[-1].judged, "word of the verdict", 10.0)
        assert asked[-1].judged == (found.key,)
        assert sum(ask.credits for ask in asked) == 1
    finally:
        ours.close()
        theirs.close()


@pytest.mark.parametrize("opens", [True, False], ids=["open", "told to stop"])
def test_nobody_passes_a_gate_that_is_shut(opens: bool) -> None:
    gate, links, heart = Gate(), Links(), Heart(None)
    mine = os.dup(gate.descriptor)
    try:
        links.watch(mine)
        assert not links.wait(0.02)
        links.unwatch(mine)
        gate.open() if opens else heart.stop()
        wait_at(mine, links, heart)
        assert heart.stopping is not opens
    finally:
        gate.open()
        links.close()


def test_a_place_before_the_display_is_taken_when_the_one_before_has_left_it(places: Places) -> None:
    theirs, ours, listener = Links(), Links(), Links()
    first, second = Stage(theirs, places, 1), Stage(ours, places, 1)
    hearing = listener.listen([places.socket("inspect-1-live")])
    record = VerdictRecord("GOOD", 0.1, None, (), None, "", "", "", (0.0, 0.0, 0.0, 0.0))

    def heard(stage: Stage, inspector: str) -> bool:
        stage.take()
        stage.show(Judged(inspector, frame(1), record, 2))
        listener.wait(0.01)
        return inspector in [m.inspector for _, m in hearing.receive() if isinstance(m, Judged)]

    try:
        wait_for(lambda: heard(first, "inspect 1"), "the first", 10.0)
        second.take()
        wait_for(lambda: heard(first, "inspect 1"), "still the first", 10.0)
        theirs.close()
        first.close()
        wait_for(lambda: heard(second, "inspect 2"), "the second", 10.0)
    finally:
        for links in (theirs, ours, listener):
            links.close()
        second.close()


# --- under a running line ---

FRAMES = 1200
EVERY = 3  # each third frame is BAD: its row says which bundle judged it


@dataclass
class Told:
    """What came of a line whose bundle was changed while it ran."""

    site: Site
    codes: dict[str, int]
    words: dict[str, str]
    roles: dict[str, bool]
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
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def goes_on(line: RunningLine, frames: int = 6) -> None:
    judged = line.judged()
    wait_for(lambda: line.judged() > judged + frames, "further verdicts")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """Promoted in the middle; then a bundle that refuses; then rolled back, while an inspector is killed."""
    folder = tmp_path_factory.mktemp("promoted")
    recording = write_recording(folder / "belt.mp4", numbered_frames(FRAMES, bad=range(0, FRAMES, EVERY)), fps=12)
    site = site_in(folder, recording, "pace: recorded")
    codes, words, roles = {}, {}, {}
    codes["first"] = run(site.words(TINY_BUNDLE))
    with running(site.file) as line:
        goes_on(line)
        codes["second"] = run(site.words(tiny_variant(folder, "second")))
        goes_on(line)
        roles["another took over"] = line.role("inspect 1") is None and line.role("inspect 2") is not None

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
        roles["the old goes on"] = line.role("inspect 1") is None and line.role("inspect 2") is not None

        back = [sys.executable, "-m", "tools.promote", str(site.file), "--rollback", "--why", "worse"]
        rolling = subprocess.Popen(back, cwd=ROOT, stdout=subprocess.DEVNULL)
        line.wait_role("inspect 1")
        os.kill(line.wait_role("inspect 2"), signal.SIGKILL)
        codes["back"] = rolling.wait(60)
        goes_on(line)
        roles["back"] = line.role("inspect 1") is not None and line.role("inspect 2") is None
        stopped = stream("stop", site.file)
        codes["stop"] = stopped.returncode
        summary = line.summary()
        return Told(site, codes, words, roles, summary, line.said())


def test_a_running_line_takes_another_bundle_and_loses_no_frame(told: Told) -> None:
    camera = told.summary["cameras"]["belt"]
    assert told.codes == {"first": 0, "second": 0, "wrong": 1, "back": 0, "stop": 0}, told.said
    assert all(told.roles.values()), (told.roles, told.said)
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
