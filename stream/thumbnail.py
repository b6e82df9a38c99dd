"""The small picture by which a frame is told from others in a list: the surroundings of what is wrong in it. Pure.

The whole of a frame of 1920 px is 320 px wide here, in which a defect of 30 px cannot be seen.
"""

from __future__ import annotations

import numpy as np

from detector.regions import Where
from detector.verdict import Box
from stream.messages import VerdictRecord
from stream.outlines import found_in
from stream.overlay import scale_to_width

WIDTH_PX = 320
ASPECT = 4 / 3
LEAST_PX = 160  # high: a lonely pixel is shown with enough around it to know the place
AROUND = 3  # a defect takes a third of it; what was judged is shown just so


def thumbnail(shown: np.ndarray, verdict: VerdictRecord, where: Where) -> np.ndarray:
    """Of `shown` (H, W, 3) BGR uint8, the judged picture with its overlay: at most WIDTH_PX wide."""
    height, width = shown.shape[:2]
    part = cut(verdict, where, height, width)
    return scale_to_width(shown[part.y0 : part.y1, part.x0 : part.x1], WIDTH_PX)


def cut(verdict: VerdictRecord, where: Where, height: int, width: int) -> Box:
    """What of a picture of that size is shown: around the worst defect, else what was judged, else all of it."""
    if verdict.defects:
        worst = max(verdict.defects, key=lambda defect: (defect.score, defect.area_px))
        return around(Box(*worst.box), AROUND, height, width)
    judged = _judged(verdict, where)
    return around(judged, 1, height, width) if judged else Box(0, 0, width, height)


def around(box: Box, times: float, height: int, width: int) -> Box:
    """So many times the box, of the shape of ASPECT, within the picture; all of it where the box would not fit."""
    high = max(LEAST_PX, times * (box.y1 - box.y0), times * (box.x1 - box.x0) / ASPECT)
    high = max(1, round(min(high, height, width / ASPECT)))
    wide = min(width, round(high * ASPECT))
    if box.x1 - box.x0 > wide or box.y1 - box.y0 > high:
        return Box(0, 0, width, height)
    x0, y0 = _begin(box.x0, box.x1, wide, width), _begin(box.y0, box.y1, high, height)
    return Box(x0, y0, x0 + wide, y0 + high)


def _begin(low: int, high: int, size: int, most: int) -> int:
    """Where a stretch of that size begins so that the other lies in its middle, as far as the picture lets it."""
    return min(max(0, (low + high - size) // 2), most - size)


def _judged(verdict: VerdictRecord, where: Where) -> Box | None:
    """Of regions the code with the highest score, where one was found."""
    if isinstance(where, Box):
        return where
    found = [one for one in verdict.regions if one.found and one.score is not None]
    if not found:
        return None
    corners = next(iter(found_in(max(found, key=lambda one: one.score or 0.0))))
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    return Box(min(xs), min(ys), max(xs), max(ys))
