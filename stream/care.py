"""When a process counts as dead, hung or looping, and when it is started again. Pure: facts in, a decision out."""

from __future__ import annotations

import enum
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

LOOP_DEATHS = 3  # deaths before the first beat, one after the other, that are called a crash loop
STALL_S = 0.3  # a turn of the watcher that comes so much too late was held up by the machine
STALLS_KEPT = 32
TURN_S = 15.0  # whoever has been coming up for so long may hang: the next need not wait for it
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


@dataclass(frozen=True)
class Stall:
    """A time in which whoever watches did not run either, in seconds of the monotonic clock."""

    since_s: float
    until_s: float


@dataclass
class Turns:
    """The watcher's own turns: one that comes far too late says that the whole machine stood still."""

    wait_s: float  # that a turn takes, at most, by itself
    stalls: deque[Stall] = field(default_factory=lambda: deque(maxlen=STALLS_KEPT))
    _last_s: float | None = None

    def turn(self, now_s: float) -> None:
        """To be called once a turn."""
        if self._last_s is not None and now_s - self._last_s > self.wait_s + STALL_S:
            self.stalls.append(Stall(self._last_s + self.wait_s, now_s))
        self._last_s = now_s


def awake_s(since_s: float, now_s: float, stalls: Iterable[Stall]) -> float:
    """The time from `since_s` to `now_s`, less the stalls: nobody can have beaten then."""
    asleep_s = sum(max(0.0, min(now_s, s.until_s) - max(since_s, s.since_s)) for s in stalls)
    return max(0.0, now_s - since_s - asleep_s)


def next_step(facts: Facts, patience: Patience) -> Step:
    """Kills what is silent for too long; starts what is dead: at once, or after a pause where it died before a beat."""
    if facts.running:
        allowed_s = patience.silent_after_s if facts.beaten else patience.starting_s
        return Step.KILL if facts.silent_s > allowed_s else Step.NOTHING
    return Step.START if facts.dead_s >= pause_s(facts.early_deaths) else Step.NOTHING


def room_to_start(starting_s: Iterable[float], at_once: int) -> int:
    """How many more may start beside those that are coming up; `starting_s`: for how long each of these has been.

    Many that load at once on few processors take so long that none comes up in its time, and each is killed for it.
    """
    return max(0, at_once - sum(since_s <= TURN_S for since_s in starting_s))


def pause_s(early_deaths: int) -> float:
    """The pause before the next start. The first restart is immediate; so is each after a death in full work."""
    if early_deaths <= 1:
        return 0.0
    return min(_PAUSE_MOST_S, _PAUSE_FIRST_S * 2.0 ** (early_deaths - 2))


def looping(early_deaths: int) -> bool:
    """Whether people should be told that it does not come up."""
    return early_deaths >= LOOP_DEATHS
