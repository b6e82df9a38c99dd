"""What a line under soak has, in words: what its checker must come to see in a soak that is long enough. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from stream.settings import LineSettings

from .soak_schedule import Cast
from .soak_truth import CameraTruth


@dataclass(frozen=True)
class Had:
    """What is known of it beforehand."""

    line: LineSettings
    cameras: Sequence[CameraTruth]
    cast: Cast
    filmed: Sequence[str]


HAS: dict[str, Callable[[Had], object]] = {
    "recordings": lambda had: had.cast.recordings,
    "deadlines": lambda had: [c for c in had.cameras if c.deadline_ms is not None],
    "failing cameras": lambda had: [c for c in had.cameras if c.spells],
    "unfit": lambda had: [c for c in had.cameras if c.spells or c.damaged_share or c.kind == "watched"],
    "watched folders": lambda had: had.cast.watched,
    "told cameras": lambda had: [c for c in had.cameras if c.told],
    "brokers": lambda had: [c for c in had.cameras if c.heard],
    "followed": lambda had: [c for c in had.cameras if c.heard and not c.ordered],
    "orders": lambda had: [c for c in had.cameras if c.heard and c.ordered],
    "recipes": lambda had: had.cast.recipes,
    "clips": lambda had: had.filmed,
    "continuous": lambda had: had.filmed if had.line.clips.continuous else (),
    "page": lambda had: had.line.display.enabled,
    "challenges": lambda had: had.cast.challenged,
    "samples": lambda had: had.line.samples.random_per_hour or had.line.samples.near_per_hour,
    "evidence budget": lambda had: "evidence" in had.cast.budgets,
}


def has(had: Had) -> tuple[str, ...]:
    """The words that are true of it."""
    return tuple(word for word, true_of in HAS.items() if true_of(had))
