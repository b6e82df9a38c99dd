"""A judged picture for people: its mask, its overlay, and the three side by side. Pure."""

from __future__ import annotations

import numpy as np

RED = np.array([0, 0, 255], np.float32)  # BGR
ALPHA = 0.4  # of the red, as the reference pipeline draws it
GAP_PX = 4  # white, between the pictures of a panel


def mask_picture(mask: np.ndarray) -> np.ndarray:
    """(H, W) uint8 0/255 of a mask (H, W) uint8 0/1."""
    return mask * np.uint8(255)


def overlay(picture: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """(H, W, 3) BGR uint8: picture (H, W, 3) with the mask (H, W) uint8 0/1 in red over it, as a copy."""
    drawn = picture.copy()
    marked = mask.astype(bool)
    drawn[marked] = np.rint(picture[marked] * (1.0 - ALPHA) + RED * ALPHA).astype(np.uint8)
    return drawn


def panel(picture: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """(H, 3 W + 2 GAP_PX, 3) BGR uint8: the picture, its mask and its overlay, from left to right."""
    gap = np.full((picture.shape[0], GAP_PX, 3), 255, np.uint8)
    grey = np.repeat(mask_picture(mask)[:, :, None], 3, axis=2)
    return np.concatenate([picture, gap, grey, gap, overlay(picture, mask)], axis=1)
