"""Draws where a picture is judged: a thin outline a region in the colour of its state, and its name. Pure but for the
picture it is given."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np

from detector.regions import Region, area_of
from stream.messages import RegionRecord

STATE_COLOURS = {"GOOD": (74, 160, 30), "BAD": (40, 40, 215), "UNKNOWN": (10, 165, 245)}  # BGR
OTHER_COLOUR = (120, 120, 120)  # a state that this version does not know, and an area that is only searched
NAME_SHARE = 0.028  # letter size of a region's name, as a share of the picture's shorter side
NAME_MIN_PX = 9
FAR_PX = 1 << 17  # a corner further away than that is drawn there

Outline = Sequence[tuple[int, int]]  # corners x, y, in pixels


def draw_regions(
    picture: np.ndarray, regions: tuple[Region, ...], judged: Sequence[RegionRecord], thickness: int
) -> None:
    """The outlines, into picture (H, W, 3) BGR uint8. `judged`: what was judged of each; grey where nothing was."""
    by_name = {one.name: one for one in judged}
    height, width = picture.shape[:2]
    for region in regions:
        one = by_name.get(region.name)
        colour = STATE_COLOURS.get(one.state if one else "", OTHER_COLOUR)
        searched = region.locate is not None
        _outline(picture, outline_of(region, height, width), OTHER_COLOUR if searched else colour, thickness)
        for quad in found_in(one):
            _outline(picture, quad, colour, thickness)
        _name(picture, region, colour)


def outline_of(region: Region, height: int, width: int) -> Outline:
    """The corners of a region of a picture of that size; of tiles the rectangle around all of them."""
    if region.polygon is not None:
        return [(corner.x, corner.y) for corner in region.polygon]
    box = area_of(region, height, width)
    return [(box.x0, box.y0), (box.x1, box.y0), (box.x1, box.y1), (box.x0, box.y1)]


def found_in(one: RegionRecord | None) -> Iterator[Outline]:
    """The corners of each code that was found in a region."""
    for found in one.found if one else ():
        yield list(zip(found[::2], found[1::2], strict=True))


def _outline(picture: np.ndarray, corners: Outline, colour: tuple[int, int, int], thickness: int) -> None:
    """A corner lies between pixels: the last one inside is drawn, so that a line at the edge is seen."""
    height, width = picture.shape[:2]
    points = np.clip(np.array(corners, np.int64), -FAR_PX, FAR_PX)
    points[:, 0] -= points[:, 0] == width
    points[:, 1] -= points[:, 1] == height
    cv2.polylines(picture, [points.astype(np.int32)], isClosed=True, color=colour, thickness=thickness)


def _name(picture: np.ndarray, region: Region, colour: tuple[int, int, int]) -> None:
    """Beside the upper left corner of what is judged; nothing where there is no room for it."""
    height, width = picture.shape[:2]
    size = max(NAME_MIN_PX, round(min(height, width) * NAME_SHARE))
    area = area_of(region, height, width)
    x, y = max(0, area.x0) + size // 2, max(0, area.y0) + size
    if y + size < height and x + size < width:
        font = cv2.FontFace("sans")
        cv2.putText(picture, region.name, (x, y + size // 2), (0, 0, 0), font, size, 700)
        cv2.putText(picture, region.name, (x - 1, y + size // 2 - 1), colour, font, size, 700)
