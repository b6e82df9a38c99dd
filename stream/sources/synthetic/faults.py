"""What goes wrong with a camera, done to drawn pictures: for trials, tests and demonstrations of health. Pure.

Blur comes before the sensor, so its noise is drawn anew: blurred noise would be too easy to tell.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

DAMAGED = "decode_error"
MARGIN = 64
RAIL_SHARE, BOLT_EVERY_SHARE = 0.07, 0.11  # of the height: the rails beside the belt, and their bolts


@dataclass(frozen=True)
class Fault:
    """A fault of the pictures at <= index < at + frames."""

    kind: str  # a key of FAULTS, or frozen, corrupt
    at: int
    frames: int

    def touches(self, index: int) -> bool:
        return self.at <= index < self.at + self.frames


@lru_cache(maxsize=2)
def _grain(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(77).standard_normal((height + MARGIN, width + MARGIN, 3), np.float32)


def _noise(index: int, shape: tuple[int, ...], deviation: float) -> np.ndarray:
    """(H, W, 3) float32, drawn once and shifted from picture to picture."""
    height, width = shape[:2]
    dy, dx = (index * 23) % MARGIN, (index * 37) % MARGIN
    return _grain(height, width)[dy : dy + height, dx : dx + width] * np.float32(deviation)


def _black(picture: np.ndarray, index: int) -> np.ndarray:
    return np.clip(2.0 + _noise(index, picture.shape, 1.0), 0, 12).astype(np.uint8)


def _dark(picture: np.ndarray, index: int) -> np.ndarray:
    return cv2.convertScaleAbs(picture, alpha=0.25, beta=0)


def _blinded(picture: np.ndarray, index: int) -> np.ndarray:
    return np.clip(254.0 + np.abs(_noise(index, picture.shape, 1.0)), 0, 255).astype(np.uint8)


def _blur(picture: np.ndarray, index: int) -> np.ndarray:
    sigma = max(3.0, picture.shape[1] / 320)
    blurred = cv2.GaussianBlur(picture, (0, 0), sigma).astype(np.float32)
    return np.clip(blurred + _noise(index, picture.shape, 2.0) + 0.5, 0, 255).astype(np.uint8)


def _moved(picture: np.ndarray, index: int) -> np.ndarray:
    """Knocked aside: a sixth of the height down, a twentieth of the width aside."""
    height, width = picture.shape[:2]
    return np.roll(picture, (height // 6, width // 20), axis=(0, 1))


def _flicker(picture: np.ndarray, index: int) -> np.ndarray:
    return cv2.convertScaleAbs(picture, alpha=0.7 if index % 2 else 1.0, beta=0)


def _size(picture: np.ndarray, index: int) -> np.ndarray:
    return np.ascontiguousarray(picture[: picture.shape[0] // 2, : picture.shape[1] // 2])


FAULTS: dict[str, Callable[[np.ndarray, int], np.ndarray]] = {
    "black": _black,
    "dark": _dark,
    "blinded": _blinded,
    "blur": _blur,
    "moved": _moved,
    "flicker": _flicker,
    "size": _size,
}
KINDS = (*FAULTS, "frozen", "corrupt")


def spoilt(picture: np.ndarray, fault: Fault | None, index: int) -> np.ndarray:
    """The picture of that index as a faulty camera shows it."""
    if fault is None or fault.kind not in FAULTS or not fault.touches(index):
        return picture
    return FAULTS[fault.kind](picture, index)


def shown_index(fault: Fault | None, index: int) -> int:
    """Which picture a camera shows in place of that one: a frozen one shows the same again."""
    return fault.at if fault is not None and fault.kind == "frozen" and fault.touches(index) else index


def with_rails(picture: np.ndarray) -> np.ndarray:
    """The picture with two guide rails along the belt, which stay where they are whatever passes; changes it."""
    height, width = picture.shape[:2]
    rail, step = max(4, int(height * RAIL_SHARE)), max(8, int(height * BOLT_EVERY_SHARE))
    for top in (0, height - rail):
        band = picture[top : top + rail]
        cv2.add(band, (70.0, 72.0, 74.0, 0.0), dst=band)
        for x in range(step // 2 + (step // 5 if top else 0), width, step + (x_shift(width, top))):
            cv2.circle(picture, (x, top + rail // 2), rail // 4, (35, 35, 38), -1)
    return picture


def x_shift(width: int, top: int) -> int:
    """The rails differ in the distance of their bolts, so that no move of the picture falls on itself."""
    return width // 50 if top else 0
