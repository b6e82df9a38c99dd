"""The window's picture: each camera with its plate, its judged picture and its cover. Pure: arrays in, an array out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from detector.verdict import Box
from stream.desktop.alarms import Alarm, draw_alarms
from stream.desktop.lettering import Colour, lines_of, write, write_right
from stream.desktop.situation import Shown, Situation
from stream.number_words import span
from stream.outlines import OTHER_COLOUR, STATE_COLOURS
from stream.overlay import DEFECT_COLOUR, LINE_SHARE, tint
from stream.web.pictures import Arrived, PictureHeader

GROUND, WELL = (20, 17, 15), (40, 36, 32)  # BGR
WHITE, BLACK = (255, 255, 255), (0, 0, 0)
PLATES: dict[str, tuple[Colour, Colour]] = {  # ground, ink: as the page's
    "good": ((58, 116, 23), WHITE),
    "bad": ((30, 30, 200), WHITE),
    "unknown": ((22, 171, 247), BLACK),
    "stale": ((75, 68, 59), WHITE),
    "retrying": ((0, 29, 43), (22, 171, 247)),
    "waiting": ((86, 78, 70), WHITE),
    "ended": ((86, 78, 70), WHITE),
}
SHAPES = {"good": 64, "bad": 8, "unknown": 3}  # corners: a circle, an octagon, a triangle; all others a square
STRUCK = ("retrying",)  # through: nothing is inspected
PLATE_SHARE, GAP_PX = 0.13, 6


@dataclass(frozen=True)
class Card:
    """One camera as it is to be drawn."""

    name: str
    situation: Situation
    shown: Shown | None
    picture: np.ndarray | None  # (H, W, 3) BGR uint8, the overlay drawn in


def with_overlay(arrived: Arrived) -> np.ndarray:
    """The judged picture with its verdict drawn in, (H, W, 3) BGR uint8, of the size that was sent.

    Raises ValueError where the bytes are no pictures.
    """
    picture = _decoded(arrived.jpeg, cv2.IMREAD_COLOR)
    header = arrived.header
    scale = np.array([picture.shape[1] / max(1, header.width), picture.shape[0] / max(1, header.height)])
    if header.mask_box is not None and arrived.mask_png:
        box = _scaled(header.mask_box, scale)
        mask = _decoded(arrived.mask_png, cv2.IMREAD_GRAYSCALE)
        part = picture[max(0, box.y0) : box.y1, max(0, box.x0) : box.x1]
        if part.size:
            resized = cv2.resize(mask, (part.shape[1], part.shape[0]), interpolation=cv2.INTER_AREA)
            tint(part, (resized > 0).astype(np.uint8))
    thickness = max(1, round(max(picture.shape[:2]) * LINE_SHARE))
    _outlines(picture, header, scale, thickness)
    for defect in header.defects:
        box = _scaled(defect.box, scale)
        margin = 3 * thickness
        corners = (box.x0 - margin, box.y0 - margin), (box.x1 + margin, box.y1 + margin)
        cv2.rectangle(picture, *corners, DEFECT_COLOUR, thickness)
    return picture


def wall(cards: Sequence[Card], alarms: Sequence[Alarm], height: int, width: int, now_s: float) -> np.ndarray:
    """All cameras in a picture (height, width, 3) BGR uint8; `alarms` above them."""
    drawn = np.full((height, width, 3), GROUND, np.uint8)
    top = draw_alarms(drawn, alarms)
    columns = columns_of(len(cards), height - top, width)
    rows = math.ceil(len(cards) / columns)
    for place, card in enumerate(cards):
        row, column = divmod(place, columns)
        y0, y1 = (top + (height - top) * one // rows for one in (row, row + 1))
        x0, x1 = (width * one // columns for one in (column, column + 1))
        cell = drawn[y0 + GAP_PX : y1 - GAP_PX, x0 + GAP_PX : x1 - GAP_PX]
        if min(cell.shape[:2]) > 40:
            _card(cell, card, now_s)
    return drawn


def columns_of(count: int, height: int, width: int) -> int:
    """As many as make the smallest picture largest, for pictures of 16 to 9."""
    if not count:
        return 1
    return max(range(1, count + 1), key=lambda n: min(width / n / 16, height / math.ceil(count / n) / 10.5))


def _card(cell: np.ndarray, card: Card, now_s: float) -> None:
    ground, ink = PLATES[card.situation.kind]
    plate_px = max(28, round(min(cell.shape[0], cell.shape[1] * 0.6) * PLATE_SHARE))
    plate, well = cell[:plate_px], cell[plate_px:]
    plate[:] = ground
    side = round(plate_px * 0.36)
    centre = (plate_px // 2 + 4, plate_px // 2)
    _shape(plate, SHAPES.get(card.situation.kind, 4), centre, side, ink)
    if card.situation.kind in STRUCK:
        _strike(plate, centre, side // 2, ground)
    right = write(plate, card.situation.word, round(plate_px * 0.6), ink, plate_px + 8)
    small, least_x = max(11, round(plate_px * 0.3)), right + 12
    said = card.name if card.situation.covered else f"{card.name}  {card.situation.text}"  # else the cover says it
    for line in lines_of(said, small, plate.shape[1] - least_x - 10, 1):
        write_right(plate, line, small, ink, least_x)
    well[:] = WELL
    if card.picture is not None and well.size:
        _fit(well, card.picture)
    if card.situation.covered and well.size:
        _cover(well, card, (ground, ink), now_s)


def _cover(well: np.ndarray, card: Card, colours: tuple[Colour, Colour], now_s: float) -> None:
    """What lies below is hardly seen: nobody takes it for live."""
    ground, ink = colours
    well[:] = (well * 0.12 + np.array(ground) * 0.88).astype(np.uint8)
    size = max(18, min(well.shape[0] // 6, well.shape[1] // 10))
    write(well[: well.shape[0] // 2], card.situation.word, size, ink, size)
    last = (
        f"last: {card.shown.header.state} #{card.shown.header.seq}, {span(card.shown.age_s(now_s))} old"
        if card.shown
        else ""
    )
    below, small = well[well.shape[0] // 2 :], max(12, size // 3)
    said = (line for text in (card.situation.text, last) for line in lines_of(text, small, well.shape[1] - 2 * size, 4))
    for number, text in enumerate(said):
        if (top := round(number * small * 1.5)) + small < below.shape[0]:
            write(below[top:], text, small, ink, size, top=True)


def _outlines(picture: np.ndarray, header: PictureHeader, scale: np.ndarray, thickness: int) -> None:
    for outline in header.outlines:
        colour = STATE_COLOURS.get(outline.state, OTHER_COLOUR)
        quads = [(outline.corners, OTHER_COLOUR if outline.searched else colour)]
        for corners, ink in [*quads, *((found, colour) for found in outline.found)]:
            points = np.rint(np.array(corners, np.float64) * scale).clip(-(1 << 15), 1 << 15).astype(np.int32)
            cv2.polylines(picture, [points], isClosed=True, color=ink, thickness=2 * thickness)


def _shape(plate: np.ndarray, corners: int, centre: tuple[int, int], side: int, ink: Colour) -> None:
    """Told apart without colour, as on the page."""
    start = {8: math.pi / 8, 4: math.pi / 4, 3: -math.pi / 2}.get(corners, 0.0)
    turns = start + np.arange(corners) * 2 * math.pi / corners
    points = np.rint(np.stack([np.cos(turns), np.sin(turns)], 1) * side + centre).astype(np.int32)
    cv2.fillPoly(plate, [points], ink, lineType=cv2.LINE_AA)


def _strike(plate: np.ndarray, centre: tuple[int, int], reach: int, ink: Colour) -> None:
    low, high = (centre[0] - reach, centre[1] + reach), (centre[0] + reach, centre[1] - reach)
    cv2.line(plate, low, high, ink, max(2, reach // 3), cv2.LINE_AA)


def _fit(well: np.ndarray, picture: np.ndarray) -> None:
    """Its shape kept, in the middle."""
    scale = min(well.shape[1] / picture.shape[1], well.shape[0] / picture.shape[0])
    width, height = (max(1, int(side * scale)) for side in (picture.shape[1], picture.shape[0]))
    x, y = (well.shape[1] - width) // 2, (well.shape[0] - height) // 2
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    well[y : y + height, x : x + width] = cv2.resize(picture, (width, height), interpolation=way)


def _scaled(box: Sequence[int], scale: np.ndarray) -> Box:
    x0, y0 = np.floor(np.array(box[:2]) * scale).astype(int)
    x1, y1 = np.ceil(np.array(box[2:]) * scale).astype(int)
    return Box(int(x0), int(y0), int(x1), int(y1))


def _decoded(content: bytes, way: int) -> np.ndarray:
    picture = cv2.imdecode(np.frombuffer(content, np.uint8), way) if content else None
    if picture is None:
        raise ValueError("what came is no picture")
    return picture
