"""A region of a picture -> the views of it that the networks see, and their maps back to the frame. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from detector.errors import PictureError
from detector.locating import (
    box_around,
    corners,
    find_codes,
    is_empty,
    side_of,
    turn_of,
    turned_back,
    upright,
)
from detector.polygons import inside, neutralised
from detector.refusals import why_blind, why_place_refused, why_size_refused
from detector.regions import CODES_MAX, Locate, Point, Region, area_of
from detector.stitching import cut
from detector.verdict import Box, Quad


@dataclass(frozen=True, eq=False)
class View:
    """One picture that is judged for a region, and where it lies in the frame."""

    picture: np.ndarray  # (h, w, 3) BGR uint8
    box: Box  # of the frame: what of it a map of this view covers
    place: str  # the same with all that is to be known of its geometry, for hashes
    kept: np.ndarray | None = None  # (h, w) bool over the box: what counts of it; None: all
    turn: np.ndarray | None = None  # (2, 3) float64: a pixel of the view -> the frame's; None: only moved
    quad: Quad | None = None  # its corners in the frame where it is turned

    def back(self, view_map: np.ndarray) -> np.ndarray:
        """(box.height, box.width) float32: a map (h, w) of this view as it lies in the frame."""
        if self.turn is not None:
            return turned_back(view_map, self.turn, self.box)
        return view_map if self.kept is None else view_map * self.kept


def views_of(region: Region, frame: np.ndarray) -> Iterator[View]:
    """The views of a region of frame (H, W, 3) BGR uint8, one at a time; none where its search area is an empty belt.

    Raises PictureError with the reason where the region cannot be judged: outside the picture, nothing to be seen, no
    code found.
    """
    height, width = frame.shape[:2]
    box = area_of(region, height, width)
    if refused := why_place_refused(frame, box):
        raise PictureError(refused)
    area = frame[box.y0 : box.y1, box.x0 : box.x1]
    if region.polygon is not None:
        return _in_polygon(region.polygon, box, area)
    if blind := why_blind(area):
        raise PictureError(blind)
    if region.tiles is not None:
        return _plain(frame, cut(box, region.tiles.size, region.tiles.overlap))
    if region.locate is not None:
        return _located(region.locate, box, frame)
    return _plain(frame, (box,))


def _plain(frame: np.ndarray, boxes: tuple[Box, ...]) -> Iterator[View]:
    if refused := why_size_refused(boxes[0].height, boxes[0].width):
        raise PictureError(refused)
    return (View(frame[box.y0 : box.y1, box.x0 : box.x1], box, _place(box)) for box in boxes)


def _in_polygon(polygon: tuple[Point, ...], box: Box, area: np.ndarray) -> Iterator[View]:
    if refused := why_size_refused(box.height, box.width):
        raise PictureError(refused)
    kept = _inside(polygon, box)
    pixels = area[kept]
    side = math.isqrt(len(pixels))
    # the fill shows what the inside shows, and no more: whether anything is to be seen is asked of the inside alone
    blind = why_blind(pixels[: side * side].reshape(side, side, 3)) if side else "the polygon holds no pixel"
    if blind:
        raise PictureError(blind)
    outline = ";".join(f"{point.x},{point.y}" for point in polygon)
    return iter((View(neutralised(area, kept), box, f"{_place(box)};{outline}", kept=kept),))


@lru_cache(maxsize=64)
def _inside(polygon: tuple[Point, ...], box: Box) -> np.ndarray:
    kept = inside(polygon, box)
    kept.setflags(write=False)
    return kept


def _located(locate: Locate, box: Box, frame: np.ndarray) -> Iterator[View]:
    area = frame[box.y0 : box.y1, box.x0 : box.x1]
    codes = find_codes(area, locate)
    if len(codes) < locate.count and (codes or locate.when_missing != "good" or not is_empty(area, locate)):
        found = f"{len(codes)} of {locate.count} printed codes" if codes else "no printed code"
        raise PictureError(f"{found} found in {_place(box)}")
    if len(codes) > CODES_MAX:
        raise PictureError(f"{len(codes)} printed codes found in one area, {CODES_MAX} are the most")
    return (_turned(frame, turn_of(code, side, box), side) for code in codes for side in (side_of(code, locate),))


def _turned(frame: np.ndarray, turn: np.ndarray, side: int) -> View:
    quad = corners(turn, side)
    box = box_around(quad, *frame.shape[:2])
    numbers = ",".join(f"{number:.4f}" for number in turn.ravel())
    return View(upright(frame, turn, side), box, f"{_place(box)};{side};{numbers}", turn=turn, quad=quad)


def _place(box: Box) -> str:
    return f"{box.x0},{box.y0},{box.x1},{box.y1}"
