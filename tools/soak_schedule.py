"""Which fault comes when, and on whom: a function of the seed, the length and the line, and of nothing else. Pure."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

KILLS, OTHERS, AROUND = "kills", "others", "around"  # three rows of faults, each at its own pace
KINDS = (KILLS, OTHERS, AROUND)
BEGIN_S = 3.0  # the line gets so long to come up
QUIET_S = 12.0  # and so long at the end, less in a dense soak, so that what was hurt last can heal
PACES_S = {KILLS: (4.0, 7.0), OTHERS: (5.0, 13.0), AROUND: (6.0, 12.0)}  # from one fault of a row to its next
LONG_MINUTES, DENSEST = 3.0, 0.3  # a shorter soak is denser, up to this share of the pace


@dataclass(frozen=True)
class Cast:
    """Who can be hit: the roles as `ps` shows them, the cameras by their kind, the sockets."""

    roles: tuple[str, ...]
    live: tuple[str, ...]  # numbered cameras
    recordings: tuple[str, ...]
    sockets: tuple[str, ...]
    steady: tuple[str, ...] = ()  # of the numbered cameras those that do not fail by themselves
    web: tuple[str, ...] = ()  # cameras over HTTP
    watched: tuple[str, ...] = ()  # folders
    told: tuple[str, ...] = ()  # cameras that are told of parts
    heard: tuple[str, ...] = ()  # the broker that announces parts
    gige: tuple[str, ...] = ()  # industrial cameras
    recipes: tuple[str, ...] = ()  # that change no verdict
    challenged: tuple[str, ...] = ()  # cameras with a stored picture that is known to be bad
    budgets: tuple[str, ...] = ()  # kinds of pictures of which retention keeps no more than so much


@dataclass(frozen=True)
class Kind:
    """A kind of fault, as far as the schedule must know it."""

    name: str
    row: str  # of KINDS
    weight: float
    targets: Callable[[Cast], tuple[str, ...]]
    lasts_s: tuple[float, float] = (0.0, 0.0)  # the least and the most


@dataclass(frozen=True)
class Planned:
    """One fault of the schedule. `luck` is for whatever else must be chosen while it is done."""

    id: int
    at_s: float  # from the start of the line
    name: str
    target: str
    lasts_s: float
    luck: int


def schedule(seed: int, minutes: float, kinds: Sequence[Kind], cast: Cast) -> tuple[Planned, ...]:
    """Every fault of a soak, in order of time. A kind that finds nobody to hit does not come."""
    until_s = over_s(minutes)
    planned: list[Planned] = []
    for row in KINDS:
        possible = [kind for kind in kinds if kind.row == row and kind.targets(cast)]
        if possible:
            planned += _row(random.Random(f"{seed}|{row}"), possible, cast, pace_s(row, minutes), until_s)
    ordered = sorted(planned, key=lambda p: (p.at_s, p.name, p.target))
    return tuple(Planned(number, p.at_s, p.name, p.target, p.lasts_s, p.luck) for number, p in enumerate(ordered))


def over_s(minutes: float) -> float:
    """From the start of the line until no further fault comes, and each that was done is over."""
    return max(minutes * 60 - QUIET_S * _share(minutes), BEGIN_S)


def pace_s(row: str, minutes: float) -> tuple[float, float]:
    """The least and the most between two faults of a row."""
    least, most = PACES_S[row]
    return least * _share(minutes), most * _share(minutes)


def _share(minutes: float) -> float:
    return min(1.0, max(DENSEST, minutes / LONG_MINUTES))


def _row(
    draw: random.Random, kinds: Sequence[Kind], cast: Cast, pace: tuple[float, float], until_s: float
) -> list[Planned]:
    """Each kind comes once before chance decides: also a short soak shows many of them."""
    first = sorted(kinds, key=lambda kind: draw.random() / kind.weight)
    planned = []
    at_s = BEGIN_S + draw.uniform(0, pace[0])
    while at_s < until_s:
        kind = first.pop(0) if first else draw.choices(kinds, [kind.weight for kind in kinds])[0]
        target = draw.choice(kind.targets(cast))
        lasts_s = min(draw.uniform(*kind.lasts_s), max(0.0, until_s - at_s))
        planned.append(Planned(0, round(at_s, 3), kind.name, target, round(lasts_s, 3), draw.getrandbits(32)))
        at_s += draw.uniform(*pace)
    return planned
