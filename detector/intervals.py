"""How sure a figure is, where pictures of one group (one part, one belt) are not independent. Pure.

Two kinds. A share of pictures (accuracy, precision, recall) gets the interval of Clopper and Pearson with the number
of pictures replaced by their effective number, after Korn and Graubard: resampling cannot do it, for 200 hits out of
200 resample to 200 out of 200 always, and would claim certainty. Everything else (areas under curves, pixels,
calibration) is resampled by whole groups.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from detector.beta import beta_quantile, t_quantile

LEVEL = 0.95
SAMPLES = 1000  # draws; percentiles want about a thousand (Efron and Tibshirani, 1993, sec. 13.4)
Groups = Sequence[str] | np.ndarray  # (N,) the group of each picture


@dataclass(frozen=True)
class Interval:
    """Both ends included."""

    low: float
    high: float


@dataclass(frozen=True)
class Share:
    """A share of pictures, with what it was counted from."""

    hits: int
    total: int
    groups: int
    interval: Interval  # at LEVEL
    lower: float  # one-sided bound at LEVEL: what may be promised

    @property
    def value(self) -> float:
        """0..1; NaN of nothing."""
        return self.hits / self.total if self.total else float("nan")


def bootstrap(
    statistic: Callable[[np.ndarray], float], groups: Groups, *, samples: int = SAMPLES, seed: int = 0
) -> Interval | None:
    """The percentile interval at LEVEL of a statistic, whole groups drawn with replacement.

    statistic: of the weights (N,) float, how often each picture was drawn. A draw that gives NaN (no BAD picture came
    along) is left out. None where resampling tells nothing: there is but one group, hardly any draw remains, or all
    give the same. The same seed gives the same.
    Efron and Tibshirani, An Introduction to the Bootstrap, 1993, ch. 13; by groups: Field and Welsh, Bootstrapping
    clustered data, J. R. Statist. Soc. B 69, 2007, 369-390.
    """
    names, place = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
    if len(names) < 2:
        return None
    rng = np.random.default_rng(seed)
    even = np.full(len(names), 1 / len(names))
    drawn = (rng.multinomial(len(names), even)[place].astype(np.float64) for _ in range(samples))
    values = np.array([statistic(weight) for weight in drawn])
    values = values[~np.isnan(values)]
    if len(values) < samples / 2:
        return None
    if values.min() == values.max():
        return None
    tail = (1 - LEVEL) / 2 * 100
    low, high = np.percentile(values, [tail, 100 - tail])
    return Interval(float(low), float(high))


def share(hits: np.ndarray, groups: Groups) -> Share:
    """The share of true ones in hits (N,) bool, with its interval and its bound.

    The bound is more careful than the interval: it never counts more than one picture a group.
    """
    by_group = _by_group(np.asarray(hits, dtype=bool), groups)
    total, found = int(by_group.totals.sum()), int(by_group.hits.sum())
    count = len(by_group.totals)
    size = effective_size(by_group.hits, by_group.totals)
    if size == 0:
        return Share(found, total, count, Interval(0.0, 1.0), 0.0)
    interval = clopper_pearson(found / total * size, size)
    careful = min(size, float(count))
    lower = clopper_pearson(found / total * careful, careful, level=2 * LEVEL - 1).low
    return Share(found, total, count, interval, lower)


def clopper_pearson(hits: float, total: float, level: float = LEVEL) -> Interval:
    """The exact interval of a share (Clopper and Pearson, Biometrika 26, 1934, 404-413), both tails alike.

    Takes numbers that are not whole, as effective ones are.
    """
    tail = (1 - level) / 2
    low = beta_quantile(tail, hits, total - hits + 1) if hits > 0 else 0.0
    high = beta_quantile(1 - tail, hits + 1, total - hits) if hits < total else 1.0
    return Interval(low, high)


def effective_size(hits: np.ndarray, totals: np.ndarray) -> float:
    """How many independent pictures tell as much as these; hits and totals: (G,) by group.

    The number of pictures where each is its own group. Else p (1 - p) over the variance of the share between groups,
    times the ratio of the t quantiles, never more than there are pictures (Korn and Graubard, Survey Methodology 24,
    1998, 193-201). Where all or none are hits that variance is 0 and tells nothing: the number of groups, as if each
    group were one picture many times, which is the careful end. 0 for a single group of several pictures.
    """
    n, count = float(totals.sum()), len(totals)
    if count == n:
        return n
    if count < 2:
        return 0.0
    p = hits.sum() / n
    variance = count / (count - 1) * float(((hits - p * totals) ** 2).sum()) / n**2
    if p in (0.0, 1.0):
        return float(count)
    if variance == 0:
        return n
    tail = 1 - (1 - LEVEL) / 2
    few_groups = (t_quantile(tail, n - 1) / t_quantile(tail, count - 1)) ** 2
    return min(n, p * (1 - p) / variance * few_groups)


def needed_without_a_miss(wanted: float) -> int:
    """How many independent BAD pictures, all found, promise a recall of `wanted` at LEVEL: wanted ** n <= 1 - LEVEL."""
    return math.ceil(math.log(1 - LEVEL) / math.log(wanted))


@dataclass(frozen=True)
class _ByGroup:
    hits: np.ndarray  # (G,)
    totals: np.ndarray


def _by_group(hits: np.ndarray, groups: Groups) -> _ByGroup:
    names, place = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
    return _ByGroup(np.bincount(place, hits, minlength=len(names)), np.bincount(place, minlength=len(names)))
