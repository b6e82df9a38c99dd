"""When a process counts as dead, hung or looping, and when it is started again. Pure: facts in, a decision out."""

from __future__ import annotations

import enum
from dataclasses import dataclass

LOOP_DEATHS = 3  # deaths before the first beat, one after the other, that are called a crash loop
_PAUSE_FIRST_S, _PAUSE_MOST_S = 0.5, 10.0


class Step(enum.Enum):
    """What to do with a process now."""

    NOTHING = "nothing"
    KILL = "kill"
    START = "start"


@dataclass(frozen=True)
class Facts:
    """What is known of one process."""

    running: bool
    beaten: bool  # whether this process has given its first beat
    silent_s: float  # since the last beat; before the first: since the start
    early_deaths: int  # deaths before the first beat, in a row
    dead_s: float  # since it died; 0 while it runs


@dataclass(frozen=True)
class Patience:
    """How long a process may be silent, in seconds."""

    starting_s: float
    silent_after_s: float


def next_step(facts: Facts, patience: Patience) -> Step:
    """Kills what is silent for too long; starts what is dead: at once, or after a pause where it died before a beat."""
    if facts.running:
        allowed_s = patience.silent_after_s if facts.beaten else patience.starting_s
        return Step.KILL if facts.silent_s > allowed_s else Step.NOTHING
    return Step.START if facts.dead_s >= pause_s(facts.early_deaths) else Step.NOTHING


def pause_s(early_deaths: int) -> float:
    """The pause before the next start. The first restart is immediate; so is each after a death in full work."""
    if early_deaths <= 1:
        return 0.0
    return min(_PAUSE_MOST_S, _PAUSE_FIRST_S * 2.0 ** (early_deaths - 2))


def looping(early_deaths: int) -> bool:
    """Whether people should be told that it does not come up."""
    return early_deaths >= LOOP_DEATHS
