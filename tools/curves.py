"""Curves over all thresholds, and scores sorted into bins: what the charts of a report show. Pure."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from .measures import ranked

LOG_ODDS_MAX = 8.0  # scores nearer to 0 or 1 (3 in 10,000) stand at the edge of the histogram


@dataclass(frozen=True)
class Curve:
    """One point for each score that occurs, from the highest threshold to the lowest."""

    x: np.ndarray  # (M,) 0..1
    y: np.ndarray
    threshold: np.ndarray  # BAD at this score and above


@dataclass(frozen=True)
class Bin:
    """The pictures whose score lies in [low, high)."""

    low: float
    high: float
    good: int
    bad: int
    mean_score: float  # NaN where empty

    @property
    def count(self) -> int:
        return self.good + self.bad


def precision_recall(score: np.ndarray, truth: np.ndarray) -> Curve:
    """x: recall of BAD, y: precision of BAD; both classes must occur."""
    rank = ranked(score, truth)
    hits, calls = np.cumsum(rank.bad), np.cumsum(rank.bad + rank.good)
    return Curve(hits / hits[-1], hits / calls, rank.score)


def roc(score: np.ndarray, truth: np.ndarray) -> Curve:
    """x: share of GOOD that is called BAD, y: recall of BAD, from (0, 0); both classes must occur."""
    rank = ranked(score, truth)
    hits, alarms = np.cumsum(rank.bad), np.cumsum(rank.good)
    return Curve(
        np.concatenate([[0.0], alarms / alarms[-1]]),
        np.concatenate([[0.0], hits / hits[-1]]),
        np.concatenate([[np.inf], rank.score]),
    )


def reliability(score: np.ndarray, truth: np.ndarray, bins: int = 10) -> tuple[Bin, ...]:
    """Scores in bins of equal width: calibrated where the share of BAD is the mean score."""
    return _binned(score, truth, score, np.linspace(0, 1, bins + 1))


def histogram(score: np.ndarray, truth: np.ndarray, bins: int = 32) -> tuple[Bin, ...]:
    """Scores in bins of equal width by log-odds, because a good gate's scores crowd at both ends."""
    edges = np.linspace(-LOG_ODDS_MAX, LOG_ODDS_MAX, bins + 1)
    return _binned(score, truth, log_odds(score), edges)


def log_odds(score: np.ndarray) -> np.ndarray:
    """ln(p / (1 - p)), cut off at LOG_ODDS_MAX on either side."""
    p = np.clip(np.asarray(score, np.float64), 1e-9, 1 - 1e-9)
    return np.clip(np.log(p / (1 - p)), -LOG_ODDS_MAX, LOG_ODDS_MAX)


def _binned(score: np.ndarray, truth: np.ndarray, value: np.ndarray, edges: np.ndarray) -> tuple[Bin, ...]:
    place = np.clip(np.searchsorted(edges, value, side="right") - 1, 0, len(edges) - 2)
    truth = truth.astype(bool)
    bins = []
    for i, (low, high) in enumerate(itertools.pairwise(edges)):
        inside = place == i
        bad = int((inside & truth).sum())
        mean = float(score[inside].mean()) if inside.any() else float("nan")
        bins.append(Bin(float(low), float(high), int(inside.sum()) - bad, bad, mean))
    return tuple(bins)
