"""Which groups go into validation: whole groups, near the wanted share of each state, by seed. Pure; knows no files."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from detector.verdict import State

DRAWINGS = 32  # orders tried before a state is left on one side alone
SWALLOWED = 0.5  # of a state's pictures in one group: then there is little left to choose from


class Labelled(Protocol):
    """A picture as far as splitting is concerned; tools.dataset.Sample is one."""

    @property
    def state(self) -> State: ...
    @property
    def group(self) -> str: ...
    @property
    def grouped_by(self) -> str: ...
    @property
    def alike(self) -> str | None: ...


@dataclass(frozen=True)
class Tally:
    """Pictures by state."""

    good: int
    bad: int

    def __str__(self) -> str:
        return f"{self.good} GOOD and {self.bad} BAD"


@dataclass(frozen=True)
class Held:
    """The most pictures that one group holds."""

    group: str
    pictures: int


NONE = Held("", 0)


@dataclass(frozen=True)
class SplitReport:
    """How a split came about, fit for a record (dataclasses.asdict); `str` of it is plain sentences."""

    grouped_by: str
    groups: int
    largest: Held  # of all pictures
    largest_good: Held
    largest_bad: Held
    training: Tally
    validation: Tally
    lookalikes: int  # validation pictures that are near-duplicates of a training picture, in another group

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to know before believing the validation; empty where all is well."""
        lacking = [
            f"Warning: {side} has no {state} picture; more groups with {state} pictures are needed."
            for state, _, training, validation in self._states()
            for side, count in (("training", training), ("validation", validation))
            if not count and training + validation
        ]
        swallowed = [
            f"Warning: group {held.group} alone holds {held.pictures} of the {training + validation} {state} pictures;"
            " where they show different parts, tell them apart in index.csv (columns file, group)."
            for state, held, training, validation in self._states()
            if held.pictures > max(1, SWALLOWED * (training + validation))
        ]
        leaking = [
            f"Warning: {self.lookalikes} validation pictures look like one in training, of another group; where they"
            " show the same part, the groups are wrong and the validation flatters."
        ]
        return (*lacking, *swallowed, *(leaking if self.lookalikes else ()))

    def __str__(self) -> str:
        training, validation = self.training, self.validation
        said = (
            f"Split by {self.grouped_by}: {self.groups} groups, the largest of {self.largest.pictures} pictures; none"
            f" stands on both sides. Training has {training}, validation {validation} pictures."
        )
        return " ".join((said, *self.warnings))

    def _states(self) -> tuple[tuple[str, Held, int, int], ...]:
        return (
            ("GOOD", self.largest_good, self.training.good, self.validation.good),
            ("BAD", self.largest_bad, self.training.bad, self.validation.bad),
        )


def validation_groups(pictures: Sequence[Labelled], share: float, seed: int) -> frozenset[str]:
    """The groups for validation: about `share` of each state, and each state on both sides wherever that can be.

    The order of the pictures does not matter.
    """
    members: dict[str, Counter[State]] = {}
    for picture in pictures:
        members.setdefault(picture.group, Counter())[picture.state] += 1
    total = Counter(picture.state for picture in pictures)
    best: frozenset[str] = frozenset()
    fewest = len(total) + 1
    for drawing in range(DRAWINGS):
        order = sorted(members, key=lambda group: _drawn(group, seed, drawing))
        chosen = _chosen(order, members, total, share)
        lacking = sum(not any(members[group][state] for group in chosen) for state in total)
        if lacking < fewest:
            best, fewest = chosen, lacking
        if not lacking:
            break
    return best


def report(pictures: Sequence[Labelled], validation: frozenset[str]) -> SplitReport:
    """What was split, counted. There is at least one picture."""
    aside = [picture for picture in pictures if picture.group in validation]
    taught = [picture for picture in pictures if picture.group not in validation]
    seen = {picture.alike for picture in taught}
    return SplitReport(
        " and ".join(sorted({picture.grouped_by for picture in pictures})),
        len({picture.group for picture in pictures}),
        _most(pictures),
        _most([picture for picture in pictures if picture.state is State.GOOD]),
        _most([picture for picture in pictures if picture.state is State.BAD]),
        _tally(taught),
        _tally(aside),
        sum(picture.alike is not None and picture.alike in seen for picture in aside),
    )


def _chosen(
    order: Sequence[str], members: dict[str, Counter[State]], total: Counter[State], share: float
) -> frozenset[str]:
    """In this order each group that brings the shares nearer; for a state then missing, the group that fits best.

    No group is taken that would leave training without a state.
    """
    held: Counter[State] = Counter()
    chosen: list[str] = []

    def allowed(group: str) -> bool:
        return all(held[state] + count < total[state] for state, count in members[group].items())

    def distance(extra: Counter[State]) -> float:
        return sum(((held[state] + extra[state]) / total[state] - share) ** 2 for state in total)

    for group in order:
        if allowed(group) and distance(members[group]) < distance(Counter()):
            chosen.append(group)
            held.update(members[group])
    for state in sorted(total, key=lambda state: state.value):
        fitting = [group for group in order if members[group][state] and allowed(group)]
        if not held[state] and fitting:
            chosen.append(min(fitting, key=lambda group: distance(members[group])))
            held.update(members[chosen[-1]])
    return frozenset(chosen)


def _drawn(group: str, seed: int, drawing: int) -> bytes:
    return hashlib.sha256(f"{seed}:{drawing}:{group}".encode()).digest()


def _most(pictures: Sequence[Labelled]) -> Held:
    sizes = Counter(picture.group for picture in pictures)
    return min((Held(group, size) for group, size in sizes.items()), key=lambda h: (-h.pictures, h.group), default=NONE)


def _tally(pictures: Sequence[Labelled]) -> Tally:
    bad = sum(picture.state is State.BAD for picture in pictures)
    return Tally(len(pictures) - bad, bad)
