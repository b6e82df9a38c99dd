"""Who listens: bounded queues, what gives way, and who comes back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.web.listeners import KEPT, LISTENERS_MAX, OTHERS_MAX, VERDICTS_MAX, FullError, Happening, Listeners, Missed


def told(taken: list[Happening]) -> list[object]:
    return [one.told for one in taken]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=200))
def test_every_verdict_is_heard_or_counted(steps: list[tuple[str, bool]]) -> None:
    """`a`, `b`, `c` are cameras; True: the listener takes what waits."""
    listeners = Listeners("e")
    listener = listeners.join()
    sent = dict.fromkeys("abc", 0)
    heard = dict.fromkeys("abc", 0)
    for camera, takes in [*steps, ("a", True)]:
        listeners.tell("verdict", camera, sent[camera])
        sent[camera] += 1
        if takes:
            for one in listener.take():
                assert one.told == heard[one.subject] + one.skipped, "in order, and what is missing is counted"
                heard[one.subject] += 1 + one.skipped
    assert heard["a"] == sent["a"]


def test_a_listener_that_takes_nothing_holds_little() -> None:
    listeners = Listeners("e")
    listener = listeners.join()
    for number in range(10_000):
        listeners.tell("verdict", "belt", number)
        listeners.tell("alarm", "", number)
        listeners.tell("status", "", number)
    taken = listener.take()
    assert len(taken) == VERDICTS_MAX + OTHERS_MAX + 2
    assert taken[0].told == Missed(10_000 - OTHERS_MAX)
    assert [one.told for one in taken if one.kind == "status"] == [9999]
    assert next(one for one in taken if one.kind == "verdict").skipped == 10_000 - VERDICTS_MAX


def test_who_comes_back_hears_what_came_after() -> None:
    listeners = Listeners("e")
    for number in range(5):
        listeners.tell("incident", "", number)
    assert told(listeners.join("e-3").take()) == [3, 4]
    assert told(listeners.join("e-5").take()) == []
    assert told(listeners.join().take()) == []


@pytest.mark.parametrize("after", ["x-3", "e-9", "e-", "e", "-", "e--1", "e-٣", "e-" + "9" * 4000])
def test_an_id_that_is_none_is_told_that_something_is_missed(after: str) -> None:
    listeners = Listeners("e")
    for number in range(5):
        listeners.tell("incident", "", number)
    assert told(listeners.join(after).take()) == [Missed(None)]


def test_who_was_away_for_too_long_is_told_so() -> None:
    listeners = Listeners("e")
    for number in range(KEPT + 5):
        listeners.tell("verdict", "belt", number)
    taken = listeners.join("e-2").take()
    assert taken[0].told == Missed(None) and taken[-1].told == KEPT + 4


def test_there_are_only_so_many() -> None:
    listeners = Listeners("e")
    joined = [listeners.join() for _ in range(LISTENERS_MAX)]
    with pytest.raises(FullError, match="close one"):
        listeners.join()
    listeners.leave(joined[0])
    listeners.join()


def test_at_the_end_all_are_let_go() -> None:
    listeners = Listeners("e")
    listener = listeners.join()
    listeners.end()
    assert listener.gone and listener.something.is_set()
