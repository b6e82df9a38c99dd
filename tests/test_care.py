"""When a process is killed, and when it is started again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.care import (
    STALL_S,
    TURN_S,
    Facts,
    Patience,
    Stall,
    Step,
    Turns,
    awake_s,
    looping,
    next_step,
    pause_s,
    room_to_start,
)

PATIENCE = Patience(starting_s=60.0, silent_after_s=1.5)


def running(*, beaten: bool, silent_s: float) -> Facts:
    return Facts(True, beaten, silent_s, early_deaths=0, dead_s=0.0)


def dead(*, early_deaths: int, dead_s: float) -> Facts:
    return Facts(False, False, 0.0, early_deaths, dead_s)


@pytest.mark.parametrize(
    ("facts", "step"),
    [
        pytest.param(running(beaten=False, silent_s=59.0), Step.NOTHING, id="starting"),
        pytest.param(running(beaten=False, silent_s=61.0), Step.KILL, id="does-not-come-up"),
        pytest.param(running(beaten=True, silent_s=1.4), Step.NOTHING, id="beating"),
        pytest.param(running(beaten=True, silent_s=1.6), Step.KILL, id="hung"),
        pytest.param(dead(early_deaths=0, dead_s=0.0), Step.START, id="died-in-full-work"),
        pytest.param(dead(early_deaths=1, dead_s=0.0), Step.START, id="died-early-once"),
        pytest.param(dead(early_deaths=2, dead_s=0.4), Step.NOTHING, id="died-early-twice-just-now"),
        pytest.param(dead(early_deaths=2, dead_s=0.5), Step.START, id="died-early-twice-a-pause-ago"),
    ],
)
def test_facts_decide_what_is_done(facts: Facts, step: Step) -> None:
    assert next_step(facts, PATIENCE) is step


def test_pauses_grow_up_to_a_bound() -> None:
    pauses = [pause_s(deaths) for deaths in range(12)]
    assert pauses[:5] == [0.0, 0.0, 0.5, 1.0, 2.0]
    assert pauses == sorted(pauses)
    assert pauses[-1] == pause_s(1000) == 10.0


@pytest.mark.parametrize(("deaths", "loop"), [(0, False), (2, False), (3, True)])
def test_three_early_deaths_are_a_loop(deaths: int, loop: bool) -> None:
    assert looping(deaths) == loop


@given(st.lists(st.floats(0, 2), min_size=1))
def test_only_a_turn_that_is_far_too_late_is_a_stall(gaps_s: list[float]) -> None:
    turns = Turns(wait_s=0.1)
    now_s, stalls = 100.0, []
    turns.turn(now_s)
    for gap_s in gaps_s:
        if gap_s > 0.1 + STALL_S + 1e-6:
            stalls.append(Stall(now_s + 0.1, now_s + gap_s))
        elif gap_s > 0.1 + STALL_S - 1e-6:
            return
        now_s += gap_s
        turns.turn(now_s)
    assert [stall.until_s for stall in turns.stalls] == pytest.approx([stall.until_s for stall in stalls[-32:]])
    assert awake_s(100.0, now_s, stalls) == pytest.approx(now_s - 100.0 - sum(s.until_s - s.since_s for s in stalls))


@pytest.mark.parametrize(
    ("since_s", "stall", "awake"),
    [
        pytest.param(10.0, Stall(11.0, 14.0), 2.0, id="between"),
        pytest.param(10.0, Stall(8.0, 12.0), 3.0, id="it-beat-while-the-watcher-slept"),
        pytest.param(10.0, Stall(2.0, 9.0), 5.0, id="before-its-last-beat"),
        pytest.param(10.0, Stall(5.0, 15.0), 0.0, id="all-the-time"),
    ],
)
def test_a_silence_counts_only_while_the_watcher_ran(since_s: float, stall: Stall, awake: float) -> None:
    assert awake_s(since_s, 15.0, [stall]) == awake


@pytest.mark.parametrize(
    ("starting_s", "room"),
    [
        pytest.param((), 2, id="nobody"),
        pytest.param((0.1,), 1, id="one"),
        pytest.param((0.1, 3.0), 0, id="as-many-as-may"),
        pytest.param((0.1, 3.0, 4.0), 0, id="more"),
        pytest.param((0.1, TURN_S + 1.0), 1, id="one-may-hang"),
    ],
)
def test_a_few_come_up_at_a_time_and_one_that_hangs_keeps_no_place(starting_s: tuple[float, ...], room: int) -> None:
    assert room_to_start(starting_s, at_once=2) == room
