"""The processes of a line as one crew: who they are, how each is cared for, how they end. Knows no role but capture.

What is done with one of them stands in children.py. Captures, of which there may be many, come up a few at a time:
many that load at once would each be killed for taking too long.
"""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Iterable, Iterator

from stream.care import Step, Turns, looping, room_to_start
from stream.children import Child, Renewal, readable_descriptors
from stream.links import Links
from stream.standby import Standby

log = logging.getLogger("linewatch")
LOOK_EVERY_S = 0.1


class Crew:
    """All children, and the spare that may take the place of one."""

    def __init__(self, standby: Standby, links: Links) -> None:
        self._standby = standby
        self._links = links
        self._children: dict[str, Child] = {}
        self._watched: set[int] = set()
        self._turns = Turns(LOOK_EVERY_S)
        self.at_once = max(2, len(os.sched_getaffinity(0)))  # captures that may load beside each other

    def __iter__(self) -> Iterator[Child]:
        return iter(self._children.values())

    def take_in(self, children: Iterable[Child]) -> None:
        for child in children:
            child.standby = self._standby
            self._children[child.task.name] = child

    def let_go(self, children: Iterable[Child]) -> None:
        """They have ended, and do not come back."""
        for child in children:
            del self._children[child.task.name]

    def get(self, name: str) -> Child | None:
        """The child of that name, such as `capture belt`."""
        return self._children.get(name)

    def named(self, role: str) -> list[Child]:
        """All of a role, such as `capture`."""
        return [child for name, child in self._children.items() if name.split(" ")[0] == role]

    def turn(self) -> None:
        """The supervisor itself has run now: a time in which it did not is no silence of theirs."""
        self._turns.turn(time.monotonic())

    def dead(self) -> list[Child]:
        """Those that have died since the last look."""
        return [child for child in self if child.process is not None and child.look()]

    def care(self, *, complete: bool) -> None:
        """Looks after each; captures start a few at a time, and not before the line is `complete`."""
        captures = self.named("capture")
        coming_s = [since_s for child in captures if (since_s := child.starting_s) is not None]
        room = room_to_start(coming_s, self.at_once)
        for child in captures:
            if child.restarts >= 0 or complete:
                room -= child.care(self._turns.stalls, may_start=room > 0) is Step.START
        for name, child in self._children.items():
            if child.restarts >= 0 and not name.startswith("capture "):
                child.care(self._turns.stalls)
        if complete and all(child.restarts >= 0 for child in self):
            self._standby.step(time.monotonic())

    def watch(self) -> None:
        """Waits on exactly the processes that run."""
        now = readable_descriptors(list(self))
        for gone in self._watched - now:
            self._links.unwatch(gone)
        for new in now - self._watched:
            self._links.watch(new)
        self._watched = now

    @property
    def alarms(self) -> list[str]:
        """In plain words; empty where all is well."""
        alarms = [
            f"{c.task.name} does not come up: {c.refusal or f'it died {c.early_deaths} times before it worked'}"
            for c in self
            if c.wanted and looping(c.early_deaths)
        ]
        return [*alarms, self._standby.alarm] if self._standby.alarm else alarms

    @property
    def renewing(self) -> bool:
        """Whether a capture ends to come back with other settings."""
        return any(child.renewal is not Renewal.NONE for child in self.named("capture"))

    def tell_to_stop(self, children: Iterable[Child]) -> None:
        """These end in order."""
        for child in children:
            child.wanted = False
            child.signal(signal.SIGTERM)
            child.signal(signal.SIGCONT)

    def kill(self, children: Iterable[Child]) -> None:
        """Those of these that have not stopped in time."""
        for child in children:
            if child.process is not None:
                log.warning("%s did not stop in time and is killed", child.task.name)
                child.signal(signal.SIGKILL)
                child.bury()

    def end_spare(self) -> None:
        self._standby.close()

    def close(self) -> None:
        """None is left, at once."""
        self._standby.close()
        for child in self:
            child.wanted = False
            child.signal(signal.SIGKILL)
        for child in self:
            child.bury()
