"""Inspectors with another bundle take over: the change with played processes, and what an inspector does of it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from stream.care import Patience
from stream.children import Child, Task
from stream.feed import Feed
from stream.gate import Gate, wait_at
from stream.heart import Heart
from stream.lineup import next_numbers
from stream.links import Links
from stream.messages import Ask, FrameRef, Judged, Lease, VerdictRecord, Waiting
from stream.places import Places
from stream.refusing import REFUSED
from stream.stage import Stage, place_of
from stream.swap import Swap, Swapped
from tests.frames import frame
from tests.line import wait_for


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


def test_an_inspector_that_ends_asks_for_nothing_more_and_takes_what_is_on_its_way(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stream.feed.ANSWER_S", 100.0)  # a second ask would be one more wish
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
        wait_for(lambda: hear((frame(1, camera="belt"),)), "a wish for a frame")
        ending = True
        assert feed.busy
        [found] = wait_for(lambda: feed.next(0.01), "the frame that was on its way")
        feed.judged(found)
        wait_for(lambda: hear() or not feed.busy, "nothing in hand")
        wait_for(lambda: hear() or asked[-1].judged, "word of the verdict")
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
        wait_for(lambda: heard(first, "inspect 1"), "the first")
        second.take()
        wait_for(lambda: heard(first, "inspect 1"), "still the first")
        theirs.close()
        first.close()
        wait_for(lambda: heard(second, "inspect 2"), "the second")
    finally:
        for links in (theirs, ours, listener):
            links.close()
        second.close()
