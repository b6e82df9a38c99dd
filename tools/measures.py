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


def fewest_mistakes(margins: np.ndarray, truth: np.ndarray, temperature: float) -> float:
    """The score threshold with the fewest misses and false alarms; in the middle, by logit, where many are as good."""
    truth = truth.astype(bool)
    order = np.sort(margins.astype(np.float64))
    cuts = np.concatenate([[order[0] - 1], (order[1:] + order[:-1]) / 2, [order[-1] + 1]])
    mistakes = np.array([((margins >= cut) != truth).sum() for cut in cuts])
    best = cuts[mistakes == mistakes.min()]
    return round(float(np.clip(scores((best.min() + best.max()) / 2, temperature), *THRESHOLD_RANGE)), 4)


def expected_calibration_error(score: np.ndarray, truth: np.ndarray, bins: int = 15) -> float:
    """Mean distance between the score and the share of BAD at that score, weighted by how many pictures score so."""
    place = np.minimum((score * bins).astype(int), bins - 1)
    error = 0.0
    for b in range(bins):
        inside = place == b
        if inside.any():
            error += inside.mean() * abs(score[inside].mean() - truth[inside].mean())
    return float(error)


def average_precision(score: np.ndarray, truth: np.ndarray) -> float:
    """Area under the precision-recall curve, as the sum over each BAD picture of the precision at its score."""
    ranked = truth.astype(bool)[np.argsort(-score, kind="stable")]
    hits = np.cumsum(ranked)
    return float((hits[ranked] / (np.flatnonzero(ranked) + 1)).mean()) if ranked.any() else 0.0
