"""What health looks at in a picture: a few rows, a few numbers, a small picture of it. Pure, and cheap on purpose.

Green stands for grey: half of a colour sensor's pixels are green, and it is taken without arithmetic.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from detector.refusals import BURNT_LEVEL, why_blind
from detector.verdict import Box

BANDS, BAND_ROWS = 12, 8  # rows that are looked at: so many bands of so many rows, evenly spread
CELLS = 16  # parts of a band, side by side
SMALL_PX = 240  # the longer side of the small picture, about
FINE_PX = 2  # a sharp edge rises within so much
WIDE_SHARE = 40  # an edge of any width rises within this part of the picture's width
STRONG_GREY = 24  # less of a step is no edge
CORED_GREY = 10  # less of a rise within FINE_PX may be noise
SURELY_SEEN = (40.0, 230.0)  # mean grey


@dataclass(frozen=True)
class Edges:
    """How steep the picture's edges are."""

    fine: float  # energy of the rises within FINE_PX
    wide: float  # the same within a fortieth of the width: blur hardly changes it
    share: float  # of the pixels that have an edge near


class Glimpse:
    """One picture as health sees it. What nobody asks for is not computed."""

    def __init__(self, pixels: np.ndarray, judged: tuple[Box, ...] = ()) -> None:
        """`judged`: the parts of it that are judged; none: the whole."""
        self._pixels = pixels
        self._judged = judged
        self.height, self.width = pixels.shape[:2]

    def forget(self) -> None:
        """Lets go of the picture; what was asked of it stays known."""
        self._pixels = np.empty((0, 0, 3), np.uint8)

    @property
    def size(self) -> str:
        return f"{self.width}x{self.height}"

    @cached_property
    def bands(self) -> np.ndarray:
        """(rows, W) uint8: the green of some rows; a copy."""
        if self.height <= BANDS * BAND_ROWS:
            return np.ascontiguousarray(self._pixels[:, :, 1])
        step = self.height // BANDS
        first = (step - BAND_ROWS) // 2
        rows = [self._pixels[y : y + BAND_ROWS] for y in range(first, first + BANDS * step, step)]
        return np.concatenate([cv2.extractChannel(part, 1) for part in rows])

    @cached_property
    def cells(self) -> np.ndarray:
        """(BANDS, CELLS) uint8: the mean of each part of each band."""
        return cv2.resize(self.bands, (CELLS, BANDS), interpolation=cv2.INTER_AREA)

    @cached_property
    def level(self) -> float:
        """The mean grey value, 0..255."""
        return float(cv2.mean(self.bands)[0])

    @cached_property
    def burnt(self) -> float:
        """The share of the pixels that cannot be brighter."""
        return float(np.count_nonzero(self.bands >= BURNT_LEVEL)) / self.bands.size

    @cached_property
    def blind(self) -> str:
        """`black`, `burnt` or nothing: what the detector would say of the whole and of all that is judged, in a word.

        One part may be dark by itself: an empty belt, or all but a small window that is lit.
        """
        if SURELY_SEEN[0] <= self.level <= SURELY_SEEN[1]:
            return ""  # a mean like that cannot be of a picture all but black or burnt out
        parts = [self._pixels[max(0, box.y0) : box.y1, max(0, box.x0) : box.x1] for box in self._judged]
        said = {_blindness(part) for part in (self._pixels, *parts) if part.size}
        return said.pop() if len(said) == 1 else ""

    @cached_property
    def edges(self) -> Edges:
        """By differences along the rows; noise is cut away."""
        lag = max(8, self.width // WIDE_SHARE)
        if self.width <= 2 * lag:
            return Edges(0.0, 0.0, 0.0)
        bands = self.bands
        near = cv2.absdiff(bands[:, :-FINE_PX], bands[:, FINE_PX:])
        far = cv2.absdiff(bands[:, :-lag], bands[:, lag:])
        cv2.threshold(near, CORED_GREY, 0, cv2.THRESH_TOZERO, near)
        cv2.threshold(far, STRONG_GREY, 0, cv2.THRESH_TOZERO, far)
        share = cv2.countNonZero(far) / far.size
        return Edges(cv2.norm(near, cv2.NORM_L2SQR), cv2.norm(far, cv2.NORM_L2SQR), share)

    @cached_property
    def small(self) -> np.ndarray:
        """About SMALL_PX long, uint8, grey: every so many-th pixel of it; a copy."""
        step = max(1, max(self.height, self.width) // SMALL_PX)
        return np.ascontiguousarray(self._pixels[step // 2 :: step, step // 2 :: step, 1])


def _blindness(pixels: np.ndarray) -> str:
    return (why_blind(pixels) or "").partition(":")[0].partition(" ")[0]


def noise_in(bands: np.ndarray, before: np.ndarray) -> bool:
    """Whether two pictures differ as a sensor's noise makes them differ: everywhere, and each pixel for itself.

    What moves before the lens was blurred by it, so neighbours differ alike. Of noise alone the second differences
    along a row have three times the energy of the first ones; of what a lens has seen, less than once. Two equal
    pictures of a still scene without noise tell nothing of the camera.
    """
    if bands.shape != before.shape or bands.shape[1] < 64:
        return False
    left = max(0, bands.shape[1] - NOISE_COLUMNS) // 2
    some = (slice(None, None, NOISE_ROWS), slice(left, left + NOISE_COLUMNS))
    change = bands[some].astype(np.float32) - before[some]
    if _in_parts((change != 0).astype(np.float32)).min() < NOISE_LEAST:
        return False
    change = np.clip(change, -NOISE_MOST_GREY, NOISE_MOST_GREY)
    first = change[:, 1:] - change[:, :-1]
    ratio = _in_parts((first[:, 1:] - first[:, :-1]) ** 2) / (_in_parts(first**2) + 1e-6)
    return bool(np.median(ratio) >= NOISE_RATIO)


def _in_parts(values: np.ndarray) -> np.ndarray:
    """The mean of each part of the rows (rows, W) float32."""
    return cv2.resize(values, (CELLS, min(BANDS, values.shape[0])), interpolation=cv2.INTER_AREA)


NOISE_ROWS, NOISE_COLUMNS = 3, 800  # every third of the rows, and their middle, are enough
NOISE_MOST_GREY = 24.0  # more of a difference is something that moved
NOISE_LEAST = 0.05  # of the pixels of each part of the picture
NOISE_RATIO = 1.5  # drawn lines with noise have 1.7 to 3.0, without 0.5 to 1.0, through JPEG 0.9 to 1.4
