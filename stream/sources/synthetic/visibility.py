"""The rule that says when a scratch makes a picture BAD. Pure; knows nothing of how a scratch is drawn.

The rule: take the picture with the scratch and the same picture without it, both as the lens shows them (blurred,
before noise and compression). A pixel is **seen** to be scratched where the two differ by at least 8 % of full range
(20 grey values). The **visibility** is the sum, over the seen pixels, of the difference as a share of full range.
With `side_px` the side of the judged square, the picture is

- BAD where visibility >= side_px / 10 (in a 400 px region: one pixel wide and 40 px long at full contrast; or two
  pixels wide and 160 px long at 12.5 %),
- GOOD where visibility < side_px / 40,
- doubtful between the two: such pictures are neither trained on nor counted against anybody.
"""

from __future__ import annotations

import cv2
import numpy as np

from detector.verdict import State

SEEN_GREY = 20  # 8 % of 255
BAD_SHARE = 1 / 10  # of the side
GOOD_SHARE = 1 / 40


def change_between(clean: np.ndarray, scratched: np.ndarray) -> np.ndarray:
    """(H, W) uint8: the largest difference over the channels, in grey values; both pictures (H, W, 3)."""
    difference = np.abs(scratched.astype(np.float32) - clean.astype(np.float32)).max(axis=2)
    return np.clip(difference + 0.5, 0, 255).astype(np.uint8)


def visibility(change: np.ndarray) -> float:
    """Sum of the seen difference, in pixels of full contrast; `change` (H, W) uint8 grey values."""
    histogram = np.bincount(change.ravel(), minlength=256)[SEEN_GREY:]
    return float((histogram * np.arange(SEEN_GREY, 256)).sum() / 255.0)


def state_of(change: np.ndarray) -> State:
    """GOOD, BAD or UNKNOWN (doubtful) by the rule; the side is that of the square with the area of `change`."""
    side_px = float(np.sqrt(change.size))
    seen = visibility(change)
    if seen >= side_px * BAD_SHARE:
        return State.BAD
    return State.GOOD if seen < side_px * GOOD_SHARE else State.UNKNOWN


def mask_of(change: np.ndarray) -> np.ndarray:
    """(H, W) uint8 0/1: the seen pixels, gaps of a pixel closed."""
    seen = (change >= SEEN_GREY).astype(np.uint8)
    return cv2.morphologyEx(seen, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
