"""Kinds of scratches that nothing is trained on: they tell how a network does on what it never met. Pure."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from .fields import Rng, gaussian
from .strokes import SUBPIXEL_BITS, Place, Shape, bent_path, fixed_point, strokes_of


def swirl(rng: Rng, shape: Shape, place: Place) -> np.ndarray:
    """Arcs about one centre, as something that turned on the part leaves them."""
    away = place.reach_px * rng.uniform(0.3, 0.8)
    centre = (place.x - away * np.cos(place.angle), place.y - away * np.sin(place.angle))
    strokes = []
    for _ in range(int(rng.integers(2, 6))):
        radius = away * rng.uniform(0.8, 1.2)
        turn = place.angle + np.linspace(-0.5, 0.5, 24) * rng.uniform(0.8, 2.2)
        arc = np.stack([centre[0] + radius * np.cos(turn), centre[1] + radius * np.sin(turn)], axis=1)
        strokes.append((arc, rng.uniform(1.0, 2.4)))
    return strokes_of(shape, strokes)


def chatter(rng: Rng, shape: Shape, place: Place) -> np.ndarray:
    """A line of short strokes across it, as a tool that jumps leaves them."""
    spine = bent_path(rng, place, bend=0.08, points=int(np.clip(place.reach_px / rng.uniform(5, 12), 4, 40)))
    half = rng.uniform(2.5, 7.0) * np.array([-np.sin(place.angle), np.cos(place.angle)])
    width_px = rng.uniform(1.2, 2.6)
    return strokes_of(shape, [(np.stack([at - half, at + half]), width_px) for at in spine])


def flake(rng: Rng, shape: Shape, place: Place) -> np.ndarray:
    """A flake of the surface lifted off: one hole with long corners."""
    corners = np.sort(rng.uniform(0, 2 * np.pi, 7))
    radii = np.clip(place.reach_px * 0.3, 6, 34) * rng.uniform(0.25, 1.0, 7)
    outline = np.stack([place.x + radii * np.cos(corners), place.y + radii * np.sin(corners)], axis=1)
    hole = np.zeros(shape, np.float32)
    cv2.fillPoly(hole, [fixed_point(outline)], 1.0, cv2.LINE_8, SUBPIXEL_BITS)
    return gaussian(hole, 0.6)


UNMET: dict[str, Callable[[Rng, Shape, Place], np.ndarray]] = {"swirl": swirl, "chatter": chatter, "flake": flake}
