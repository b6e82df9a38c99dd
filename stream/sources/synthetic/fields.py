"""Smooth random fields, of which surfaces, uneven ink and scuffs are made. Pure."""

from __future__ import annotations

import cv2
import numpy as np

Rng = np.random.Generator


def smooth_field(rng: Rng, height: int, width: int, cell_px: float) -> np.ndarray:
    """(height, width) float32, mean 0, deviation about 1, changing over about `cell_px` pixels."""
    rows, columns = int(height / cell_px) + 3, int(width / cell_px) + 3
    coarse = rng.standard_normal((rows, columns)).astype(np.float32)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)


def grain(rng: Rng, height: int, width: int, length_px: int) -> np.ndarray:
    """(height, width) float32, mean 0, deviation about 1: fine lines along x, `length_px` long, as brushing leaves."""
    noise = rng.standard_normal((height, width)).astype(np.float32)
    lines = cv2.blur(noise, (length_px, 1), borderType=cv2.BORDER_REFLECT)
    return lines * np.float32(np.sqrt(length_px))


def rotated(field: np.ndarray, angle_deg: float) -> np.ndarray:
    """The field turned about its centre, its edges mirrored; same shape and dtype."""
    height, width = field.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle_deg, 1.0)
    return cv2.warpAffine(field, turn, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)


def gaussian(field: np.ndarray, sigma_px: float) -> np.ndarray:
    """The field blurred; unchanged where sigma is too small to matter."""
    if sigma_px < 0.15:
        return field
    return cv2.GaussianBlur(field, (0, 0), sigma_px, borderType=cv2.BORDER_REFLECT)
