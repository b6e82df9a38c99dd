"""Why a picture is not judged: too small, too long, black, burnt out, or its region lies outside. Pure.

A picture that shows nothing must never be GOOD. What only a sequence of pictures can tell (frozen, out of focus) is
not known here.
"""

from __future__ import annotations

import numpy as np

from detector.verdict import Box

MIN_SIDE_PX = 8  # of the judged region: less is no picture of a part
MAX_SIDE_PX = 32_000  # PIL and OpenCV are sure up to here
MAX_AREA_PX = 100_000_000
MAX_ASPECT = 20  # a longer strip is squeezed to nothing in a square network input
BLACK_LEVEL = 16  # video black: no channel of a dark pixel is above it
BURNT_LEVEL = 250  # no channel of a burnt-out pixel is below it
ALL_BUT_SHARE = 0.005  # a picture is black or burnt out when all but this share of its pixels are
SAMPLED_SIDE = 256  # about so many rows and columns are looked at, evenly spread
GLANCE_ROWS = 8  # of those rows every eighth is looked at first


def why_region_refused(picture: np.ndarray, region: Box) -> str | None:
    """The reason why `region` of picture (H, W, 3) cannot be judged whatever it shows; None where it can."""
    return why_place_refused(picture, region) or why_size_refused(region.height, region.width)


def why_place_refused(picture: np.ndarray, region: Box) -> str | None:
    """The reason why `region` is no part of picture (H, W, 3); None where it is."""
    height, width = picture.shape[:2]
    got = f"region {region.x0},{region.y0},{region.x1},{region.y1}"
    if region.width <= 0 or region.height <= 0:
        return f"{got} is empty: x0 < x1 and y0 < y1 are wanted"
    if region.x0 < 0 or region.y0 < 0 or region.x1 > width or region.y1 > height:
        return f"{got} lies outside the picture of {width}x{height} px"
    return None


def why_size_refused(height: int, width: int) -> str | None:
    """The reason why a picture of that size cannot be judged; None where it can."""
    got = f"{width}x{height} px"
    if min(height, width) < MIN_SIDE_PX:
        return f"{got} is too small: at least {MIN_SIDE_PX}x{MIN_SIDE_PX} px are wanted"
    if too_large := why_too_large(height, width):
        return too_large
    if max(height, width) > MAX_ASPECT * min(height, width):
        return f"{got} is too long for its height or width: at most {MAX_ASPECT} to 1; judge regions of it instead"
    return None


def why_too_large(height: int, width: int) -> str | None:
    """The reason why a picture of that size is not even decoded; None where it is."""
    if max(height, width) > MAX_SIDE_PX or height * width > MAX_AREA_PX:
        return f"{width}x{height} px is too large: at most {MAX_SIDE_PX} px a side and {MAX_AREA_PX} px in all"
    return None


def why_blind(picture: np.ndarray) -> str | None:
    """The reason why nothing can be seen in picture (H, W, 3) BGR uint8; None where something can."""
    height, width = picture.shape[:2]
    seen = picture[:: max(1, height // SAMPLED_SIDE), :: max(1, width // SAMPLED_SIDE)]
    pixels = seen.shape[0] * seen.shape[1]
    most = (1.0 - ALL_BUT_SHARE) * seen.shape[0] * seen.shape[1]
    glance = seen[::GLANCE_ROWS]
    if pixels - _lit(glance) < most and pixels - _unburnt(glance) < most:
        return None  # these rows alone show enough, whatever the others do: an ordinary picture costs an eighth
    if pixels - _lit(seen) >= most:
        return f"black: all but {ALL_BUT_SHARE:.1%} of the pixels are at most {BLACK_LEVEL} of 255"
    if pixels - _unburnt(seen) >= most:
        return f"burnt out: all but {ALL_BUT_SHARE:.1%} of the pixels are at least {BURNT_LEVEL} of 255"
    return None


def _lit(pixels: np.ndarray) -> int:
    """How many of the pixels (h, w, 3) are not dark."""
    brightest = np.maximum(np.maximum(pixels[:, :, 0], pixels[:, :, 1]), pixels[:, :, 2])
    return int(np.count_nonzero(brightest > BLACK_LEVEL))


def _unburnt(pixels: np.ndarray) -> int:
    """How many of the pixels (h, w, 3) are not burnt out."""
    darkest = np.minimum(np.minimum(pixels[:, :, 0], pixels[:, :, 1]), pixels[:, :, 2])
    return int(np.count_nonzero(darkest < BURNT_LEVEL))
