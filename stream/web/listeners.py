"""Who listens to the line without looking: what each still has to hear, and what those who were away have missed.

Every listener has a queue of bounded length; what does not fit gives way, oldest first, and is counted. Nobody waits
for a listener. Knows no socket and no clock.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

LISTENERS_MAX = 32
VERDICTS_MAX = 16  # of a camera that wait for one listener
OTHERS_MAX = 64  # incidents and alarms that wait for one listener
KEPT = 1024  # events that are remembered for those who come back


class FullError(Exception):
    """There are as many listeners as there may be."""


@dataclass(frozen=True)
class Happening:
    """One thing that is told."""

    number: int  # counts all that is told, from 1
    kind: str  # verdict | incident | alarm | status | missed
    subject: str  # the camera of a verdict
    told: object  # a message of msgspec types
    skipped: int = 0  # of this kind and subject that gave way right before it


class Listener:
    """One who listens."""

    def __init__(self) -> None:
        self.something = asyncio.Event()
        self.gone = False
        self._verdicts: dict[str, deque[Happening]] = {}
        self._skipped: dict[str, int] = {}
        self._others: deque[Happening] = deque()
        self._others_skipped = 0
        self._status: Happening | None = None

    def offer(self, one: Happening) -> None:
        if one.kind == "status":
            self._status = one
        elif one.kind == "verdict":
            waiting = self._verdicts.setdefault(one.subject, deque())
            if len(waiting) >= VERDICTS_MAX:
                self._skipped[one.subject] = self._skipped.get(one.subject, 0) + 1 + waiting.popleft().skipped
            waiting.append(one)
        else:
            if len(self._others) >= OTHERS_MAX:
                self._others.popleft()
                self._others_skipped += 1
            self._others.append(one)
        self.something.set()

    def end(self) -> None:
        self.gone = True
        self.something.set()

    def take(self) -> list[Happening]:
        """All that waits, in the order in which it happened."""
        self.something.clear()
        found = [*self._others]
        if self._status is not None:
            found.append(self._status)
        for subject, waiting in self._verdicts.items():
            found += _counted(waiting, self._skipped.pop(subject, 0))
            waiting.clear()
        found.sort(key=lambda one: one.number)
        if self._others_skipped:
            first = found[0].number if found else 0
            found.insert(0, Happening(first, "missed", "", Missed(self._others_skipped)))
        self._others.clear()
        self._status, self._others_skipped = None, 0
        return found


@dataclass(frozen=True)
class Missed:
    """Incidents and alarms that a listener will never hear of: look into the log."""

    count: int | None  # None: nobody knows how many


class Listeners:
    """All who listen."""

    def __init__(self, epoch: str) -> None:
        """`epoch`: told with each number, so that one of another life of the page is known as such."""
        self.epoch = epoch
        self._all: set[Listener] = set()
        self._kept: deque[Happening] = deque(maxlen=KEPT)
        self._number = 0

    def __len__(self) -> int:
        return len(self._all)

    def join(self, after: str = "") -> Listener:
        """A new one; `after`: the last id that it has heard, where it comes back. Raises FullError."""
        if len(self._all) >= LISTENERS_MAX:
            raise FullError(f"{LISTENERS_MAX} listen already; close one")
        listener = Listener()
        for one in self._since(after):
            listener.offer(one)
        self._all.add(listener)
        return listener

    def leave(self, listener: Listener) -> None:
        self._all.discard(listener)

    def tell(self, kind: str, subject: str, told: object) -> None:
        """To all that listen, and to those who come back."""
        self._number += 1
        one = Happening(self._number, kind, subject, told)
        if kind != "status":
            self._kept.append(one)
        for listener in self._all:
            listener.offer(one)

    def tell_listeners(self, kind: str, told: Callable[[], object]) -> None:
        """What is worth making only where somebody listens."""
        if self._all:
            self.tell(kind, "", told())

    def end(self) -> None:
        """The page closes."""
        for listener in self._all:
            listener.end()

    def _since(self, after: str) -> list[Happening]:
        if not after:
            return []
        epoch, _, number = after.partition("-")
        known = number.isascii() and number.isdigit() and len(number) < 19 and epoch == self.epoch
        if not known or int(number) > self._number:
            return [Happening(self._number, "missed", "", Missed(None))]
        behind = [one for one in self._kept if one.number > int(number)]
        gap = len(self._kept) == KEPT and self._kept[0].number > int(number) + 1
        return [Happening(self._kept[0].number, "missed", "", Missed(None)), *behind] if gap else behind


def _counted(waiting: deque[Happening], skipped: int) -> list[Happening]:
    """The first of those that wait says how many gave way before it."""
    if not skipped or not waiting:
        return [*waiting]
    first = waiting[0]
    return [Happening(first.number, first.kind, first.subject, first.told, first.skipped + skipped), *[*waiting][1:]]
