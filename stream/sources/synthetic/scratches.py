"""Scratches as coverage: how much of each pixel is taken. Pure; what makes one BAD stands in visibility.py."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from .broad_scratches import BROAD
from .fields import Rng, gaussian, smooth_field
from .strokes import SUBPIXEL_BITS, Place, Shape, bent_path, blob, fixed_point, moved, strokes_of
from .unmet_scratches import UNMET


def hairline(rng: Rng, shape: Shape, place: Place) -> np.ndarray:
    """One thin, slightly bent line."""
    return strokes_of(shape, [(bent_path(rng, place, bend=0.08), rng.uniform(1.0, 2.6))])


def thread(rng: Rng, shape: Shape, place: Place) -> np.ndarray:
    """One line a pixel wide or less, as long as the part."""
    longer = Place(place.x, place.y, place.reach_px * rng.uniform(1.0, 2.0), place.angle)
    return strokes_of(shape, [(bent_path(rng, longer, bend=0.05), rng.uniform(0.5, 1.1))])


def hairlines(rng: Rng, shape: Shape, place: Place) -> np.ndarray:
    """A few thin lines that cross each other."""
    strokes = []
    for _ in range(int(rng.integers(2, 5))):
        near = moved(rng, place, place.reach_px * 0.2, turn=rng.uniform(-1.2, 1.2))
        strokes.append((bent_path(rng, near, bend=0.1), rng.uniform(1.0, 2.2)))
    return strokes_of(shape, strokes)


def bundle(rng: Rng, shape: Shape, place: Place) -> np.ndarray:
    """Many thin lines side by side, as a brush or a pallet leaves them."""
    strokes, gap = [], rng.uniform(2.5, 7.0)
    count = int(rng.integers(4, 14))
    across = np.array([-np.sin(place.angle), np.cos(place.angle)])
    for i in range(count):
        offset = across * ((i - count / 2) * gap + rng.normal(0, gap / 3))
        length = place.reach_px * rng.uniform(0.5, 1.0)
        line = Place(place.x + offset[0], place.y + offset[1], length, place.angle + rng.normal(0, 0.03))
        strokes.append((bent_path(rng, line, bend=0.02), rng.uniform(0.8, 1.9)))
    return strokes_of(shape, strokes)


def gouge(rng: Rng, shape: Shape, place: Place) -> np.ndarray:
    """A broad furrow with torn edges, thinner at its ends."""
    path = bent_path(rng, place, bend=0.1, points=24)
    widest = rng.uniform(4, 12)
    taper = np.sin(np.linspace(0.15, np.pi - 0.1, len(path))) * widest
    strokes = [(path[i : i + 2], max(1.0, taper[i] * rng.uniform(0.75, 1.25))) for i in range(len(path) - 1)]
    torn = 0.65 + 0.35 * np.clip(1 + smooth_field(rng, *shape, 3), 0, 1)
    return strokes_of(shape, strokes) * torn


def scuff(rng: Rng, shape: Shape, place: Place) -> np.ndarray:
    """A rubbed patch: the ink is gone in specks and short strokes."""
    patch = blob(rng, shape, place, breadth=rng.uniform(0.3, 0.8))
    specks = cv2.blur(rng.standard_normal(shape).astype(np.float32), (9, 2)) * 3.2
    turn = cv2.getRotationMatrix2D((place.x, place.y), -np.degrees(place.angle), 1.0)
    specks = cv2.warpAffine(specks, turn, shape[::-1], borderMode=cv2.BORDER_REFLECT)
    return np.clip((specks + rng.uniform(-0.5, 0.4)) * 2.5, 0, 1) * patch


def chip(rng: Rng, shape: Shape, place: Place) -> np.ndarray:
    """A few small holes broken out."""
    hole = np.zeros(shape, np.float32)
    for _ in range(int(rng.integers(1, 5))):
        at = moved(rng, place, place.reach_px * 0.25, turn=rng.uniform(0, 3))
        size = float(np.clip(place.reach_px * rng.uniform(0.06, 0.16), 5, 22))
        corners = np.sort(rng.uniform(0, 2 * np.pi, 8))
        radii = size * rng.uniform(0.5, 1.0, 8)
        outline = np.stack([at.x + radii * np.cos(corners), at.y + radii * np.sin(corners)], axis=1)
        cv2.fillPoly(hole, [fixed_point(outline)], 1.0, cv2.LINE_8, SUBPIXEL_BITS)
    return gaussian(hole, 0.6)


KINDS: dict[str, Callable[[Rng, Shape, Place], np.ndarray]] = {
    "hairline": hairline,
    "thread": thread,
    "hairlines": hairlines,
    "bundle": bundle,
    "gouge": gouge,
    "scuff": scuff,
    "chip": chip,
}
SMEAR = "smear"  # moves what is there in place of covering it


def scratched(rng: Rng, clean: np.ndarray, kind: str, place: Place, strength: float) -> np.ndarray:
    """The picture with a scratch: (H, W, 3) float32 0..255; `clean` is left alone. `strength` 0..1."""
    if kind == SMEAR:
        return smeared(rng, clean, place, strength)
    coverage = (KINDS | BROAD | UNMET)[kind](rng, clean.shape[:2], place)[:, :, None] * np.float32(strength)
    if kind in BROAD:
        return _broadly_coloured(rng, clean, coverage)
    picture = clean
    if kind in ("gouge", "chip"):  # a furrow throws a shadow on one side
        shade = _shifted(coverage, int(rng.integers(1, 3)), int(rng.integers(-2, 3)))
        picture = picture * (1 - rng.uniform(0.15, 0.5) * shade)
    return picture + (_bare_colour(rng, clean) - picture) * coverage


def smeared(rng: Rng, clean: np.ndarray, place: Place, strength: float) -> np.ndarray:
    """The picture with a patch wiped along the place's angle, ink dragged with it."""
    length = int(np.clip(place.reach_px * rng.uniform(0.2, 0.5), 11, 61)) | 1
    wipe = np.zeros((length, length), np.float32)
    half = length / 2
    reach = (half - 1) * np.array([np.cos(place.angle), np.sin(place.angle)])
    ends = np.round(np.array([half - reach, half + reach])).astype(int)
    cv2.line(wipe, tuple(map(int, ends[0])), tuple(map(int, ends[1])), 1.0, 2, cv2.LINE_AA)
    dragged = cv2.filter2D(clean, -1, wipe / wipe.sum(), borderType=cv2.BORDER_REFLECT)
    patch = blob(rng, clean.shape[:2], place, breadth=rng.uniform(0.3, 0.7))[:, :, None]
    return clean + (dragged - clean) * (patch * np.float32(max(strength, 0.6)))


def _broadly_coloured(rng: Rng, clean: np.ndarray, coverage: np.ndarray) -> np.ndarray:
    """Damage of any look: lit from a side, bright or dark or of another colour below, rough within."""
    height, width = clean.shape[:2]
    picture = clean
    if rng.random() < 0.35:
        shade = _shifted(coverage, int(rng.integers(-2, 3)), int(rng.integers(-2, 3)))
        picture = picture * (1 + rng.choice([-1, 1]) * rng.uniform(0.15, 0.5) * shade)
    ground = np.median(clean[::4, ::4].reshape(-1, 3), axis=0)
    if rng.random() < 0.5:
        bare = _bare_colour(rng, clean)
    else:
        bare = np.clip(ground * rng.uniform(0.2, 1.1) + rng.uniform(0, 90) * rng.uniform(0.8, 1.1, 3), 0, 252)
    rough = rng.uniform(0, 18) * smooth_field(rng, height, width, float(rng.uniform(1.0, 4.0)))[:, :, None]
    return np.asarray(picture + (bare + rough - picture) * coverage, np.float32)


def _shifted(coverage: np.ndarray, dx: int, dy: int) -> np.ndarray:
    """(H, W, 1): the coverage moved, nothing coming in from the edges."""
    height, width = coverage.shape[:2]
    move = np.array([[1, 0, dx], [0, 1, dy]], np.float32)
    return cv2.warpAffine(coverage, move, (width, height))[:, :, None]


def _bare_colour(rng: Rng, clean: np.ndarray) -> np.ndarray:
    """(3,) float32: what shows under the surface: mostly brighter than it, now and then as dark as ink."""
    ground = np.median(clean[::4, ::4].reshape(-1, 3), axis=0)
    if rng.random() < 0.12:
        return (ground * rng.uniform(0.15, 0.55)).astype(np.float32)
    return np.clip(ground + rng.uniform(-12, 45), 0, 252).astype(np.float32)
