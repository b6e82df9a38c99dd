"""Whether a quantity of a long run grew: the rise of its straight line, and what of it is allowed. Pure.

Readings that follow each other are alike, so their own number says nothing: the time is cut into equal blocks, and each
block counts once, by its median.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from detector.beta import t_quantile

BLOCKS = 20
TAIL = 0.975  # of Student's t on either side: an interval of 95 %
NO_GROWTH, GROWTH, UNCLEAR = "no growth", "GROWTH", "cannot be told"


@dataclass(frozen=True)
class Rise:
    """How much more of it there is at the end than at the beginning."""

    blocks: tuple[float, ...]  # the median of each
    by: float  # along the straight line, from the first block to the last
    low: float
    high: float  # of 95 %

    @property
    def first(self) -> float:
        return self.blocks[0]

    @property
    def last(self) -> float:
        return self.blocks[-1]

    def verdict(self, allowed: float) -> str:
        """Growth: surely above zero, and more than is allowed; none: surely less than is allowed."""
        if self.high <= allowed:
            return NO_GROWTH
        return GROWTH if self.low > 0 and self.by > allowed else UNCLEAR


def rise(times_s: Sequence[float] | np.ndarray, values: Sequence[float] | np.ndarray) -> Rise:
    """Raises ValueError where there are too few readings for three blocks."""
    blocks = [np.median(block) for block in _blocks(np.asarray(times_s, float), np.asarray(values, float))]
    if len(blocks) < 3:
        raise ValueError(f"{len(values)} readings in {len(blocks)} blocks; at least three blocks tell a rise")
    x, y = np.linspace(-0.5, 0.5, len(blocks)), np.asarray(blocks)
    by = float(np.dot(x, y) / np.dot(x, x))
    rest = y - y.mean() - by * x
    degrees = len(blocks) - 2
    spread = t_quantile(TAIL, degrees) * float(np.sqrt(np.dot(rest, rest) / degrees / np.dot(x, x)))
    return Rise(tuple(y.tolist()), by, by - spread, by + spread)


def _blocks(times_s: np.ndarray, values: np.ndarray) -> list[np.ndarray]:
    """The values of each of BLOCKS equal spans of time; a span without any is left out."""
    if not values.size:
        return []
    edges = np.linspace(times_s.min(), times_s.max(), BLOCKS + 1)[1:-1]
    place = np.searchsorted(edges, times_s, side="right")
    return [values[place == block] for block in range(BLOCKS) if (place == block).any()]
