"""Challenges: when one is due, what came of it; a successor of a killed recorder knows what its predecessor knew."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from stream.challenge import (
    CAUGHT,
    MISSED,
    REFUSED,
    SECOND_NS,
    UNDECIDED,
    Begun,
    Outcome,
    Timing,
    begun_by,
    due_since,
    outcome_act,
    outcome_in,
    overdue,
)
from stream.challenge_book import ChallengeBook
from stream.challenge_verdicts import late, of_incident, of_outcome, of_part, of_picture
from stream.incidents import BadFrame, Incident
from stream.messages import Act, PartBegin
from stream.parts import Part
from stream.settings import ChallengeSettings
from stream.shifts import Shift
from tests.frames import RUN, judged
from tests.played_challenge import NOW, wish

BY_SHIFT, EVERY_2_H = ChallengeSettings(each_shift=True), ChallengeSettings(every_h=2.0)
HOUR = 3600 * SECOND_NS


def begun(**words: object) -> Begun:
    found = begun_by(wish(**words))  # type: ignore[arg-type]
    assert found is not None
    return found


def ended(of: Begun, result: str = CAUGHT) -> Act:
    outcome = Outcome("belt", result, "it was so", of.wish.what, "red.png", of.utc_ns, of.who)
    return outcome_act(of, outcome, "belt", of.utc_ns + SECOND_NS)


STEPS = st.lists(st.tuples(st.integers(0, 4), st.sampled_from(["", CAUGHT, MISSED, UNDECIDED, REFUSED])), max_size=20)


@given(STEPS)
def test_repeats_change_nothing_and_a_successor_knows_the_same(steps: list[tuple[int, str]]) -> None:
    book, on_record = ChallengeBook(), dict[str, Act]()
    for n, result in steps:
        act = ended(begun(n=n), result) if result else wish(n)
        if result and begun(n=n).id not in book.open and act.id not in on_record:
            continue  # nothing ends that has not begun
        book.take(on_record.setdefault(act.id, act))
    successor = ChallengeBook(on_record.values())
    assert (successor.open, successor.alarms, successor.counts) == (book.open, book.alarms, book.counts)
    assert successor.decided_ns == book.decided_ns
    assert len(book.alarms) == sum(n for (_, result), n in book.counts.items() if result in (MISSED, UNDECIDED))


@pytest.mark.parametrize(
    ("settings", "decided_h", "since_h", "due_h"),
    [
        (ChallengeSettings(), 0, -9, None),
        (BY_SHIFT, 0, -9, -4),
        (BY_SHIFT, 0, -1, -1),
        (BY_SHIFT, -5, -9, -4),
        (BY_SHIFT, -3, -9, None),
        (EVERY_2_H, 0, -1, -1),
        (EVERY_2_H, -3, -9, -1),
        (EVERY_2_H, -1, -9, None),
    ],
    ids=["never", "a shift", "begun in the shift", "last shift's", "this shift's", "first", "due", "not yet"],
)
def test_when_a_challenge_is_due(settings: ChallengeSettings, decided_h: int, since_h: int, due_h: int | None) -> None:
    shift = Shift(NOW - 4 * HOUR, NOW + 4 * HOUR, "early")
    timing = Timing(NOW, NOW + since_h * HOUR, NOW + decided_h * HOUR if decided_h else 0, shift)
    assert due_since(settings, timing) == (None if due_h is None else NOW + due_h * HOUR)


def test_an_hour_after_it_fell_due_it_is_overdue() -> None:
    assert not overdue(BY_SHIFT, NOW - HOUR, NOW) and overdue(BY_SHIFT, NOW - HOUR - 1, NOW)
    assert overdue(ChallengeSettings(every_h=0.1), NOW - HOUR // 10, NOW)
    assert not overdue(BY_SHIFT, None, NOW)


@pytest.mark.parametrize(
    ("state", "box", "result"),
    [
        ("BAD", None, CAUGHT),
        ("BAD", (25, 35, 90, 90), CAUGHT),
        ("BAD", (30, 40, 90, 90), MISSED),
        ("GOOD", None, MISSED),
        ("UNKNOWN", None, UNDECIDED),
    ],
    ids=["bad", "where the mask says", "elsewhere", "good", "unknown"],
)
def test_what_came_of_a_stored_picture(state: str, box: tuple[int, int, int, int] | None, result: str) -> None:
    assert of_picture(judged(0, state), box).result == result


@pytest.mark.parametrize(("outcome", "result"), [("BAD", CAUGHT), ("GOOD", MISSED), ("dropped:line_died", UNDECIDED)])
def test_what_came_of_one_whose_verdict_is_not_at_hand(outcome: str, result: str) -> None:
    assert of_outcome(outcome).result == result


@pytest.mark.parametrize(
    ("part", "told_s", "state", "result"),
    [
        ("B-0", 1, "BAD", CAUGHT),
        ("B-0", 1, "GOOD", MISSED),
        ("B-0", 1, "UNKNOWN", UNDECIDED),
        ("B-0", -1, "BAD", None),
        ("B-1", 1, "BAD", None),
        ("B-0", 1, None, None),
    ],
    ids=["caught", "missed", "undecided", "told before", "another", "not decided"],
)
def test_a_known_bad_part_is_the_one_that_is_told_next(
    part: str, told_s: int, state: str | None, result: str | None
) -> None:
    seen = Part(PartBegin(3, 40, part, "control", NOW + told_s * SECOND_NS), state, 50)
    incident = Incident(44, 46, BadFrame(45, 0.9), 3)
    found = of_part(begun(what="part", part="B-0"), "belt", RUN, seen, (incident,))
    assert (found and found.result) == result
    if found:
        assert found.frame == f"belt/{RUN}/45"


def test_only_an_incident_that_begins_after_it_counts() -> None:
    asked = begun(what="part")
    bad = judged(50, "BAD")
    assert of_incident(asked, bad, (Incident(50, 50, BadFrame(50, 0.9), 1),)) is not None
    assert of_incident(asked, bad, (Incident(48, 50, BadFrame(50, 0.9), 2),)) is None
    assert of_incident(begun(what="part", utc_ns=NOW + HOUR), bad, (Incident(50, 50, BadFrame(50, 0.9), 1),)) is None
    assert of_incident(begun(what="part", utc_ns=NOW - HOUR), bad, (Incident(50, 50, BadFrame(50, 0.9), 1),)) is None


def test_a_challenge_that_nothing_came_of_ends_with_its_time() -> None:
    settings, after = ChallengeSettings(deadline_s=5), NOW + 61 * SECOND_NS
    assert late(begun(), settings, told=False, now_ns=NOW + 5 * SECOND_NS) is None
    picture = late(begun(), settings, told=False, now_ns=NOW + 6 * SECOND_NS)
    assert picture is not None and picture.result == UNDECIDED
    assert late(begun(what="part"), settings, told=False, now_ns=after) is None
    waited = [late(begun(what="part"), settings, told=told, now_ns=after + 5 * SECOND_NS) for told in (False, True)]
    assert [found.result for found in waited if found] == [MISSED, UNDECIDED]
    gone = late(begun(), None, told=False, now_ns=NOW)
    assert gone is not None and gone.result == UNDECIDED


def test_nobody_but_the_line_itself_says_what_came_of_a_challenge() -> None:
    assert outcome_in(ended(begun())) is not None
    assert outcome_in(replace(ended(begun()), role="engineer")) is None
    assert begun_by(ended(begun())) is None


@pytest.mark.parametrize(
    "changed", [{"subject": "../belt"}, {"new": "{}x"}, {"new": '{"what":"all"}'}, {"id": "i" * 161}]
)
def test_what_is_no_challenge_begins_none(changed: dict[str, str]) -> None:
    assert begun_by(replace(wish(), **changed)) is None
