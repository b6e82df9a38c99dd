"""Which threshold of the gate gives a wanted recall, what it promises and what it costs in false alarms. Pure.

The threshold is taken from the very data that its recall is stated on. For independent pictures the bound stands all
the same: a threshold at the k-th lowest BAD score has a recall distributed as Beta(n - k + 1, k) (Wilks, Ann. Math.
Statist. 12, 1941, 91-96), and its lower quantile is the bound of Clopper and Pearson for k - 1 misses.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from detector.intervals import Groups, Share, needed_without_a_miss, share

STEP = 1e-6  # thresholds are rounded down to this, so that the picture they come from stays BAD


@dataclass(frozen=True)
class Operating:
    """A threshold and what it does on the data."""

    threshold: float
    recall: Share  # of BAD; its `lower` is the promise
    false_alarms: Share  # GOOD pictures called BAD


@dataclass(frozen=True)
class Proposal:
    """What the data offer for a wanted recall."""

    wanted: float
    reached: Operating  # the highest threshold with that recall on these data
    promised: Operating | None  # the highest whose lower bound is that recall; None: too few data
    needed: int  # BAD groups without a miss that would promise it

    @property
    def verdict(self) -> str:
        """In plain words, what may be promised."""
        low = self.reached.recall.lower
        if low >= self.wanted:
            return f"promised: with 95 % certainty at least {low:.4f}"
        if self.promised is not None:
            return f"not promised at this threshold (only {low:.4f}); {self.promised.threshold:g} promises it"
        return (
            f"no threshold here promises it: too few BAD groups ({self.reached.recall.groups} are here) or too many "
            f"misses. The data promise {low:.4f}; {self.needed} BAD groups, all found, would promise {self.wanted:g}"
        )


def propose(
    score: np.ndarray, truth: np.ndarray, groups: Groups, wanted: float, lowest: float = 0.0
) -> Proposal | None:
    """The proposal for a wanted recall, 0 < wanted < 1; score and truth (N,), both classes must occur.

    Thresholds under `lowest` are not looked at; None where the wanted recall would need one.
    """
    truth = truth.astype(bool)
    lows = np.sort(score[truth])
    misses = math.floor((1 - wanted) * len(lows) + 1e-9)
    candidates = sorted({_rounded_down(low) for low in lows[: misses + 1] if low >= lowest}, reverse=True)
    if lows[misses] < lowest:
        return None
    operatings = [operating(score, truth, groups, threshold) for threshold in candidates]
    promised = next((one for one in operatings if one.recall.lower >= wanted), None)
    return Proposal(wanted, operatings[0], promised, needed_without_a_miss(wanted))


def operating(score: np.ndarray, truth: np.ndarray, groups: Groups, threshold: float) -> Operating:
    """What a threshold does on the data."""
    truth = truth.astype(bool)
    called, names = score >= threshold, np.asarray(groups, dtype=str)
    return Operating(threshold, share(called[truth], names[truth]), share(called[~truth], names[~truth]))


def _rounded_down(score: float) -> float:
    """A threshold that a person can copy, at or under the score."""
    down = round(math.floor(score / STEP) * STEP, 6)
    return down if down <= score else round(down - STEP, 6)
