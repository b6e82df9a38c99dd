"""What a capture says to the inspectors of its host, on real sockets."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest

from stream.desk import Desk
from stream.lending import TAKES, Lending
from stream.links import Links
from stream.messages import Ask, Key, Lease, Waiting
from stream.places import Places
from stream.settings import CameraSettings
from stream.sources.source import Picture
from tests.line import wait_for

CAMERA = CameraSettings("belt", "belt.mp4", policy="every", slots=4)
ME = "inspect 1"


@dataclass
class Lent:
    """A capture's desk and lending, and one inspector's socket."""

    places: Places
    heard: list[Lease | Waiting] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.links, self.desk = Links(), Desk(CAMERA, self.places, "session", "belt.mp4")
        address = self.places.socket("capture-belt")
        self.lending = Lending(CAMERA, self.desk, self.links, self.links.serve(address, TAKES), lambda *_: None)
        self.inspector = self.links.ask(address, ME, (Lease, Waiting))
        self.account = self.desk.begin_run()

    def bring(self) -> Key:
        index = self.account.captured
        picture = Picture(np.zeros((48, 64, 3), np.uint8), index, None)
        self.desk.place(self.account, picture, mono_ns=time.monotonic_ns(), utc_ns=1)
        return Key(self.account.run, index)

    def ask(self, number: int, credits: int = 0, judged: tuple[Key, ...] = (), pid: int | None = None) -> None:
        self.inspector.send(Ask(ME, os.getpid() if pid is None else pid, credits, judged, life=1, asked_mono_ns=number))

    def hears(self, count: int) -> list[Lease | Waiting]:
        """Turns until the inspector has heard so many messages in all."""

        def turn() -> bool:
            self.links.wait(0.01)
            self.lending.listen()
            self.heard += [m for _, m in self.inspector.receive() if isinstance(m, Lease | Waiting)]
            return len(self.heard) >= count

        wait_for(turn, f"{count} messages")
        return self.heard

    def close(self) -> None:
        self.lending.close()
        self.desk.close()
        self.links.close()


@pytest.fixture
def lent(places: Places) -> Iterator[Lent]:
    made = Lent(places)
    yield made
    made.close()


def answered(heard: list[Lease | Waiting]) -> list[int]:
    return [message.asked_mono_ns for message in heard if isinstance(message, Lease)]


def test_the_first_word_of_an_inspector_is_answered(lent: Lent) -> None:
    lent.ask(1)
    assert answered(lent.hears(1)) == [1]


def test_an_inspector_is_not_told_again_that_nothing_waits(lent: Lent) -> None:
    lent.ask(1)
    lent.hears(1)
    lent.ask(2)
    lent.ask(3, judged=(Key(1, 0),))
    lent.ask(4, credits=1)  # wants something: is told that there is nothing
    assert answered(lent.hears(2)) == [1, 4]


def test_what_it_says_without_an_answer_is_heard(lent: Lent) -> None:
    """The frame that it has judged is the recorder's to release, and it is told of the next one."""
    first = lent.bring()
    lent.ask(1, credits=1)
    (lease,) = lent.hears(1)
    assert isinstance(lease, Lease) and [frame.key for frame in lease.frames] == [first]
    lent.ask(2, judged=(first,))
    lent.ask(3, credits=1)
    lent.hears(2)
    assert [h.key for h in lent.desk.slots.overdue(time.monotonic_ns(), judged=True)] == [first]
    lent.bring()
    last = lent.hears(3)[-1]
    assert isinstance(last, Waiting) and last.count == 1


def test_an_inspector_that_knows_of_a_waiting_frame_is_told_when_it_is_gone(lent: Lent) -> None:
    lent.bring()
    lent.ask(1)
    (told,) = lent.hears(1)
    assert isinstance(told, Lease) and told.waiting.count == 1
    with lent.desk.lock:
        lent.desk.slots.drop_oldest()
    lent.ask(2)
    assert answered(lent.hears(2)) == [1, 2]


def test_an_inspector_that_came_back_is_answered_as_a_new_one(lent: Lent) -> None:
    lent.ask(1)
    lent.hears(1)
    lent.inspector.send(Ask(ME, os.getpid(), 0, life=2, asked_mono_ns=2))
    assert answered(lent.hears(2)) == [1, 2]


@pytest.mark.parametrize("pid", [0, 2**31 - 1], ids=["none", "dead"])
def test_an_inspector_that_is_no_living_process_gets_no_frame(lent: Lent, pid: int) -> None:
    key = lent.bring()
    lent.ask(1, credits=1, pid=pid)
    (refused,) = lent.hears(1)
    assert isinstance(refused, Lease) and not refused.frames
    lent.ask(2, credits=1)
    given = lent.hears(2)[1]
    assert isinstance(given, Lease) and [frame.seq for frame in given.frames] == [key.seq]


def test_a_frame_that_takes_long_stays_with_an_inspector_that_lives(
    lent: Lent, monkeypatch: pytest.MonkeyPatch
) -> None:
    lent.bring()
    lent.ask(1, credits=1)
    lent.hears(1)
    monkeypatch.setattr("stream.lending.LEASE_MOST_S", 0.0)
    lent.lending.overdue()
    assert lent.desk.slots.waiting == 0
    monkeypatch.setattr("stream.lending.LEASE_WATCHED_S", 0.0)
    lent.lending.overdue()
    assert lent.desk.slots.waiting == 1
