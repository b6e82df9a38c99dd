"""Verdicts that wait for the recorder's word."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

import pytest
from msgspec.structs import replace

from stream.links import Link
from stream.messages import Judged, Key, Message, Recorded, SentPicture, Waiting
from stream.outbox import REPEAT_MAX, REPEAT_S, Outbox
from tests.frames import RUN, judged


@dataclass
class PlayedLink:
    """A socket that takes what it is given, or whose queue is full."""

    takes: bool = True
    sent: list[Message] = field(default_factory=list)

    def send(self, message: Message) -> bool:
        if self.takes:
            self.sent.append(message)
        return self.takes


def outbox(*, takes: bool = True) -> tuple[Outbox, PlayedLink]:
    link = PlayedLink(takes)
    return Outbox(cast(Link, link)), link


def test_a_verdict_is_sent_again_until_it_is_on_disk() -> None:
    box, link = outbox()
    box.send(judged(1), 0.0)
    for now_s in (0.5 * REPEAT_S, REPEAT_S, 1.5 * REPEAT_S, 2 * REPEAT_S):
        box.repeat(now_s)
    assert link.sent == [judged(1)] * 3
    box.hear(Recorded("belt", (Key(RUN, 1),)))
    box.repeat(9 * REPEAT_S)
    assert len(link.sent) == 3
    assert len(box) == 0


@pytest.mark.parametrize("first", ["BAD", "GOOD", "UNKNOWN"])
@pytest.mark.parametrize("second", ["BAD", "GOOD", "UNKNOWN"])
def test_a_frame_that_is_judged_again_before_the_answer_keeps_its_first_verdict(first: str, second: str) -> None:
    box, link = outbox()
    kept = replace(judged(1, first), picture=SentPicture("raw", bytes(100)))
    box.send(kept, 0.0)
    box.send(judged(1, second), 0.5)
    assert link.sent == [kept, kept] and len(box) == 1
    box.repeat(0.5 + REPEAT_S)
    assert link.sent == [kept] * 3


def test_an_inspector_with_too_many_bytes_of_pictures_in_hand_asks_for_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream.outbox.PICTURES_FULL_BYTES", 250)
    box, _ = outbox()
    for seq in range(3):
        assert not box.full
        box.send(replace(judged(seq, "BAD"), picture=SentPicture("raw", bytes(100))), 0.0)
    assert box.full
    box.hear(Recorded("belt", (Key(RUN, 1),)))
    assert not box.full


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(Recorded("lid", (Key(RUN, 1),)), id="of-another-camera"),
        pytest.param(Recorded("belt", (Key(RUN, 2), Key(RUN + 1, 1))), id="of-other-frames"),
        pytest.param(Waiting("belt", 1, 1, True), id="another-message"),
    ],
)
def test_only_its_own_acknowledgement_ends_the_wait(message: Message) -> None:
    box, _ = outbox()
    box.send(judged(1), 0.0)
    box.hear(message)
    assert len(box) == 1


def test_a_verdict_that_could_not_leave_is_sent_later() -> None:
    box, link = outbox(takes=False)
    box.send(judged(1), 0.0)
    link.takes = True
    box.repeat(REPEAT_S)
    assert link.sent == [judged(1)]


def test_repeats_come_in_portions_and_each_gets_its_turn() -> None:
    box, link = outbox()
    for seq in range(REPEAT_MAX + 10):
        box.send(judged(seq), 0.0)
    link.sent.clear()
    box.repeat(REPEAT_S)
    assert len(link.sent) == REPEAT_MAX
    box.repeat(1.3 * REPEAT_S)
    assert link.sent == [judged(seq) for seq in range(REPEAT_MAX + 10)]


def test_an_outbox_is_full_at_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream.outbox.FULL", 5)
    box, _ = outbox()
    for seq in range(5):
        assert not box.full
        box.send(judged(seq, state="BAD"), 0.0)
    assert box.full
    box.hear(Recorded("belt", (Key(RUN, 0),)))
    assert not box.full


def test_good_verdicts_never_fill_it_the_oldest_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream.outbox.GOOD_MAX", 3)
    box, link = outbox()
    box.send(judged(0, state="BAD"), 0.0)
    for seq in range(1, 6):
        box.send(judged(seq, state="GOOD"), 0.0)
    link.sent.clear()
    box.repeat(REPEAT_S)
    assert [message.frame.seq for message in cast(list[Judged], link.sent)] == [0, 3, 4, 5]
