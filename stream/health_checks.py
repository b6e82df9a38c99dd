"""Each fault that a camera's pictures can show: one class a fault, asked of picture after picture, in order. Pure.

`wrong` is the question: True, False, or None where this picture does not tell. What it takes to ask stands in the
constructor; whether a camera is asked at all, in health.py.
"""

from __future__ import annotations

import math
from collections import deque
from itertools import pairwise
from typing import Protocol

import numpy as np

from stream.glimpse import Edges, Glimpse, noise_in

NOISY_PAIRS = 25  # so many more pictures that differ by noise than others: from then on no two can be the same
WINDOW_S = 0.4  # pictures that are looked at together
DAMAGED_WINDOW_S, DAMAGED_LEAST, DAMAGED_SHARE = 1.0, 3, 0.2
TELLING_SHARE = 0.003  # of the picture near an edge: with less to see nobody can tell whether it is sharp
ALTERNATIONS = 4  # from brighter to darker or back, within FLICKER_S
FLICKER_S, FLICKER_PICTURES = 1.0, 8
TOGETHER = 0.7  # of the picture's parts change by the same factor, where it is the light


class Check(Protocol):
    """Asked of each picture that none of the checks before it found wrong."""

    def wrong(self, seen: Glimpse, now_s: float) -> bool | None: ...

    def reset(self) -> None:
        """The next picture does not follow on the last one."""
        ...


class Unordered:
    """What looks at one picture alone."""

    def reset(self) -> None:
        return


class Size(Unordered):
    """Another size than learnt, or than the first picture's."""

    def __init__(self, usual: str | None) -> None:
        self._usual = usual

    def wrong(self, seen: Glimpse, now_s: float) -> bool:
        self._usual = self._usual or seen.size
        return seen.size != self._usual


class Black(Unordered):
    """Black, as the detector has it, or darker than ever in the time that was learnt from."""

    def __init__(self, level_least: float | None) -> None:
        self._least = level_least or 0.0

    def wrong(self, seen: Glimpse, now_s: float) -> bool:
        return seen.blind == "black" or seen.level < self._least


class Blinded(Unordered):
    """Burnt out, as the detector has it, or far more so than in the time that was learnt from."""

    def __init__(self, burnt_most: float | None) -> None:
        self._most = burnt_most

    def wrong(self, seen: Glimpse, now_s: float) -> bool:
        return seen.blind == "burnt" or (self._most is not None and seen.burnt > self._most)


class FrozenPixels:
    """The same pixels again, of a camera whose noise makes every picture another one."""

    def __init__(self, *, noisy: bool) -> None:
        self._pairs = NOISY_PAIRS if noisy else 0
        self._before: np.ndarray | None = None

    def wrong(self, seen: Glimpse, now_s: float) -> bool | None:
        before, self._before = self._before, seen.bands
        if before is None or before.shape != self._before.shape:
            return None
        if np.array_equal(before, self._before):
            if self._pairs >= NOISY_PAIRS:
                return True
            self._pairs = 0
            return None
        if self._pairs < NOISY_PAIRS:
            self._pairs = max(0, self._pairs + (1 if noise_in(self._before, before) else -1))
        return False

    def reset(self) -> None:
        self._before = None


class FrozenTime:
    """The source's own time stands still while pictures come: of streams, whose still scenes are alike bit by bit."""

    def __init__(self) -> None:
        self._before_s: float | None = None
        self.pts_s: float | None = None  # of the picture that is asked about

    def wrong(self, seen: Glimpse, now_s: float) -> bool | None:
        before_s, self._before_s = self._before_s, self.pts_s
        return None if before_s is None or self.pts_s is None else self.pts_s == before_s

    def reset(self) -> None:
        self._before_s = None


class Flicker:
    """The whole picture becomes brighter and darker in turns."""

    def __init__(self, most: float) -> None:
        self._most = most
        self._before: np.ndarray | None = None
        self._steps: deque[tuple[float, int]] = deque()

    def wrong(self, seen: Glimpse, now_s: float) -> bool | None:
        before, self._before = self._before, seen.cells
        if before is None:
            return None
        step = light_step(self._before, before)
        self._steps.append((now_s, 0 if abs(step) < self._most else int(math.copysign(1, step))))
        while len(self._steps) > FLICKER_PICTURES and now_s - self._steps[0][0] > FLICKER_S:
            self._steps.popleft()
        signs = [sign for _, sign in self._steps if sign]
        return sum(a != b for a, b in pairwise(signs)) >= ALTERNATIONS

    def reset(self) -> None:
        self._before = None
        self._steps.clear()


def light_step(cells: np.ndarray, before: np.ndarray) -> float:
    """By which factor the light changed between two pictures, as a logarithm; 0 where it is not the light."""
    change = np.log((cells + 4.0) / (before + 4.0))
    step = float(np.median(change))
    return step if np.mean(np.abs(change - step) <= 0.3 * abs(step) + 0.01) >= TOGETHER else 0.0


class Sharpness:
    """How steep the edges of the last pictures are, together; None where there is too little to see."""

    def __init__(self) -> None:
        self._edges: deque[tuple[float, Edges]] = deque()

    def step(self, seen: Glimpse, now_s: float) -> float | None:
        edges = seen.edges
        if edges.share < TELLING_SHARE:
            return None
        self._edges.append((now_s, edges))
        while now_s - self._edges[0][0] > WINDOW_S:
            self._edges.popleft()
        return sum(e.fine for _, e in self._edges) / sum(e.wide for _, e in self._edges)

    def reset(self) -> None:
        self._edges.clear()


class Focus:
    """Edges that are less steep than they ever were in the time that was learnt from."""

    def __init__(self, sharpness_least: float) -> None:
        self._least = sharpness_least
        self._sharpness = Sharpness()

    def wrong(self, seen: Glimpse, now_s: float) -> bool | None:
        sharpness = self._sharpness.step(seen, now_s)
        return None if sharpness is None else sharpness < self._least

    def reset(self) -> None:
        self._sharpness.reset()


class Damaged:
    """Too many of the last pictures arrived damaged. Asked of all pictures, also of those."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, bool]] = deque()

    def step(self, damaged: bool, now_s: float) -> bool:
        self._seen.append((now_s, damaged))
        while now_s - self._seen[0][0] > DAMAGED_WINDOW_S:
            self._seen.popleft()
        count = sum(one for _, one in self._seen)
        return count >= DAMAGED_LEAST and count >= DAMAGED_SHARE * len(self._seen)

    def reset(self) -> None:
        self._seen.clear()
