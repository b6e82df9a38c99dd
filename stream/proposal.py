"""A threshold from reviews: for each that could be set, what it would let through, and its false alarms. Pure.

Above the threshold in force reviewed incidents tell: a true defect that scored less would be let through, a false alarm
would be gone. Below it, and of what escapes today, samples of GOOD frames alone tell, each weighted by one over the
chance with which it was kept. A frame of which a neighbour was caught is no escape. Both figures are counted per 1,000
frames: an escape is a frame, a false alarm is an incident; where the threshold is lowered, a frame, which is more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from detector.intervals import LEVEL, needed_without_a_miss
from stream.proposal_shares import NOTHING, Drawn, Estimate, drawn, weighted_share

PER = 1000.0
SHIFT_H = 8.0
EACH = 1 - (1 - LEVEL) / 2  # of two parts of a sum, so that the sum holds at LEVEL
CANDIDATES_MAX = 41
WANTED_PER_1000 = 1.0


@dataclass(frozen=True)
class SeenIncident:
    """A reviewed incident; what nobody was sure of is left out."""

    score: float
    true: bool
    group: str


@dataclass(frozen=True)
class SeenSample:
    """A reviewed GOOD frame."""

    score: float
    missed: bool  # and nothing of it was caught in a neighbour
    weight: float
    group: str


@dataclass(frozen=True)
class Counted:
    """What the line has counted in the time that is looked at."""

    good: int = 0
    bad: int = 0  # frames
    incidents: int = 0
    hours: float = 0.0  # in which frames were judged

    @property
    def frames(self) -> int:
        return self.good + self.bad


@dataclass(frozen=True)
class Candidate:
    """A threshold that could be set."""

    threshold: float
    escapes: Estimate  # frames per 1,000 frames
    false_alarms: Estimate
    escapes_a_shift: Estimate
    false_alarms_a_shift: Estimate


@dataclass(frozen=True)
class Proposal:
    """What reviews say of a camera's threshold."""

    in_force: float | None
    wanted_per_1000: float
    proposed: float | None
    candidates: tuple[Candidate, ...]  # by threshold
    incidents: int  # reviewed
    samples: int
    unknown: tuple[str, ...]  # in plain words


def propose(
    incidents: Sequence[SeenIncident],
    samples: Sequence[SeenSample],
    counted: Counted,
    in_force: float | None,
    wanted_per_1000: float = WANTED_PER_1000,
) -> Proposal:
    """For every candidate what to expect, and the highest one that lets no more through than is wanted, for certain.

    `in_force`: None where no verdict says it: then nothing is proposed.
    """
    if in_force is None or not counted.frames:
        said = ("no frame says by which threshold it was judged; samples of GOOD do",) if counted.frames else ()
        nothing = said or ("no frame was judged in this time",)
        return Proposal(None, wanted_per_1000, None, (), len(incidents), len(samples), nothing)
    evidence = _Evidence(incidents, samples, counted, in_force)
    candidates = tuple(evidence.at(threshold) for threshold in thresholds(incidents, samples, in_force))
    fit = [c.threshold for c in candidates if c.escapes.high is not None and c.escapes.high <= wanted_per_1000]
    unknown = tuple(_unknown(evidence, wanted_per_1000, proposed=bool(fit)))
    proposed = max(fit, default=None)
    return Proposal(in_force, wanted_per_1000, proposed, candidates, len(incidents), len(samples), unknown)


def thresholds(incidents: Sequence[SeenIncident], samples: Sequence[SeenSample], in_force: float) -> tuple[float, ...]:
    """The one in force, and between any two scores that were seen one; thinned out evenly, lowest first."""
    scores = sorted({one.score for one in incidents} | {one.score for one in samples})
    between = {round((a + b) / 2, 6) for a, b in pairwise(scores)} - {in_force}
    found = sorted(between)
    if len(found) >= CANDIDATES_MAX:
        places = np.linspace(0, len(found) - 1, CANDIDATES_MAX - 1).round().astype(int)
        found = [found[place] for place in sorted(set(places.tolist()))]
    return tuple(sorted({*found, in_force}))


class _Evidence:
    """What was seen, as columns."""

    def __init__(
        self,
        incidents: Sequence[SeenIncident],
        samples: Sequence[SeenSample],
        counted: Counted,
        in_force: float,
    ) -> None:
        self.counted, self.in_force = counted, in_force
        self.of_incidents: Drawn = drawn([1.0] * len(incidents), [one.group for one in incidents])
        self.of_samples: Drawn = drawn([one.weight for one in samples], [one.group for one in samples])
        self._worst = np.array([one.score for one in incidents], float)
        self._true = np.array([one.true for one in incidents], bool)
        self._score = np.array([one.score for one in samples], float)
        self.missed = np.array([one.missed for one in samples], bool)
        self._incidents_per = PER * counted.incidents / counted.frames
        self._good_per = PER * counted.good / counted.frames

    def at(self, threshold: float) -> Candidate:
        raised = threshold >= self.in_force
        escapes = self._of_samples(self.missed if raised else self.missed & (self._score < threshold))
        false_alarms = self._of_incidents(~self._true & (self._worst >= threshold))
        if raised:
            escapes = escapes.plus(self._of_incidents(self._true & (self._worst < threshold)))
        else:
            false_alarms = false_alarms.plus(self._of_samples(~self.missed & (self._score >= threshold)))
        shift = SHIFT_H * self.counted.frames / self.counted.hours / PER if self.counted.hours else 0.0
        return Candidate(threshold, escapes, false_alarms, escapes.times(shift), false_alarms.times(shift))

    def _of_incidents(self, hits: np.ndarray) -> Estimate:
        if not self.counted.incidents:
            return NOTHING
        return weighted_share(hits, self.of_incidents, EACH).times(self._incidents_per)

    def _of_samples(self, hits: np.ndarray) -> Estimate:
        if not self.counted.good:
            return NOTHING
        return weighted_share(hits, self.of_samples, EACH).times(self._good_per)


def _unknown(evidence: _Evidence, wanted: float, *, proposed: bool) -> list[str]:
    """What the figures do not say."""
    said = []
    samples, incidents = len(evidence.of_samples), len(evidence.of_incidents)
    if not samples:
        said.append("no sample of GOOD was reviewed: nobody knows what escapes, at this threshold or at any other")
    elif not evidence.missed.any():
        said.append(f"none of {samples} reviewed samples was missed: how many escape is bounded, not measured")
    if evidence.counted.incidents and not incidents:
        said.append("no incident was reviewed: nobody knows which are false alarms")
    if samples and not proposed and 0 < wanted < PER:
        needed = needed_without_a_miss(1 - wanted / PER)
        said.append(
            f"no threshold is known to let at most {wanted:g} of 1,000 frames through: about {needed} samples of GOOD "
            "must be reviewed, and be clean, to promise it"
        )
    return said
