"""Strokes and patches, of which scratches are made: where they run, how much of each pixel they take. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .fields import Rng, smooth_field

SUBPIXEL_BITS = 4
FINE = 2  # strokes are drawn this much larger and averaged down, so that widths may be fractions of a pixel

Shape = tuple[int, int]  # height, width


@dataclass(frozen=True)
class Place:
    """Where a scratch goes: through (x, y), reaching about `reach_px` from end to end, at `angle` (radians)."""

    x: float
    y: float
    reach_px: float
    angle: float


def moved(rng: Rng, place: Place, by_px: float, turn: float) -> Place:
    """A place near by, with a shorter reach."""
    x, y = rng.normal(0, by_px, 2)
    return Place(place.x + x, place.y + y, place.reach_px * rng.uniform(0.5, 1.0), place.angle + turn)


def bent_path(rng: Rng, place: Place, *, bend: float, points: int = 12) -> np.ndarray:
    """(points, 2): x, y along a slightly bent line through the place."""
    along = np.linspace(-0.5, 0.5, points)
    sideways = bend * rng.normal() * (along**2 - 0.08) + rng.normal(0, 0.004, points).cumsum() * 0.5
    x = place.x + place.reach_px * (along * np.cos(place.angle) - sideways * np.sin(place.angle))
    y = place.y + place.reach_px * (along * np.sin(place.angle) + sideways * np.cos(place.angle))
    return np.stack([x, y], axis=1)


def strokes_of(shape: Shape, strokes: list[tuple[np.ndarray, float]]) -> np.ndarray:
    """(H, W) float32 0..1: the paths drawn, each with its width in pixels."""
    fine = np.zeros((shape[0] * FINE, shape[1] * FINE), np.uint8)
    for path, width_px in strokes:
        thick = width_px * FINE
        whole = max(1, round(thick))
        ink = int(255 * min(1.0, thick / whole))
        cv2.polylines(fine, [fixed_point(path * FINE)], False, ink, whole, cv2.LINE_AA, SUBPIXEL_BITS)
    return cv2.resize(fine, shape[::-1], interpolation=cv2.INTER_AREA).astype(np.float32) / 255


def blob(rng: Rng, shape: Shape, place: Place, *, breadth: float) -> np.ndarray:
    """(H, W) float32 0..1: a soft, ragged ellipse."""
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    dx, dy = x - place.x, y - place.y
    along = (dx * np.cos(place.angle) + dy * np.sin(place.angle)) / (place.reach_px / 2)
    across = (dy * np.cos(place.angle) - dx * np.sin(place.angle)) / (place.reach_px / 2 * breadth)
    ragged = 0.15 * smooth_field(rng, *shape, max(4.0, place.reach_px / 8))
    return np.clip((1.0 - np.sqrt(along**2 + across**2) + ragged) * 3, 0, 1)


def fixed_point(path: np.ndarray) -> np.ndarray:
    """A path (n, 2) as OpenCV draws it with SUBPIXEL_BITS."""
    return np.round(path * (1 << SUBPIXEL_BITS)).astype(np.int32)
