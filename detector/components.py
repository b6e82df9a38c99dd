"""A mask -> the defects in it, each with its measures. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from detector.verdict import Box, Defect

MAX_DEFECTS = 64  # the largest are listed; the mask holds them all
CORNERS = np.array([[-0.5, -0.5], [-0.5, 0.5], [0.5, -0.5], [0.5, 0.5]], np.float32)  # of a pixel, from its centre


@dataclass(frozen=True)
class Owners:
    """Whose each pixel is."""

    numbers: np.ndarray  # (h, w) int16, over the mask; -1: nobody's
    names: tuple[str, ...]  # of the regions, by number


def defects_in(
    mask: np.ndarray, probability: np.ndarray, *, kind: str, min_area_px: int, at: Box, owners: Owners | None = None
) -> tuple[Defect, ...]:
    """The 8-connected pieces of the mask (h, w) uint8 0/1, largest first, then by their place; MAX_DEFECTS at most.

    probability: (h, w) float, of the segmenter, from which each piece's score is the mean. Pieces of fewer than
    min_area_px pixels are left out. `at` is where the mask lies in the frame; the boxes are the frame's. With `owners`
    each says in which region it lies.
    """
    left, top, width, height = cv2.boundingRect(mask)  # labelling a whole 1080p mask takes 17 ms, this 0.2
    if width == 0:
        return ()  # OpenCV 5.0.0 crashes over an empty picture
    window = np.s_[top : top + height, left : left + width]
    mask, probability = mask[window], probability[window]
    at = Box(at.x0 + left, at.y0 + top, at.x0 + left + width, at.y0 + top + height)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8, ltype=cv2.CV_32S)
    areas = stats[1:, cv2.CC_STAT_AREA]  # row 0 is the background
    places = stats[1:, [cv2.CC_STAT_TOP, cv2.CC_STAT_LEFT]]
    order = np.lexsort((places[:, 1], places[:, 0], -areas.astype(np.int64)))
    listed = [int(n) + 1 for n in order if areas[n] >= max(1, min_area_px)][:MAX_DEFECTS]
    found = tuple(_defect(label, labels, stats[label], probability, kind, at) for label in listed)
    if owners is None:
        return found
    numbers = owners.numbers[window]
    named = (owners.names[_most(numbers, labels, label, stats[label])] for label in listed)
    return tuple(replace(defect, region=name) for defect, name in zip(found, named, strict=True))


def _most(numbers: np.ndarray, labels: np.ndarray, label: int, stats: np.ndarray) -> int:
    """The number that occurs most often in a piece; of several the lowest."""
    left, top, width, height = (int(n) for n in stats[:4])
    window = np.s_[top : top + height, left : left + width]
    return int(np.argmax(np.bincount(numbers[window][labels[window] == label])))


def _defect(label: int, labels: np.ndarray, stats: np.ndarray, probability: np.ndarray, kind: str, at: Box) -> Defect:
    left, top, width, height = (int(n) for n in stats[:4])
    window = np.s_[top : top + height, left : left + width]
    piece = labels[window] == label
    area_px = int(stats[cv2.CC_STAT_AREA])
    length_px = length_of(piece)
    return Defect(
        kind=kind,
        score=round(float(probability[window][piece].mean(dtype=np.float64)), 6),
        box=Box(at.x0 + left, at.y0 + top, at.x0 + left + width, at.y0 + top + height),
        area_px=area_px,
        length_px=round(length_px, 3),
        width_px=round(area_px / length_px, 3),
    )


def length_of(piece: np.ndarray) -> float:
    """The long side, in pixels, of the smallest rectangle of any angle around a piece (h, w) bool.

    The rectangle is OpenCV's minAreaRect (rotating calipers: Toussaint, "Solving geometric problems with the rotating
    calipers", 1983) around whole pixels, corners included, so that a row of n pixels is n long. A defect's width is
    its area over this length: the mean width, exact for a straight scratch at any angle, where the rectangle's own
    short side would count the stairs; too large for one that curves back on itself.
    """
    ys, xs = np.nonzero(piece)
    hull = cv2.convexHull(np.stack([xs, ys], axis=1).astype(np.int32)).reshape(-1, 1, 2)
    corners = (hull.astype(np.float32) + CORNERS).reshape(-1, 2)
    _, sides, _ = cv2.minAreaRect(corners)
    return float(max(sides))
