"""Whether what stands in a camera's view is where it was when that was learnt. Pure.

What passes is smeared in the mean of a moment; what stands stays. Wide shades are light, not things, and are left out.
"""

from __future__ import annotations

from collections import deque

import cv2
import numpy as np

from stream.glimpse import Glimpse
from stream.learnt import Standing

MOMENT_S = 0.4
SMALL_EVERY_S = 0.1  # the small picture is taken so often
DETAIL_PX = 9  # of the small picture: shades that are wider than that are light


class Recent:
    """The mean of the small pictures of the last moment: what passes is smeared, what stands stays."""

    def __init__(self) -> None:
        self._small: deque[tuple[float, np.ndarray]] = deque()

    def step(self, seen: Glimpse, now_s: float) -> np.ndarray | None:
        """(h, w) float32, once a moment; None in between, and while there are too few."""
        if self._small and now_s - self._small[-1][0] < SMALL_EVERY_S:
            return None
        small = seen.small
        if self._small and self._small[-1][1].shape != small.shape:
            self._small.clear()
        self._small.append((now_s, small))
        while now_s - self._small[0][0] > MOMENT_S and len(self._small) > 3:
            self._small.popleft()
        if len(self._small) < 3:
            return None
        mean: np.ndarray = np.stack([s for _, s in self._small]).mean(axis=0, dtype=np.float32)
        return mean

    def reset(self) -> None:
        self._small.clear()


class Moved:
    """What stood still in the time that was learnt from is not where it was."""

    def __init__(self, standing: Standing) -> None:
        self._standing = standing
        picture, self._places = standing.arrays()
        self._detail = detail(picture.astype(np.float32))[self._places]
        self._recent = Recent()

    def wrong(self, seen: Glimpse, now_s: float) -> bool | None:
        mean = self._recent.step(seen, now_s)
        if mean is None or mean.shape != self._places.shape:
            return None
        return alike(detail(mean)[self._places], self._detail) < self._standing.limit

    def reset(self) -> None:
        self._recent.reset()


def detail(picture: np.ndarray) -> np.ndarray:
    """The picture (h, w) float32 without its wide shades."""
    return picture - cv2.blur(picture, (DETAIL_PX, DETAIL_PX))


def alike(one: np.ndarray, other: np.ndarray) -> float:
    """1: the same but for brightness and contrast; 0: nothing in common."""
    one, other = one - one.mean(), other - other.mean()
    size = float(np.sqrt(np.dot(one, one) * np.dot(other, other)))
    return float(np.dot(one, other)) / size if size > 0 else 0.0
