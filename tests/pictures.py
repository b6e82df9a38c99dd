"""Pictures that tests judge, drawn: say what matters, the rest is made up. All BGR uint8."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from detector.verdict import Box

TINY_BUNDLE = Path(__file__).parent / "fixtures" / "tiny_bundle"  # its rule: tests/fixtures/README.md
RED = (0, 0, 255)


def grey(height: int = 120, width: int = 160, level: int = 128) -> np.ndarray:
    """(height, width, 3), all of one level: GOOD for the tiny bundle."""
    return np.full((height, width, 3), level, np.uint8)


def with_red(picture: np.ndarray, *boxes: Box) -> np.ndarray:
    """A copy with pure red boxes: BAD for the tiny bundle where one is large enough."""
    drawn = picture.copy()
    for box in boxes:
        drawn[box.y0 : box.y1, box.x0 : box.x1] = RED
    return drawn


def noisy(height: int, width: int, seed: int = 0) -> np.ndarray:
    """(height, width, 3) with detail at every scale and in every channel, for comparing resizes."""
    rng = np.random.default_rng(seed)
    coarse = cv2.resize(rng.integers(0, 256, (5, 6, 3), dtype=np.uint8), (width, height)).reshape(height, width, 3)
    fine = rng.integers(-60, 61, (height, width, 3))
    return np.clip(coarse.astype(int) + fine, 0, 255).astype(np.uint8)
