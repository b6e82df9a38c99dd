"""Contenders side by side: each round runs all of them once, in an order of its own, and gives one ratio.

So what the machine does meanwhile meets all of them alike. Pure but for calling the contenders and the progress bar;
knows no suite.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from tqdm import tqdm

LEVEL = 0.95
ROUNDS = 7  # six are the fewest whose smallest and largest enclose the median with 95 % certainty


@dataclass(frozen=True)
class Contender:
    """One way to do the work."""

    name: str  # "imagezmq REQ/REP"
    once: Callable[[], Mapping[str, float]]  # one round: quantity -> value, e.g. {"frames/s": 812.0}


@dataclass(frozen=True)
class Row:
    """What one quantity of one contender came to, over all rounds."""

    setting: str  # "1080p", "" where there is one only
    name: str  # of the contender
    quantity: str  # with its unit
    median: float
    low: float  # 95 % interval of the median over the rounds; under 6 rounds: the smallest and the largest
    high: float
    ratio: float | None = None  # median of the per-round ratios to the base of this setting; None without a base
    ratio_low: float | None = None
    ratio_high: float | None = None


def compare(setting: str, contenders: Sequence[Contender], rounds: int, base: str | None) -> list[Row]:
    """One row for each quantity of each contender, in the order given.

    base: the name of the contender that ratios are taken to. Raises ValueError where none has it, or for no round.
    """
    names = [contender.name for contender in contenders]
    if base is not None and base not in names:
        raise ValueError(f"base: got {base!r}; the contenders are {', '.join(names)}")
    if rounds < 1:
        raise ValueError(f"rounds: got {rounds}; give at least 1")
    measured: dict[str, list[Mapping[str, float]]] = {name: [] for name in names}
    with tqdm(total=rounds * len(contenders), desc=setting or "rounds", unit="run", disable=None) as progress:
        for number in range(rounds):
            for contender in shuffled(contenders, f"{setting}/{number}"):
                progress.set_postfix_str(contender.name)
                measured[contender.name].append(contender.once())
                progress.update()
    return [row for name in names for row in _rows(setting, name, measured[name], measured.get(base or ""))]


def shuffled(contenders: Sequence[Contender], seed: str) -> list[Contender]:
    """The same contenders in an order that the seed fixes."""
    order = list(contenders)
    random.Random(seed).shuffle(order)
    return order


def row_of(setting: str, name: str, quantity: str, values: Sequence[float], base: Sequence[float] = ()) -> Row:
    """The row of the values of all rounds; base: the other's value in each of the same rounds, if there is one."""
    low, high = median_interval(values)
    ratios = [value / other for value, other in zip(values, base, strict=True) if other] if base else []
    if not ratios:
        return Row(setting, name, quantity, median(values), low, high)
    return Row(setting, name, quantity, median(values), low, high, median(ratios), *median_interval(ratios))


def median_interval(values: Sequence[float]) -> tuple[float, float]:
    """The narrowest pair of order statistics that encloses the median with 95 % certainty, whatever the distribution.

    Conover, Practical Nonparametric Statistics, 3rd ed., 1999, sec. 3.2. Under 6 values no pair does: the outermost.
    """
    ordered, count = sorted(values), len(values)
    tail, outside = 0.0, 0
    while True:
        tail += math.comb(count, outside) / 2**count
        if 2 * tail > 1 - LEVEL:
            break
        outside += 1
    outside = max(0, outside - 1)
    return ordered[outside], ordered[count - 1 - outside]


def _rows(
    setting: str, name: str, rounds: Sequence[Mapping[str, float]], base: Sequence[Mapping[str, float]] | None
) -> list[Row]:
    shared = set() if base is None else set.intersection(*(set(one) for one in base))
    return [
        row_of(
            setting,
            name,
            quantity,
            [one[quantity] for one in rounds],
            [one[quantity] for one in base] if base is not None and quantity in shared else (),
        )
        for quantity in rounds[0]
    ]
