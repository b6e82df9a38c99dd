"""Arithmetic of scores: temperature, thresholds, precision and recall. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

THRESHOLD_RANGE = (0.02, 0.995)


@dataclass(frozen=True)
class Counts:
    """How calls of BAD compare with the truth."""

    hits: int
    misses: int
    false_alarms: int
    rest: int

    @property
    def accuracy(self) -> float:
        return (self.hits + self.rest) / max(1, self.hits + self.misses + self.false_alarms + self.rest)

    @property
    def precision(self) -> float:
        return self.hits / max(1, self.hits + self.false_alarms)

    @property
    def recall(self) -> float:
        return self.hits / max(1, self.hits + self.misses)

    def summary(self) -> dict[str, float]:
        """For a record: counts and rates."""
        rates = {"accuracy": self.accuracy, "precision": self.precision, "recall": self.recall}
        return {**asdict(self), **{name: round(rate, 5) for name, rate in rates.items()}}


def counts(called: np.ndarray, truth: np.ndarray) -> Counts:
    """Both of one shape, true for BAD."""
    called, truth = called.astype(bool), truth.astype(bool)
    return Counts(
        hits=int((called & truth).sum()),
        misses=int((~called & truth).sum()),
        false_alarms=int((called & ~truth).sum()),
        rest=int((~called & ~truth).sum()),
    )


def scores(margins: np.ndarray, temperature: float) -> np.ndarray:
    """Probability of BAD from logit BAD minus logit GOOD."""
    return 0.5 * (1 + np.tanh(0.5 * margins.astype(np.float64) / temperature))


def fitted_temperature(margins: np.ndarray, truth: np.ndarray) -> float:
    """The temperature at which the scores are most likely, so that 0.9 means 0.9 (Guo et al. 2017, arXiv 1706.04599).

    Searched from 0.2 to 5; where every picture comes out right the likelihood wants no bound, and 0.2 would be it.
    """
    signed = np.where(truth.astype(bool), margins, -margins).astype(np.float64)
    candidates = np.geomspace(0.2, 5.0, 161)
    losses = [np.logaddexp(0, -signed / t).mean() for t in candidates]
    return round(float(candidates[int(np.argmin(losses))]), 4)


def least_loss(margins: np.ndarray, truth: np.ndarray) -> float:
    """The least cross-entropy, both classes counted alike, that a temperature and a threshold can bring the margins to.

    Both are fitted when a bundle is exported: a network that only says too loudly what it knows is no worse for it.
    Temperatures from 0.2 to 5, thresholds from the lowest margin to the highest.
    """
    truth = truth.astype(bool)
    loss = np.inf
    for threshold in np.linspace(margins.min(), margins.max(), 65):
        signed = np.where(truth, margins - threshold, threshold - margins).astype(np.float64)
        by_picture = np.logaddexp(0, -signed / np.geomspace(0.2, 5.0, 33)[:, None])
        loss = min(loss, float((by_picture[:, truth].mean(axis=1) + by_picture[:, ~truth].mean(axis=1)).min() / 2))
    return loss


def fewest_mistakes(margins: np.ndarray, truth: np.ndarray, temperature: float) -> float:
    """The score threshold with the fewest misses and false alarms; in the middle, by logit, where many are as good."""
    truth = truth.astype(bool)
    order = np.sort(margins.astype(np.float64))
    cuts = np.concatenate([[order[0] - 1], (order[1:] + order[:-1]) / 2, [order[-1] + 1]])
    mistakes = np.array([((margins >= cut) != truth).sum() for cut in cuts])
    best = cuts[mistakes == mistakes.min()]
    return round(float(np.clip(scores((best.min() + best.max()) / 2, temperature), *THRESHOLD_RANGE)), 4)


def expected_calibration_error(
    score: np.ndarray, truth: np.ndarray, bins: int = 15, weight: np.ndarray | None = None
) -> float:
    """Mean distance between the score and the share of BAD at that score, weighted by how many pictures score so.

    weight: (N,) how often each picture counts; None: once.
    """
    weight = np.ones(len(score)) if weight is None else weight
    place = np.minimum((score * bins).astype(int), bins - 1)
    said = np.bincount(place, weight * score, minlength=bins)
    true = np.bincount(place, weight * truth, minlength=bins)
    return float(np.abs(said - true).sum() / weight.sum())


def average_precision(score: np.ndarray, truth: np.ndarray, weight: np.ndarray | None = None) -> float:
    """Area under the precision-recall curve: the mean over the BAD pictures of the precision at each one's score.

    Pictures of one score are called together, so their order does not matter. 0 without a BAD picture.
    weight: (N,) how often each picture counts; None: once.
    """
    rank = ranked(score, truth, weight)
    hits, calls = np.cumsum(rank.bad), np.cumsum(rank.bad + rank.good)
    if hits[-1] == 0:
        return 0.0
    return float((rank.bad * hits / np.maximum(calls, 1e-12)).sum() / hits[-1])


def auroc(score: np.ndarray, truth: np.ndarray, weight: np.ndarray | None = None) -> float:
    """Area under the ROC curve: how often a BAD picture scores above a GOOD one, ties counting half.

    It is the Mann-Whitney statistic (Hanley and McNeil 1982, Radiology 143:29). NaN where one class is absent.
    weight: (N,) how often each picture counts; None: once.
    """
    rank = ranked(score, truth, weight)
    pairs = rank.bad.sum() * rank.good.sum()
    if pairs == 0:
        return float("nan")
    lower = rank.good.sum() - np.cumsum(rank.good)
    return float((rank.bad * (lower + rank.good / 2)).sum() / pairs)


@dataclass(frozen=True)
class Ranked:
    """The pictures by score, from the highest; those of one score stand together."""

    score: np.ndarray  # (M,) each score once
    bad: np.ndarray  # (M,) how many BAD pictures have it, by weight
    good: np.ndarray  # (M,)


def ranked(score: np.ndarray, truth: np.ndarray, weight: np.ndarray | None = None) -> Ranked:
    """What each threshold would call BAD. weight: (N,) how often each picture counts; None: once."""
    weight = np.ones(len(score)) if weight is None else weight
    levels, place = np.unique(score, return_inverse=True)
    truth = truth.astype(bool)
    bad = np.bincount(place, weight * truth, minlength=len(levels))
    good = np.bincount(place, weight * ~truth, minlength=len(levels))
    return Ranked(levels[::-1], bad[::-1], good[::-1])


@dataclass(frozen=True)
class Pixels:
    """How marked pixels compare with the truth."""

    hits: int = 0
    called: int = 0
    marked: int = 0  # in the truth
    area: int = 0  # of the picture

    def __add__(self, other: Pixels) -> Pixels:
        return Pixels(
            self.hits + other.hits, self.called + other.called, self.marked + other.marked, self.area + other.area
        )

    @property
    def iou(self) -> float:
        """Intersection over union; NaN where neither marks anything."""
        return ratio(self.hits, self.called + self.marked - self.hits)


def pixels(called: np.ndarray, truth: np.ndarray) -> Pixels:
    """Both (H, W), true or 1 for a defect."""
    called, truth = called.astype(bool), truth.astype(bool)
    return Pixels(int((called & truth).sum()), int(called.sum()), int(truth.sum()), truth.size)


def ratio(part: float, whole: float) -> float:
    """part / whole; NaN where there is no whole: a rate of nothing is not 0."""
    return part / whole if whole else float("nan")
