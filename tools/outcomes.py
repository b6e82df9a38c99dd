"""What became of one labelled picture or frame: the rows from which every figure of an evaluation is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from detector.verdict import State

from .defect_recall import Piece
from .measures import Pixels


@dataclass(frozen=True)
class Marks:
    """The pixels of one picture, in its own size."""

    line: Pixels  # as the line runs it: nothing is marked in a picture that the gate lets pass
    alone: Pixels  # of the segmenter alone, asked whatever the gate says; of BAD pictures only


@dataclass(frozen=True)
class Outcome:
    """One labelled picture and what was judged of it."""

    name: str  # file inside the data folder, or camera/run/seq
    group: str
    truth: State  # GOOD or BAD
    state: State | None  # None: never judged, its reason says why
    score: float | None  # None: UNKNOWN, never judged, or not kept
    kind: str = ""  # of defect, where it is known
    reason: str = ""
    marks: Marks | None = None
    pieces: tuple[Piece, ...] = ()

    @property
    def judged(self) -> bool:
        """GOOD or BAD; what is UNKNOWN or was never judged has no part in the rates, and is stated beside them."""
        return self.state in (State.GOOD, State.BAD)

    @property
    def escaped(self) -> bool:
        return self.truth is State.BAD and self.state is State.GOOD

    @property
    def false_alarm(self) -> bool:
        return self.truth is State.GOOD and self.state is State.BAD


def worst_escapes(every: Iterable[Outcome]) -> list[Outcome]:
    """BAD pictures judged GOOD, the surest first; those without a score last, the first of each group before others."""
    escaped = [outcome for outcome in every if outcome.escaped]
    scored = sorted((o for o in escaped if o.score is not None), key=lambda o: (o.score, o.name))
    seen: Counter[str] = Counter()
    turns = []
    for outcome in (o for o in escaped if o.score is None):
        seen[outcome.group] += 1
        turns.append((seen[outcome.group], outcome))
    return [*scored, *(outcome for _, outcome in sorted(turns, key=lambda turn: turn[0]))]


def worst_false_alarms(every: Iterable[Outcome]) -> list[Outcome]:
    """GOOD pictures judged BAD, the surest first."""
    return sorted((o for o in every if o.false_alarm), key=lambda o: (-(o.score or 0.0), o.name))
