"""The outline of a part: a soft-edged plate with a dark rim. Pure."""

from __future__ import annotations

import cv2
import numpy as np

from .fields import Rng, gaussian


def plate(rng: Rng, height: int, width: int, angle_deg: float, size: tuple[float, float]) -> np.ndarray:
    """(height, width) float32 0..1: a rectangle `size` (width, height) with cut or round corners, in the middle."""
    outline = cv2.boxPoints(((width / 2, height / 2), size, angle_deg))
    sheet = np.zeros((height, width), np.float32)
    cv2.fillPoly(sheet, [np.round(outline * 16).astype(np.int32)], 1.0, cv2.LINE_8, 4)
    radius = rng.uniform(1, min(size) / 8)
    rounded = gaussian(sheet, radius)
    return gaussian(np.clip((rounded - 0.5) * 6 + 0.5, 0, 1), rng.uniform(0.4, 1.2))


def rim(alpha: np.ndarray, width_px: float) -> np.ndarray:
    """(H, W) float32 0..1: how near the plate's own edge each pixel lies, 1 at the edge, from the inside."""
    inside = cv2.erode(alpha, np.ones((3, 3), np.uint8), iterations=max(1, round(width_px)))
    return np.clip(alpha - gaussian(inside, width_px / 2 + 0.3), 0, 1)


def corner(rng: Rng, height: int, width: int) -> np.ndarray:
    """(height, width) float32 0..1: 1 on the part, 0 past its edge, which cuts off a corner or a side."""
    angle = rng.uniform(0, 2 * np.pi)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    along = (x - width / 2) * np.cos(angle) + (y - height / 2) * np.sin(angle)
    reach = rng.choice([rng.uniform(0.55, 0.95), rng.uniform(-0.1, 0.55)], p=[0.8, 0.2])  # mostly a corner or a rim
    edge = (abs(np.cos(angle)) * width + abs(np.sin(angle)) * height) / 2 * reach
    bowed = along + rng.normal(0, 0.0006) * ((x - width / 2) ** 2 + (y - height / 2) ** 2)
    return np.clip((edge - bowed) / rng.uniform(1, 6) + 0.5, 0, 1)
