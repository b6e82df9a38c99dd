"""Damage of any shape that no person would name, so that a network learns damage, not a few kinds of it. Pure.

None of them is an arc about a centre, a row of strokes across a line or a single torn hole: those stand in
unmet_scratches.py, and nothing may be trained on them.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from .fields import Rng, gaussian, smooth_field
from .strokes import Place, Shape, bent_path, blob, moved, strokes_of


def worn(rng: Rng, shape: Shape, place: Place) -> np.ndarray:
    """A patch come off in islands, sharp at their edges: what fades softly is uneven print, and GOOD."""
    patch = blob(rng, shape, place, breadth=rng.uniform(0.25, 1.0))
    islands = smooth_field(rng, *shape, float(np.clip(place.reach_px * rng.uniform(0.06, 0.3), 2.0, 40.0)))
    sharp = rng.uniform(5.0, 16.0)
    return np.clip((islands + rng.uniform(-0.4, 1.2)) * sharp, 0, 1) * np.clip(patch * sharp, 0, 1)


def zigzag(rng: Rng, shape: Shape, place: Place) -> np.ndarray:
    """One line that turns sharply again and again."""
    points = int(rng.integers(4, 12))
    path = bent_path(rng, place, bend=0.1, points=points)
    aside = np.array([-np.sin(place.angle), np.cos(place.angle)]) * place.reach_px * rng.uniform(0.04, 0.25)
    return strokes_of(shape, [(path + rng.uniform(-1, 1, (points, 1)) * aside, rng.uniform(0.8, 5.0))])


def dashes(rng: Rng, shape: Shape, place: Place) -> np.ndarray:
    """A line that touched only here and there, along itself; each piece as wide as it likes."""
    path = bent_path(rng, place, bend=0.15, points=int(rng.integers(8, 30)))
    touched = np.flatnonzero(rng.random(len(path) - 1) < rng.uniform(0.3, 0.8))
    return strokes_of(shape, [(path[i : i + 2], rng.uniform(0.8, 7.0)) for i in touched])


def scatter(rng: Rng, shape: Shape, place: Place) -> np.ndarray:
    """Short marks all over a patch, every which way: some long, some mere dots."""
    strokes = []
    for _ in range(int(rng.integers(3, 30))):
        near = moved(rng, place, place.reach_px * 0.25, turn=rng.uniform(0, np.pi))
        mark = Place(near.x, near.y, place.reach_px * rng.uniform(0.01, 0.3), near.angle)
        strokes.append((bent_path(rng, mark, bend=0.2, points=5), rng.uniform(0.8, 4.0)))
    return strokes_of(shape, strokes)


def pitted(rng: Rng, shape: Shape, place: Place) -> np.ndarray:
    """Round pits in a loose heap."""
    pits = np.zeros(shape, np.float32)
    for _ in range(int(rng.integers(2, 12))):
        at = moved(rng, place, place.reach_px * 0.2, turn=0.0)
        radius = int(np.clip(place.reach_px * rng.uniform(0.01, 0.08), 1, 14))
        cv2.circle(pits, (round(at.x), round(at.y)), radius, float(rng.uniform(0.6, 1.0)), -1)
    return gaussian(pits, rng.uniform(0.4, 1.5))


BROAD: dict[str, Callable[[Rng, Shape, Place], np.ndarray]] = {
    "worn": worn,
    "zigzag": zigzag,
    "dashes": dashes,
    "scatter": scatter,
    "pitted": pitted,
}
