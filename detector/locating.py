"""Finds printed codes: dark ink in a row on a light ground, turned as it may be. Pure; OpenCV's morphology, no network.

Ink is what a closing fills (black hat: dark strokes narrower than the kernel), so a dark belt, the edge of a part and a
shadow are none. Strokes near each other are one cluster; a cluster of the size, the shape and the density of a row of
letters is a code. Which way is up cannot be told from a cluster: a crop lies along the row, perhaps upside down.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from detector.regions import Locate, crop_side
from detector.verdict import Box, Quad

WORKED_LENGTH = 100.0  # pixels that a code of the expected length has in the picture that is looked at
KERNEL_PX = 23  # worked: wider than the strokes of the longest code
GAP_PX = 15  # worked: strokes this near to each other are one cluster
SHORTEST, LONGEST = 0.6, 1.7  # times the expected length
SHORTEST_CUT_OFF = 0.3  # the same for a code that the edge of the search area cuts
FLATTEST, HIGHEST = 0.14, 0.62  # a code's height over its length
HIGHEST_CUT_OFF = 1.6
SPARSEST, DENSEST = 0.22, 0.85  # the share of a code's rectangle that is ink
LEAST_CONTRAST = 20  # grey levels between ink and ground
LEAST_OF_BEST = 0.4  # of the contrast of the strongest ink seen: less is a shadow
INK_SHARE = 0.03  # of the square of a code's length: so many pixels are ink where there is any code
EMPTY_SHARE = 0.02  # of an empty search area at most so much is as light as a part


@dataclass(frozen=True)
class Code:
    """A printed code that was found, in pixels of the picture: of those between which it lies, as with a Box."""

    x: float  # of its middle
    y: float
    length: float
    height: float
    angle_deg: float  # of its row, clockwise from the x axis, above -90 and at most 90
    ink: float  # how much of it there is; for comparing


def find_codes(area: np.ndarray, locate: Locate) -> tuple[Code, ...]:
    """The codes in area (H, W, 3) BGR uint8, those with most ink first."""
    scale = min(1.0, WORKED_LENGTH / locate.length)
    grey = cv2.cvtColor(area, cv2.COLOR_BGR2GRAY)
    size = (max(1, round(area.shape[1] * scale)), max(1, round(area.shape[0] * scale)))
    worked = cv2.GaussianBlur(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), (3, 3), 0)
    hat = cv2.morphologyEx(worked, cv2.MORPH_BLACKHAT, np.ones((KERNEL_PX, KERNEL_PX), np.uint8))
    expected = locate.length * scale
    ink = (hat >= max(LEAST_CONTRAST, LEAST_OF_BEST * _strongest(hat, expected))).astype(np.uint8)
    ink = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))  # hairlines and noise are no strokes
    joined = cv2.dilate(ink, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (GAP_PX, GAP_PX)))
    clusters, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8, ltype=cv2.CV_32S)
    labels[ink == 0] = 0
    found = (_code(labels, n, stats[n], hat, expected, 1 / scale) for n in range(1, clusters))
    codes = sorted((code for code in found if code is not None), key=lambda code: (-code.ink, code.y, code.x))
    return tuple(codes)


def _strongest(hat: np.ndarray, expected: float) -> float:
    """The contrast that so many pixels have as one code has ink, however large the area around it is."""
    count = min(hat.size, max(1, round(INK_SHARE * expected**2)))
    return float(np.partition(hat.ravel(), hat.size - count)[hat.size - count])


def _code(
    labels: np.ndarray, number: int, stats: np.ndarray, hat: np.ndarray, expected: float, back: float
) -> Code | None:
    """The cluster as a code, `back` times as large; None where its size, shape or density is not a code's."""
    left, top, width, height = (int(n) for n in stats[:4])
    if max(width, height) < SHORTEST_CUT_OFF * expected:
        return None
    window = np.s_[top : top + height, left : left + width]
    piece = labels[window] == number
    ys, xs = np.nonzero(piece)
    if xs.size < 8:
        return None
    (x, y), sides, turn = cv2.minAreaRect(np.stack([xs, ys], axis=1).astype(np.float32))
    across, down = float(sides[0]) + 1.0, float(sides[1]) + 1.0  # around whole pixels
    angle, length, high = (turn, across, down) if across >= down else (turn + 90.0, down, across)
    cut_off = left == 0 or top == 0 or left + width == labels.shape[1] or top + height == labels.shape[0]
    shortest, highest = (SHORTEST_CUT_OFF, HIGHEST_CUT_OFF) if cut_off else (SHORTEST, HIGHEST)
    fits = shortest * expected <= length <= LONGEST * expected and FLATTEST <= high / length <= highest
    if not (fits and SPARSEST <= xs.size / (length * high) <= DENSEST):
        return None
    mass = float(hat[window][piece].sum(dtype=np.float64))
    middle = (left + x + 0.5) * back, (top + y + 0.5) * back
    return Code(*middle, length * back, high * back, 90.0 - (90.0 - angle) % 180.0, mass)


def is_empty(area: np.ndarray, locate: Locate) -> bool:
    """Whether nothing as light as a part lies in area (H, W, 3) BGR uint8: an empty belt."""
    grey = cv2.cvtColor(area, cv2.COLOR_BGR2GRAY)
    return float(np.count_nonzero(grey > locate.light)) <= EMPTY_SHARE * grey.size


def turn_of(code: Code, side: int, at: Box) -> np.ndarray:
    """(2, 3) float64: a pixel of the upright crop, `side` px wide and high → the frame's; `at`: the search area."""
    radians = np.deg2rad(code.angle_deg)
    c, s = float(np.cos(radians)), float(np.sin(radians))
    # OpenCV counts from the middle of a pixel, a Code and a Box from its corner
    middle, x, y = (side - 1) / 2, at.x0 + code.x - 0.5, at.y0 + code.y - 0.5
    return np.array([[c, -s, x - c * middle + s * middle], [s, c, y - s * middle - c * middle]])


def upright(picture: np.ndarray, turn: np.ndarray, side: int) -> np.ndarray:
    """(side, side, 3): the crop; what lies beyond the picture continues its edge."""
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(picture, turn, (side, side), flags=flags, borderMode=cv2.BORDER_REPLICATE)


def turned_back(crop_map: np.ndarray, turn: np.ndarray, box: Box) -> np.ndarray:
    """(h, w) float32 over the box of the frame: a map (side, side) float32 of the crop; 0 beyond it."""
    there = turn - np.array([[0.0, 0.0, box.x0], [0.0, 0.0, box.y0]])
    size = (box.width, box.height)
    return cv2.warpAffine(crop_map, there, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0)


def corners(turn: np.ndarray, side: int) -> Quad:
    """Where the crop lies in the frame, whole pixels, clockwise from the corner that is its upper left."""
    ends = np.array([[-0.5, -0.5], [side - 0.5, -0.5], [side - 0.5, side - 0.5], [-0.5, side - 0.5]])
    points = np.rint(ends @ turn[:, :2].T + turn[:, 2] + 0.5).astype(int)
    one, two, three, four = ((int(x), int(y)) for x, y in points)
    return one, two, three, four


def box_around(quad: Quad, height: int, width: int) -> Box:
    """The smallest rectangle around the corners that lies in a picture of that size."""
    xs, ys = [x for x, _ in quad], [y for _, y in quad]
    return Box(max(0, min(xs)), max(0, min(ys)), min(width, max(xs)), min(height, max(ys)))


def side_of(code: Code, locate: Locate) -> int:
    """The side, in pixels, of the crop around the code."""
    return crop_side(code.length, locate.margin)
