"""The share of something among frames that were drawn with unequal chances, and how sure it is. Pure.

Each is weighted by one over its chance (Horvitz and Thompson, J. Am. Statist. Ass. 47, 1952, 663-685; as a ratio:
Hájek). The interval is that of Clopper and Pearson with the effective number in place of the number: Kish's for
unequal weights (Survey Sampling, 1965, sec. 11.7), less where frames of one group are alike (Korn and Graubard, Survey
Methodology 24, 1998, 193-201).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from detector.beta import t_quantile
from detector.intervals import clopper_pearson


@dataclass(frozen=True)
class Estimate:
    """A figure with both ends of its interval; `high` None: nothing bounds it."""

    value: float | None
    low: float
    high: float | None

    def times(self, factor: float) -> Estimate:
        return Estimate(
            None if self.value is None else self.value * factor,
            self.low * factor,
            None if self.high is None else self.high * factor,
        )

    def plus(self, other: Estimate) -> Estimate:
        """The sum of two; its ends are the sums of theirs, so each must be surer than the sum is to be."""
        if self.value is None or other.value is None or self.high is None or other.high is None:
            return Estimate(None, self.low + other.low, None)
        return Estimate(self.value + other.value, self.low + other.low, self.high + other.high)


NOTHING = Estimate(0.0, 0.0, 0.0)
UNKNOWN = Estimate(None, 0.0, None)


@dataclass(frozen=True)
class Drawn:
    """What was looked at: one entry each."""

    weights: np.ndarray  # (N,) one over the chance
    groups: np.ndarray  # (N,) what is alike shares a name

    def __len__(self) -> int:
        return len(self.weights)


def drawn(weights: Sequence[float], groups: Sequence[str]) -> Drawn:
    return Drawn(np.asarray(weights, float), np.unique(np.asarray(groups, str), return_inverse=True)[1].reshape(-1))


def weighted_share(hits: np.ndarray, of: Drawn, level: float) -> Estimate:
    """The share of true ones in hits (N,) bool; UNKNOWN where nothing was looked at."""
    if not len(of):
        return UNKNOWN
    share = float(of.weights[hits].sum() / of.weights.sum())
    size = effective_number(hits, of)
    interval = clopper_pearson(share * size, size, level)
    return Estimate(share, interval.low, interval.high)


def effective_number(hits: np.ndarray, of: Drawn) -> float:
    """How many frames, each alone and drawn alike, would tell as much as these; at least 1."""
    weights = of.weights / of.weights.sum()
    kish = 1.0 / float((weights**2).sum())
    by_group = np.bincount(of.groups, weights)
    kish_of_groups = 1.0 / float((by_group**2).sum())
    share = float(weights[hits].sum())
    if share in (0.0, 1.0) or not 0.0 < share < 1.0 or len(by_group) < 2:
        return max(1.0, min(kish, kish_of_groups))
    spread = np.bincount(of.groups, weights * (hits - share))
    count = len(by_group)
    variance = count / (count - 1) * float((spread**2).sum())
    if variance <= 0.0:
        return max(1.0, min(kish, kish_of_groups))
    few_groups = 1.0
    if (frames := len(weights)) > count:
        few_groups = (t_quantile(0.975, frames - 1) / t_quantile(0.975, count - 1)) ** 2
    return max(1.0, min(kish, share * (1 - share) / variance * few_groups))
