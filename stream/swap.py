"""Inspectors with another bundle take over from those that judge, and no frame is lost. Never waits: a turn at a time.

The new ones start beside the old, verify hashes and golden samples, and stop at a gate. When all of them have come so
far, the old are told to end and the gate is opened: the old finish the frame they have, the new go on with the next.
If one of the new refuses or does not come up, they go, and the old have noticed nothing.
"""

from __future__ import annotations

import enum
import logging
import signal
from collections.abc import Sequence
from dataclasses import dataclass

from stream.care import looping
from stream.children import Child, Task
from stream.gate import Gate
from stream.lineup import before_gate
from stream.refusing import REFUSED, why_ended

log = logging.getLogger("linewatch")


class Phase(enum.Enum):
    """How far it is."""

    LOADING = "loading"  # the new verify their bundle; the old judge
    ENDING = "ending"  # the new judge; the old finish
    GIVING_UP = "giving up"  # the new go; the old judge


@dataclass(frozen=True)
class Swapped:
    """How it came out."""

    ok: bool
    text: str
    gone: tuple[Child, ...]  # ended for good


class Swap:
    """One change of bundle."""

    def __init__(
        self, old: Sequence[Child], new: Sequence[Child], now_s: float, *, starting_s: float, ending_s: float
    ) -> None:
        """Starts the new ones, which have the tasks that they are to keep.

        starting_s: the time they have to come up; ending_s: the time the old have to end.
        """
        self._old, self._new = tuple(old), tuple(new)
        self._own: tuple[Task, ...] = tuple(child.task for child in new)
        self._gate = Gate()
        self._ending_s = ending_s
        self._until_s = now_s + starting_s
        self._why = ""
        self._phase = Phase.LOADING
        for child in self._new:
            child.task = before_gate(child.task, self._gate.descriptor)
            child.start()

    def step(self, now_s: float) -> Swapped | None:
        """One turn, after the children were looked at; gives how it came out, once it has."""
        turns = {Phase.LOADING: self._load, Phase.ENDING: self._end, Phase.GIVING_UP: self._give_up}
        return turns[self._phase](now_s)

    def abandon(self, why: str) -> None:
        """Where the new do not judge yet, they never will."""
        if self._phase is Phase.LOADING:
            self._why, self._phase = why, Phase.GIVING_UP
            for child in self._new:
                child.wanted = False
                child.signal(signal.SIGKILL)

    def close(self) -> None:
        """Nobody waits at the gate any more; may be called twice."""
        self._gate.open()

    def _load(self, now_s: float) -> Swapped | None:
        if hopeless := next((child for child in self._new if _hopeless(child)), None):
            self.abandon(_why_hopeless(hopeless))
        elif all(child.beaten for child in self._new):
            self._take_over(now_s)
        elif now_s > self._until_s:
            late = next(child for child in self._new if not child.beaten)
            self.abandon(f"{late.task.name} did not come up in time")
        return None

    def _take_over(self, now_s: float) -> None:
        for child in self._old:
            child.wanted = False
            child.signal(signal.SIGTERM)
            child.signal(signal.SIGCONT)
        self._gate.open()
        for child, task in zip(self._new, self._own, strict=True):
            child.task = task
        self._until_s = now_s + self._ending_s
        self._phase = Phase.ENDING

    def _end(self, now_s: float) -> Swapped | None:
        left = [child for child in self._old if child.process is not None]
        if not left:
            return Swapped(True, "", self._old)
        if now_s > self._until_s:
            self._until_s = now_s + self._ending_s
            for child in left:
                log.warning("%s did not end in time and is killed; what it had is judged again", child.task.name)
                child.signal(signal.SIGKILL)
        return None

    def _give_up(self, _now_s: float) -> Swapped | None:
        if any(child.process is not None for child in self._new):
            return None
        self.close()
        return Swapped(False, self._why, self._new)


def _hopeless(child: Child) -> bool:
    return child.process is None and (child.exit_code == REFUSED or looping(child.early_deaths))


def _why_hopeless(child: Child) -> str:
    if child.exit_code == REFUSED:
        return f"{child.task.name} refused it: {child.refusal or 'its reason stands in the log of the line'}"
    return f"{child.task.name} does not come up: it {why_ended(child.exit_code or 0)}, {child.early_deaths} times"
