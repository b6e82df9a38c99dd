"""Polygons: which pixels lie in one, and a picture in which what lies outside says nothing. Pure.

A fill of one colour would leave an edge along the polygon, and an edge looks like a scratch. So the outside continues
the inside: each pixel there has the mean colour of the inside around it, the further away the wider around (pull-push:
Gortler et al., "The Lumigraph", 1996). What lies inside is left as it is, to the last bit.
"""

from __future__ import annotations

import cv2
import numpy as np

from detector.regions import Point
from detector.verdict import Box

TINY = 1e-6
WORKED_SIDE = 128  # the fill is made at this size at most: it is smooth, and larger would only cost time


def inside(polygon: tuple[Point, ...], box: Box) -> np.ndarray:
    """(h, w) bool over the box: the pixels whose middle lies in the polygon, by the even-odd rule."""
    turns = np.zeros((box.height, box.width + 1), bool)
    rows = np.arange(box.y0, box.y1) + 0.5
    for one, other in zip(polygon, (*polygon[1:], polygon[0]), strict=True):
        crossed = (one.y > rows) != (other.y > rows)
        if one.y == other.y or not crossed.any():
            continue
        x = one.x + (rows[crossed] - one.y) * (other.x - one.x) / (other.y - one.y)
        first = np.clip(np.ceil(x - 0.5 - box.x0), 0, box.width).astype(np.int64)  # pixel right of the edge
        turns[np.flatnonzero(crossed), first] ^= True
    return np.logical_xor.accumulate(turns, axis=1)[:, :-1]


def neutralised(picture: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """A copy of picture (H, W, 3) uint8 with all that is not kept (H, W) bool continued smoothly from what is."""
    height, width = kept.shape
    shrink = min(1.0, WORKED_SIDE / max(height, width))
    size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    share = _shrunk(kept.astype(np.float32), size)
    colour = _shrunk(picture * kept[:, :, None].astype(np.float32), size)
    small = _filled(colour / np.maximum(share, TINY)[:, :, None], np.minimum(1.0, share * 4))
    fill = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.where(kept[:, :, None], picture, np.rint(np.clip(fill, 0, 255)).astype(np.uint8))


def _filled(colour: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """(h, w, 3) float32: the colours where their weight (h, w) is 1, and the less it is, the more those further around.

    A quarter of a cell is enough to know the cell: a mean over cells far into the inside would be another colour than
    the one along the edge.
    """
    height, width = weight.shape
    if max(height, width) == 1:
        return colour
    size = ((width + 1) // 2, (height + 1) // 2)
    share = _shrunk(weight, size)
    below = _shrunk(colour * weight[:, :, None], size) / np.maximum(share, TINY)[:, :, None]
    around = cv2.resize(_filled(below, np.minimum(1.0, share * 4)), (width, height), interpolation=cv2.INTER_LINEAR)
    beside = around.reshape(height, width, 3)
    return np.asarray(beside + weight[:, :, None] * (colour - beside), np.float32)


def _shrunk(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Means over the cells of a smaller grid of that size (w, h); OpenCV drops the channels of a single column."""
    return cv2.resize(values, size, interpolation=cv2.INTER_AREA).reshape(size[1], size[0], *values.shape[2:])
