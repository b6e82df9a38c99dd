"""Damage of any shape that no person would name, so that a network learns damage, not a few kinds of it. Pure.

They take each other's company, too. None of them is an arc about a centre, a row of strokes across a line or a single
torn hole: those stand in unmet_scratches.py, and nothing may be trained on them.
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


def wandering(rng: Rng, shape: Shape, place: Place) -> np.ndarray:
    """One line, now thinner, now wider, that goes where it likes: its direction walks at random."""
    points = int(rng.integers(16, 60))
    heading = place.angle + (rng.normal(0, rng.uniform(0.1, 0.6), points)).cumsum()
    steps = np.stack([np.cos(heading), np.sin(heading)], axis=1) * place.reach_px * rng.uniform(0.8, 1.6) / points
    path = steps.cumsum(axis=0)
    path += np.array([place.x, place.y]) - path[points // 2]
    widths = rng.uniform(0.8, 4.0) * np.exp(np.clip(rng.normal(0, 0.2, points).cumsum(), -1.0, 1.0))
    return strokes_of(shape, [(path[i : i + 2], float(widths[i])) for i in range(points - 1)])


def cracked(rng: Rng, shape: Shape, place: Place) -> np.ndarray:
    """Cracks: a line that branches, its branches thinner and branching again."""
    strokes: list[tuple[np.ndarray, float]] = []
    open_ends = [(np.array([place.x, place.y]), place.angle, place.reach_px * 0.35, rng.uniform(1.2, 3.5))]
    open_ends += [(at, angle + np.pi + rng.normal(0, 0.3), reach, width) for at, angle, reach, width in open_ends]
    for at, angle, reach_px, width_px in open_ends:  # grows while it is gone through
        middle = at + 0.5 * reach_px * np.array([np.cos(angle), np.sin(angle)])
        path = bent_path(rng, Place(float(middle[0]), float(middle[1]), reach_px, angle), bend=0.3, points=8)
        strokes.append((path, width_px))
        if reach_px > 12 and width_px > 0.6 and len(open_ends) < 40:
            for side in (-1, 1)[: int(rng.integers(1, 3))]:
                turn = side * rng.uniform(0.2, 0.9)
                open_ends.append((path[-1], angle + turn, reach_px * rng.uniform(0.4, 0.8), width_px * 0.75))
    return strokes_of(shape, strokes)


def rubbed(rng: Rng, shape: Shape, place: Place) -> np.ndarray:
    """A band rubbed through in streaks along it, fine or coarse; straight at its sides, ragged at its ends."""
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    cosine, sine = np.cos(place.angle), np.sin(place.angle)
    along = (x - place.x) * cosine + (y - place.y) * sine
    across = (y - place.y) * cosine - (x - place.x) * sine
    half_px = float(np.clip(place.reach_px * rng.uniform(0.04, 0.3), 3, 40))
    across_cells = smooth_field(rng, 1, 4 * max(shape), float(rng.uniform(1.5, 6.0)))[0]
    lengths = smooth_field(rng, 1, 4 * max(shape), float(rng.uniform(1.5, 6.0)))[0]
    lane = np.clip(across + 2 * max(shape), 0, 4 * max(shape) - 1).astype(int)
    ends = np.clip(place.reach_px / 2 * (1 + 0.25 * lengths[lane]) - np.abs(along), 0, 4) / 4
    streaks = np.clip((across_cells[lane] + rng.uniform(-0.3, 1.0)) * rng.uniform(1.0, 4.0), 0, 1)
    return (streaks * ends * np.clip(half_px - np.abs(across), 0, 1)).astype(np.float32)


def together(rng: Rng, shape: Shape, place: Place) -> np.ndarray:
    """Two of the others, near each other."""
    one, other = (ALONE[name] for name in rng.choice(list(ALONE), 2))
    aside = moved(rng, place, place.reach_px * 0.25, turn=rng.uniform(0, np.pi))
    return np.maximum(one(rng, shape, place), other(rng, shape, aside) * np.float32(rng.uniform(0.4, 1.0)))


ALONE: dict[str, Callable[[Rng, Shape, Place], np.ndarray]] = {
    "worn": worn,
    "zigzag": zigzag,
    "dashes": dashes,
    "scatter": scatter,
    "pitted": pitted,
    "wandering": wandering,
    "cracked": cracked,
    "rubbed": rubbed,
}
BROAD = ALONE | {"together": together}
