"""The figures of an evaluation, each with its 95 % interval, counted from outcomes. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from detector.intervals import Interval, Share, bootstrap, share
from detector.verdict import State

from .measures import Counts, Pixels, auroc, average_precision, counts, expected_calibration_error, ratio
from .outcomes import Marks, Outcome

BY_COUNT, BY_DRAWS = "exact, by groups", "bootstrap, by groups"


@dataclass(frozen=True)
class Figure:
    """One number with how sure it is."""

    key: str  # in JSON
    name: str
    value: float  # NaN: cannot be told
    interval: Interval | None
    of: str  # what it was counted from: `198 of 200`
    how: str = BY_DRAWS  # the interval


@dataclass(frozen=True)
class Calls:
    """The judged outcomes as arrays."""

    truth: np.ndarray  # (N,) bool, BAD
    called: np.ndarray  # (N,) bool, judged BAD
    score: np.ndarray  # (N,) NaN where it is not kept
    groups: np.ndarray  # (N,) str

    @property
    def counts(self) -> Counts:
        return counts(self.called, self.truth)

    @property
    def scored(self) -> bool:
        """Whether each has its score, and both classes occur: what curves need."""
        return bool(len(self.score)) and not np.isnan(self.score).any() and 0 < self.truth.sum() < len(self.truth)


def calls(outcomes: Iterable[Outcome]) -> Calls:
    """Those that were judged GOOD or BAD."""
    judged = [o for o in outcomes if o.judged]
    return Calls(
        np.array([o.truth is State.BAD for o in judged], bool),
        np.array([o.state is State.BAD for o in judged], bool),
        np.array([np.nan if o.score is None else o.score for o in judged], np.float64),
        np.array([o.group for o in judged], dtype=str),
    )


def verdict_figures(c: Calls) -> tuple[Figure, ...]:
    """The reference table: accuracy, precision and recall of BAD."""
    return (
        _counted("accuracy", "accuracy", share(c.called == c.truth, c.groups)),
        _counted("precision_of_bad", "precision of BAD", share(c.truth[c.called], c.groups[c.called])),
        _counted("recall_of_bad", "recall of BAD", share(c.called[c.truth], c.groups[c.truth])),
    )


def score_figures(c: Calls, samples: int) -> tuple[Figure, ...]:
    """What depends on the scores and on no threshold; empty where they are not kept."""
    if not c.scored:
        return ()

    def of(key: str, name: str, measure: Callable[..., float]) -> Figure:
        interval = bootstrap(lambda w: measure(c.score, c.truth, weight=w), c.groups, samples=samples)
        return Figure(key, name, measure(c.score, c.truth), interval, f"{len(c.score)} scores")

    return (
        of("average_precision", "average precision", average_precision),
        of("auroc", "AUROC", auroc),
        of("calibration_error", "calibration error", expected_calibration_error),
    )


def pixel_figures(outcomes: Iterable[Outcome], which: Callable[[Marks], Pixels], samples: int) -> tuple[Figure, ...]:
    """Precision, recall and IoU by pixel, pooled over the pictures.

    mIoU: the mean of the IoU of defects and of the background, both pooled. IoU also as the mean over BAD pictures.
    """
    marked = [o for o in outcomes if o.marks is not None]
    found = [which(o.marks) for o in marked if o.marks is not None]
    hits, called, true, area = np.array([(p.hits, p.called, p.marked, p.area) for p in found], float).reshape(-1, 4).T
    union = called + true - hits
    groups = [o.group for o in marked]
    bad = true > 0
    each = hits / np.maximum(1, union)

    def of(key: str, name: str, measure: Callable[[np.ndarray], float], counted: str) -> Figure:
        return Figure(key, name, measure(np.ones(len(hits))), bootstrap(measure, groups, samples=samples), counted)

    def of_both(w: np.ndarray) -> float:
        return (ratio(w @ hits, w @ union) + ratio(w @ (area - union), w @ (area - hits))) / 2

    h, c, t = (int(x.sum()) for x in (hits, called, true))
    return (
        of("precision", "pixel precision", lambda w: ratio(w @ hits, w @ called), f"{h} of {c} px marked"),
        of("recall", "pixel recall", lambda w: ratio(w @ hits, w @ true), f"{h} of {t} px scratched"),
        of("iou", "IoU, pooled", lambda w: ratio(w @ hits, w @ union), f"{h} of {c + t - h} px"),
        of("miou", "mIoU, with background", of_both, f"{int(area.sum())} px"),
        of("mean_iou", "IoU, mean of pictures", lambda w: ratio((w * each)[bad].sum(), w[bad].sum()), _many(bad)),
    )


def _counted(key: str, name: str, found: Share) -> Figure:
    groups = "" if found.groups == found.total else f" in {found.groups} groups"
    interval = found.interval if found.total else None
    return Figure(key, name, found.value, interval, f"{found.hits} of {found.total}{groups}", BY_COUNT)


def _many(bad: np.ndarray) -> str:
    return f"{int(bad.sum())} BAD pictures"
