"""When a process is killed, and when it is started again."""

from __future__ import annotations

import pytest

from stream.care import Facts, Patience, Step, looping, next_step, pause_s

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
