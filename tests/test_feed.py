"""Where an inspector gets its frames, from played captures on real sockets."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from stream import feed as feed_module
from stream.feed import Batch, Feed
from stream.links import Link, Links
from stream.messages import Ask, FrameRef, Key, Lease, Waiting
from stream.places import Places
from tests.frames import RUN, frame
from tests.line import wait_for

S = 1_000_000_000


@dataclass
class PlayedCapture:
    """A capture with frames that wait; answers as a real one does, when it is told to."""

    camera: str
    link: Link
    live: bool = True
    frames: list[FrameRef] = field(default_factory=list)
    asked: list[Ask] = field(default_factory=list)

    def bring(self, *seqs: int) -> None:
        self.frames += [frame(seq, camera=self.camera) for seq in seqs]

    def waiting(self) -> Waiting:
        oldest = self.frames[0].captured_mono_ns if self.frames else 0
        alone = bool(self.frames) and self.frames[0].attempt > 1
        return Waiting(self.camera, len(self.frames), oldest, self.live, alone=alone)

    def answer(self) -> None:
        for sender, message in self.link.receive():
            assert isinstance(message, Ask)
            self.asked.append(message)
            given, self.frames = self.frames[: message.credits], self.frames[message.credits :]
            self.link.send(Lease(tuple(given), self.waiting()), to=sender)


@dataclass
class Played:
    """Captures and one feed."""

    captures: list[PlayedCapture]
    feed: Feed

    def turn(self) -> FrameRef | None:
        for capture in self.captures:
            capture.answer()
        return next(iter(self.feed.next(0.01)), None)

    def next(self) -> FrameRef:
        found: FrameRef = wait_for(self.turn, "a frame")
        return found

    def take(self, count: int) -> list[tuple[str, int]]:
        return [(found.camera, found.seq) for found in (self.next() for _ in range(count))]

    def greeted(self) -> None:
        """Until the inspector knows what waits at each camera."""

        def all_known() -> bool:
            for capture in self.captures:
                capture.answer()
            self.feed._links.wait(0.01)
            self.feed._ask()
            self.feed._listen()
            return all(capture.asked for capture in self.captures) and all(d.waiting for d in self.feed._doors)

        self.feed._enough = lambda: True  # whoever answers first is not asked for a frame before the other is known
        wait_for(all_known, "the first answers")
        self.feed._enough = lambda: False


@pytest.fixture
def played(places: Places, monkeypatch: pytest.MonkeyPatch) -> Iterator[Played]:
    monkeypatch.setattr(feed_module, "ANSWER_S", 100.0)  # nobody here is silent because the machine is slow
    monkeypatch.setattr(feed_module, "GREET_EVERY_S", 0.02)
    theirs, ours = Links(), Links()
    captures = [PlayedCapture(name, theirs.serve(places.socket(f"capture-{name}"))) for name in ("belt", "lid")]
    yield Played(captures, Feed(ours, places, ("belt", "lid"), "inspect 1"))
    ours.close()
    theirs.close()


@pytest.fixture
def impatient(played: Played, monkeypatch: pytest.MonkeyPatch) -> Played:
    """One that notices soon that a capture does not answer."""
    monkeypatch.setattr(feed_module, "ANSWER_S", 0.1)
    return played


def test_without_frames_there_is_none(played: Played) -> None:
    played.greeted()
    assert played.turn() is None


def test_frames_come_one_at_a_time_and_the_one_that_waited_longest_first(played: Played) -> None:
    belt, lid = played.captures
    belt.bring(3, 4, 9)
    lid.bring(1, 6)
    played.greeted()
    assert played.take(5) == [("lid", 1), ("belt", 3), ("belt", 4), ("lid", 6), ("belt", 9)]
    assert {ask.credits for ask in belt.asked + lid.asked} <= {0, 1}


def test_live_frames_come_before_those_of_files(played: Played) -> None:
    belt, lid = played.captures
    belt.live = False
    belt.bring(1, 2)
    lid.bring(8)
    played.greeted()
    assert played.take(3) == [("lid", 8), ("belt", 1), ("belt", 2)]


def test_an_inspector_says_who_it_is_and_what_it_has_judged(played: Played) -> None:
    belt, lid = played.captures
    belt.bring(1)
    found = played.next()
    played.feed.judged(found)

    def told() -> bool:
        played.turn()
        return any(ask.judged for ask in belt.asked)

    wait_for(told, "the verdict")
    assert [ask.judged for ask in belt.asked if ask.judged] == [(Key(RUN, 1),)]
    assert not any(ask.judged for ask in lid.asked)
    assert {(ask.inspector, ask.pid) for ask in belt.asked} == {("inspect 1", os.getpid())}


def test_an_idle_inspector_hears_at_once_that_a_frame_waits(played: Played) -> None:
    played.greeted()
    belt = played.captures[0]
    belt.bring(5)
    assert belt.link.send(belt.waiting(), to=b"inspect 1")
    assert played.next().seq == 5


def test_another_inspector_was_faster_and_the_feed_goes_on(played: Played) -> None:
    belt, lid = played.captures
    belt.bring(1)
    lid.bring(7)
    played.greeted()
    belt.frames.clear()
    assert played.next().camera == "lid"


def test_a_capture_that_does_not_answer_does_not_keep_the_others_waiting(impatient: Played) -> None:
    """It died with frames that had waited longest: asked for ever, it would starve every other camera."""
    belt, lid = impatient.captures
    belt.bring(1)
    lid.bring(6, 7)
    impatient.greeted()

    def next_of_lid() -> FrameRef | None:
        lid.answer()
        return next(iter(impatient.feed.next(0.01)), None)

    taken = [wait_for(next_of_lid, "a frame of the camera that lives") for _ in range(2)]
    assert [(found.camera, found.seq) for found in taken] == [("lid", 6), ("lid", 7)]


def test_a_capture_that_comes_back_is_asked_again(impatient: Played) -> None:
    belt, lid = impatient.captures
    belt.bring(1)
    impatient.greeted()
    for _ in range(20):
        lid.answer()
        impatient.feed.next(0.01)
    assert impatient.take(1) == [("belt", 1)]


def test_a_frame_of_another_camera_is_not_taken_from_a_capture(played: Played) -> None:
    belt = played.captures[0]
    belt.frames += [frame(1, camera="oven"), frame(2, camera="lid"), frame(3)]
    played.greeted()
    assert played.take(1) == [("belt", 3)]


class TestBatches:
    """Frames that are judged at once."""

    @pytest.fixture
    def of_four(self, played: Played, places: Places) -> Iterator[Played]:
        links = Links()
        yield Played(played.captures, Feed(links, places, ("belt", "lid"), "inspect 4", batch=Batch(4, wait_s=5.0)))
        links.close()

    def turn(self, played: Played) -> list[tuple[str, int]]:
        """The next batch, of captures that answer while it is waited for."""
        done = threading.Event()

        def answer() -> None:
            while not done.is_set():
                for capture in played.captures:
                    capture.answer()
                time.sleep(0.001)

        thread = threading.Thread(target=answer)
        thread.start()
        try:
            found = wait_for(lambda: played.feed.next(0.01), "a batch")
        finally:
            done.set()
            thread.join()
        return [(one.camera, one.seq) for one in found]

    def test_a_batch_is_of_all_cameras_in_turn_and_no_larger_than_it_may_be(self, of_four: Played) -> None:
        belt, lid = of_four.captures
        belt.bring(3, 4, 5, 6)
        lid.bring(1, 2, 8)
        of_four.greeted()
        assert sorted(self.turn(of_four)) == [("belt", 3), ("belt", 4), ("lid", 1), ("lid", 2)]
        assert sorted(self.turn(of_four)) == [("belt", 5), ("belt", 6), ("lid", 8)]

    def test_it_waits_for_what_was_asked_for(self, of_four: Played) -> None:
        belt, lid = of_four.captures
        belt.bring(3)
        lid.bring(1)
        of_four.greeted()
        of_four.feed._ask()
        slow = threading.Timer(0.2, lid.answer)

        def belt_answers() -> bool:
            belt.answer()
            return not belt.frames

        wait_for(belt_answers, "the belt to have been asked")
        slow.start()
        batch = of_four.feed.next(1.0)
        slow.join()
        assert sorted(one.camera for one in batch) == ["belt", "lid"]

    def test_it_waits_no_longer_than_it_may(self, of_four: Played) -> None:
        belt, lid = of_four.captures
        belt.bring(3)
        lid.bring(1)
        of_four.greeted()
        of_four.feed._batch = Batch(4, wait_s=0.01)
        of_four.feed._ask()

        def belt_answers() -> bool:
            belt.answer()
            return not belt.frames

        wait_for(belt_answers, "the belt to have been asked")
        batch = wait_for(lambda: of_four.feed.next(0.01), "the frame that came")
        assert [one.camera for one in batch] == ["belt"]
        assert of_four.feed.busy, "the other is on its way"

    def test_what_an_inspector_died_of_is_asked_for_alone(self, of_four: Played) -> None:
        belt, lid = of_four.captures
        belt.frames.append(frame(1, camera="belt", attempt=2))
        belt.bring(4)
        lid.bring(2, 3)
        of_four.greeted()
        assert self.turn(of_four) == [("belt", 1)]
        assert sorted(self.turn(of_four)) == [("belt", 4), ("lid", 2), ("lid", 3)]

    def test_what_an_inspector_died_of_is_judged_last_and_alone(self, of_four: Played) -> None:
        """Another inspector died after the frame was asked for: it comes with others."""
        belt, lid = of_four.captures
        belt.bring(1)
        lid.bring(2)
        of_four.greeted()
        belt.frames = [frame(1, camera="belt", attempt=2)]
        of_four.feed._ask()

        def both_answer() -> bool:
            belt.answer()
            lid.answer()
            return not (belt.frames or lid.frames)

        wait_for(both_answer, "both to have been asked")
        wait_for(lambda: of_four.feed._listen() or len(of_four.feed._frames) == 2, "both frames")
        [safe] = of_four.feed.next(0.01)
        assert safe.camera == "lid"
        of_four.feed.judged(safe)
        lid.asked.clear()
        [suspect] = of_four.feed.next(0.01)
        assert suspect.camera == "belt"

        def told() -> bool:
            lid.answer()
            return any(ask.judged == (safe.key,) for ask in lid.asked)

        wait_for(told, "word of what was judged, before the frame that may kill is begun")
