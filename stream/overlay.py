"""A judged picture with its verdict drawn in: mask, defects, region, state. Pure; never touches the picture given."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import cv2
import numpy as np

from detector.regions import Where
from detector.verdict import Box
from stream.messages import DefectRecord, RegionRecord, VerdictRecord
from stream.outlines import OTHER_COLOUR, STATE_COLOURS, draw_regions
from stream.wire import unpack_mask

MASK_COLOUR = (0, 0, 255)  # BGR, as in the reference pipeline
INK_ON_STATE = {"GOOD": (255, 255, 255), "BAD": (255, 255, 255), "UNKNOWN": (0, 0, 0)}
DEFECT_COLOUR = (0, 255, 255)  # yellow: seen on near black and on near white
LABEL_SHARE = 0.065  # letter size of the state, as a share of the picture's shorter side
LABEL_MIN_PX, LABEL_MAX_PX = 12, 200
LINE_SHARE = 1 / 480  # a line of a picture scaled down to 480 px is still one pixel wide
MARGIN_PX = 3  # between a defect and its box, so that the box does not hide it


def draw_verdict(picture: np.ndarray, verdict: VerdictRecord, where: Where, *, label: str | None = None) -> np.ndarray:
    """`draw_overlay` for a verdict as it travels. Raises WireError where its mask does not fit the picture."""
    mask = None if verdict.mask is None else unpack_mask(verdict.mask, *picture.shape[:2])
    return draw_overlay(picture, verdict.state, verdict.defects, mask, where, label=label, judged=verdict.regions)


def label_of(state: str, part: str) -> str:
    """What stands in the picture: the state, and the part that it is a picture of, where one was announced."""
    return f"{state}  {part}" if part else state


def draw_overlay(
    picture: np.ndarray,
    state: str,
    defects: Iterable[DefectRecord],
    mask: np.ndarray | None,
    where: Where,
    *,
    alpha: float = 0.4,
    label: str | None = None,
    judged: Sequence[RegionRecord] = (),
) -> np.ndarray:
    """A new picture (H, W, 3) BGR uint8: red mask, yellow defect boxes, the region in the state's colour, the state.

    `mask` is (H, W) uint8 0/1. `label` None writes the state itself, an empty one nothing. It stands in the lower left.
    Named regions have each a thinner outline, in the colour of what was `judged` of it.
    """
    drawn = picture.copy()
    if mask is not None:
        tint(drawn, mask, alpha)
    thickness = max(1, round(max(drawn.shape[:2]) * LINE_SHARE))
    for defect in defects:
        _rectangle(drawn, _grown(Box(*defect.box), MARGIN_PX * thickness), DEFECT_COLOUR, thickness)
    if isinstance(where, tuple):
        draw_regions(drawn, where, judged, thickness)
    elif where is not None:
        _rectangle(drawn, where, STATE_COLOURS.get(state, OTHER_COLOUR), 2 * thickness)
    _write(drawn, state if label is None else label, state)
    return drawn


def tint(picture: np.ndarray, mask: np.ndarray, alpha: float = 0.4) -> None:
    """Blends the mask's red into the picture, in place: (1 - alpha) of the picture, alpha of red."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if rows.size == 0:
        return
    part = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    set_here = mask[part].astype(bool)
    blended = picture[part][set_here] * (1 - alpha) + np.array(MASK_COLOUR) * alpha
    picture[part][set_here] = np.rint(blended).astype(np.uint8)


def scale_to_width(picture: np.ndarray, width_px: int) -> np.ndarray:
    """The picture, at most `width_px` wide, its shape kept; never made larger."""
    height, width = picture.shape[:2]
    if width <= width_px:
        return picture
    return cv2.resize(picture, (width_px, max(1, round(height * width_px / width))), interpolation=cv2.INTER_AREA)


def encode_jpeg(picture: np.ndarray, quality: int) -> bytes:
    """The picture's JPEG. Raises ValueError where it has no pixels or too many for the format."""
    try:
        done, encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    except cv2.error as error:
        raise ValueError(f"a picture of {picture.shape} cannot become a JPEG: {error.err}") from error
    if not done:
        raise ValueError(f"a picture of {picture.shape} cannot become a JPEG; its sides are 1 to 65,535 px")
    return encoded.tobytes()


def _grown(box: Box, margin: int) -> Box:
    return Box(box.x0 - margin, box.y0 - margin, box.x1 + margin, box.y1 + margin)


def _rectangle(picture: np.ndarray, box: Box, colour: tuple[int, int, int], thickness: int) -> None:
    """The box's outline, moved to the picture's edge where the box reaches beyond."""
    height, width = picture.shape[:2]
    x0, y0 = min(max(box.x0, 0), width - 1), min(max(box.y0, 0), height - 1)
    x1, y1 = min(max(box.x1, 1), width) - 1, min(max(box.y1, 1), height) - 1
    cv2.rectangle(picture, (x0, y0), (x1, y1), colour, thickness)


def _write(picture: np.ndarray, text: str, state: str) -> None:
    height, width = picture.shape[:2]
    size = round(min(max(min(height, width) * LABEL_SHARE, LABEL_MIN_PX), LABEL_MAX_PX))
    if not text or height < 2 * size or width < 2 * size:
        return
    font, margin = cv2.FontFace("sans"), size // 2
    x, y, text_width, text_height = cv2.getTextSize((width, height), text, (0, 0), font, size, 700)
    top, right = max(0, height - text_height - 2 * margin), min(width, text_width + 2 * margin)
    cv2.rectangle(picture, (0, top), (right - 1, height - 1), STATE_COLOURS.get(state, OTHER_COLOUR), cv2.FILLED)
    ink = INK_ON_STATE.get(state, (255, 255, 255))
    cv2.putText(picture, text, (margin - x, height - margin - text_height - y), ink, font, size, 700)
