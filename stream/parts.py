"""What became of each part that came before a camera: GOOD, BAD or UNKNOWN, from the frames of it. Pure.

A part begins at a frame, and every frame from there on is of it until the next one begins. What is said of it depends
on where parts begin and on the ledger alone: never on the order in which that arrived, nor on how often it was said.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from stream.ledger import Ledger
from stream.messages import FRAMES_MAX, PartBegin

NEWEST = 12  # decided parts that stay in memory for people


@dataclass(frozen=True)
class Part:
    """One part in one run. `state` None: it is not over yet, or some frame of it is not accounted for."""

    begun: PartBegin
    state: str | None = None
    stop: int = 0  # first_seq <= seq < stop are its frames; as long as it is not decided, unknown
    counts: Mapping[str, int] = field(default_factory=dict)  # its frames by outcome

    @property
    def frames(self) -> int:
        return max(0, self.stop - self.begun.seq) if self.state else 0


def state_of(outcomes: Mapping[str, int]) -> str:
    """A part's state by its frames' outcomes: no frame judged is UNKNOWN, and so is one that could not be."""
    if outcomes.get("BAD"):
        return "BAD"
    return "GOOD" if outcomes.get("GOOD") and not outcomes.get("UNKNOWN") else "UNKNOWN"


class PartBook:
    """The parts of one run, kept up to date as frames get their outcomes."""

    def __init__(self, parts: Iterable[Part] = (), told: int = 0) -> None:
        """`told`: where every part that begins below is known."""
        self._parts = {part.begun.number: part for part in parts}
        self._first = min(self._parts, default=0)  # parts below are decided, and their frames no longer at hand
        self._told = told
        self._expected = bool(self._parts)
        self._folded = 0  # frames below are in the counts of their part
        self._changed: set[int] = set()
        self.newest: deque[Part] = deque((p for _, p in sorted(self._parts.items()) if p.state), maxlen=NEWEST)
        self._forget()

    def expect(self) -> None:
        """The camera is told of parts: one may be about to be reported."""
        self._expected = True

    def begin(self, begun: PartBegin) -> None:
        """Where a part begins; said again, it changes nothing."""
        self._expected = True
        if begun.number >= self._first and begun.number not in self._parts:
            self._parts[begun.number] = Part(begun)
            self._changed.add(begun.number)

    def told(self, captured: int) -> None:
        """Every part that begins below that frame is known."""
        self._told = max(self._told, captured)

    @property
    def needs_from(self) -> int:
        """Which part a frame at or above belongs to is not known yet: its outcome must be kept."""
        return self._told if self._expected else FRAMES_MAX

    def name_at(self, seq: int) -> str:
        """The part that the frame is of; empty where none is known."""
        known = [part.begun for part in self._parts.values() if part.begun.seq <= seq]
        return max(known, key=lambda begun: begun.number).part if known else ""

    def fold(self, ledger: Ledger, before: int) -> None:
        """Frames below `before`, all accounted for, leave the ledger's memory: they are counted."""
        for number, part in self._parts.items():
            if part.state is None and (stop := min(before, self._stop(number, ended=True))) > self._folded:
                self._parts[number] = replace(part, counts=self._counted(part, ledger, stop))
        self._folded = max(self._folded, before)

    def decide(self, ledger: Ledger, *, ended: bool) -> None:
        """Decides each part that is over and whose frames are all accounted for."""
        for number, part in sorted(self._parts.items()):
            stop = self._stop(number, ended=ended)
            if part.state is None and stop >= 0 and not ledger.missing(part.begun.seq, stop):
                counts = self._counted(part, ledger, stop)
                self._parts[number] = replace(part, state=state_of(counts), stop=stop, counts=counts)
                self._changed.add(number)
                self.newest.append(self._parts[number])
        self._forget()

    def take_changes(self) -> tuple[Part, ...]:
        """What to write to disk since the last call."""
        changes = tuple(self._parts[number] for number in sorted(self._changed))
        self._changed.clear()
        self._forget()
        return changes

    def __bool__(self) -> bool:
        return bool(self._parts)

    def _stop(self, number: int, *, ended: bool) -> int:
        """Where the part ends; -1: nobody knows yet."""
        following = self._parts.get(number + 1)
        if following is not None:
            return following.begun.seq
        last = number == max(self._parts)
        return max(self._parts[number].begun.seq, self._told) if ended and last else -1

    def _counted(self, part: Part, ledger: Ledger, stop: int) -> dict[str, int]:
        counts = dict(part.counts)
        for found in ledger.within(max(part.begun.seq, self._folded), stop):
            counts[found.outcome] = counts.get(found.outcome, 0) + found.stop - found.start
        return counts

    def _forget(self) -> None:
        """The parts before the first undecided one leave memory; the newest stays, for where the next one begins."""
        while self._first in self._parts and self._first not in self._changed and self._parts[self._first].state:
            del self._parts[self._first]
            self._first += 1
