"""Scratches as coverage: how much of each pixel is taken. Pure; what makes one BAD stands in visibility.py."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from .fields import Rng, gaussian, smooth_field

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


def hairline(rng: Rng, shape: Shape, place: Place) -> np.ndarray:
    """One thin, slightly bent line."""
    return _strokes(shape, [(_path(rng, place, bend=0.08), rng.uniform(1.0, 2.6))])


def hairlines(rng: Rng, shape: Shape, place: Place) -> np.ndarray:
    """A few thin lines that cross each other."""
    strokes = []
    for _ in range(int(rng.integers(2, 5))):
        near = _moved(rng, place, place.reach_px * 0.2, turn=rng.uniform(-1.2, 1.2))
        strokes.append((_path(rng, near, bend=0.1), rng.uniform(1.0, 2.2)))
    return _strokes(shape, strokes)


def bundle(rng: Rng, shape: Shape, place: Place) -> np.ndarray:
    """Many thin lines side by side, as a brush or a pallet leaves them."""
    strokes, gap = [], rng.uniform(2.5, 7.0)
    count = int(rng.integers(4, 14))
    across = np.array([-np.sin(place.angle), np.cos(place.angle)])
    for i in range(count):
        offset = across * ((i - count / 2) * gap + rng.normal(0, gap / 3))
        length = place.reach_px * rng.uniform(0.5, 1.0)
        line = Place(place.x + offset[0], place.y + offset[1], length, place.angle + rng.normal(0, 0.03))
        strokes.append((_path(rng, line, bend=0.02), rng.uniform(0.8, 1.9)))
    return _strokes(shape, strokes)


def gouge(rng: Rng, shape: Shape, place: Place) -> np.ndarray:
    """A broad furrow with torn edges, thinner at its ends."""
    path = _path(rng, place, bend=0.1, points=24)
    widest = rng.uniform(4, 12)
    taper = np.sin(np.linspace(0.15, np.pi - 0.1, len(path))) * widest
    strokes = [(path[i : i + 2], max(1.0, taper[i] * rng.uniform(0.75, 1.25))) for i in range(len(path) - 1)]
    torn = 0.65 + 0.35 * np.clip(1 + smooth_field(rng, *shape, 3), 0, 1)
    return _strokes(shape, strokes) * torn


def scuff(rng: Rng, shape: Shape, place: Place) -> np.ndarray:
    """A rubbed patch: the ink is gone in specks and short strokes."""
    patch = _blob(rng, shape, place, breadth=rng.uniform(0.3, 0.8))
    specks = cv2.blur(rng.standard_normal(shape).astype(np.float32), (9, 2)) * 3.2
    turn = cv2.getRotationMatrix2D((place.x, place.y), -np.degrees(place.angle), 1.0)
    specks = cv2.warpAffine(specks, turn, shape[::-1], borderMode=cv2.BORDER_REFLECT)
    return np.clip((specks + rng.uniform(-0.5, 0.4)) * 2.5, 0, 1) * patch


def chip(rng: Rng, shape: Shape, place: Place) -> np.ndarray:
    """A few small holes broken out."""
    hole = np.zeros(shape, np.float32)
    for _ in range(int(rng.integers(1, 5))):
        at = _moved(rng, place, place.reach_px * 0.25, turn=rng.uniform(0, 3))
        size = float(np.clip(place.reach_px * rng.uniform(0.06, 0.16), 5, 22))
        corners = np.sort(rng.uniform(0, 2 * np.pi, 8))
        radii = size * rng.uniform(0.5, 1.0, 8)
        outline = np.stack([at.x + radii * np.cos(corners), at.y + radii * np.sin(corners)], axis=1)
        cv2.fillPoly(hole, [_fixed_point(outline)], 1.0, cv2.LINE_8, SUBPIXEL_BITS)
    return gaussian(hole, 0.6)


KINDS: dict[str, Callable[[Rng, Shape, Place], np.ndarray]] = {
    "hairline": hairline,
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
    coverage = KINDS[kind](rng, clean.shape[:2], place)[:, :, None] * np.float32(strength)
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
    patch = _blob(rng, clean.shape[:2], place, breadth=rng.uniform(0.3, 0.7))[:, :, None]
    return clean + (dragged - clean) * (patch * np.float32(max(strength, 0.6)))


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


def _moved(rng: Rng, place: Place, by_px: float, turn: float) -> Place:
    x, y = rng.normal(0, by_px, 2)
    return Place(place.x + x, place.y + y, place.reach_px * rng.uniform(0.5, 1.0), place.angle + turn)


def _path(rng: Rng, place: Place, *, bend: float, points: int = 12) -> np.ndarray:
    """(points, 2) x, y along a slightly bent line through the place."""
    along = np.linspace(-0.5, 0.5, points)
    sideways = bend * rng.normal() * (along**2 - 0.08) + rng.normal(0, 0.004, points).cumsum() * 0.5
    x = place.x + place.reach_px * (along * np.cos(place.angle) - sideways * np.sin(place.angle))
    y = place.y + place.reach_px * (along * np.sin(place.angle) + sideways * np.cos(place.angle))
    return np.stack([x, y], axis=1)


def _strokes(shape: Shape, strokes: list[tuple[np.ndarray, float]]) -> np.ndarray:
    """(H, W) float32 0..1: the paths drawn, each with its width in pixels."""
    fine = np.zeros((shape[0] * FINE, shape[1] * FINE), np.uint8)
    for path, width_px in strokes:
        thick = width_px * FINE
        whole = max(1, round(thick))
        ink = int(255 * min(1.0, thick / whole))
        cv2.polylines(fine, [_fixed_point(path * FINE)], False, ink, whole, cv2.LINE_AA, SUBPIXEL_BITS)
    return cv2.resize(fine, shape[::-1], interpolation=cv2.INTER_AREA).astype(np.float32) / 255


def _blob(rng: Rng, shape: Shape, place: Place, *, breadth: float) -> np.ndarray:
    """(H, W) float32 0..1: a soft, ragged ellipse."""
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    dx, dy = x - place.x, y - place.y
    along = (dx * np.cos(place.angle) + dy * np.sin(place.angle)) / (place.reach_px / 2)
    across = (dy * np.cos(place.angle) - dx * np.sin(place.angle)) / (place.reach_px / 2 * breadth)
    ragged = 0.15 * smooth_field(rng, *shape, max(4.0, place.reach_px / 8))
    return np.clip((1.0 - np.sqrt(along**2 + across**2) + ragged) * 3, 0, 1)


def _fixed_point(path: np.ndarray) -> np.ndarray:
    return np.round(path * (1 << SUBPIXEL_BITS)).astype(np.int32)
