"""Overlapping tiles: where they lie, and maps of them put together without a seam. Pure.

Where tiles overlap, the highest probability stands: what one tile saw whole another may have cut off at its edge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from detector.verdict import Box

TILES_MAX = 4096  # of one region


@dataclass(frozen=True)
class Piece:
    """A map of a part of the picture."""

    box: Box  # where it lies
    probability: np.ndarray  # (h, w) float32, 0..1
    owner: int  # the number of the region that it was judged for


@dataclass(frozen=True)
class Stitched:
    """Pieces put together over the smallest rectangle that holds them all."""

    box: Box
    probability: np.ndarray  # (h, w) float32; 0 where no piece lies
    owners: np.ndarray  # (h, w) int16: whose piece the value is from; -1 where none lies


def cut(box: Box, size: int, overlap: int) -> tuple[Box, ...]:
    """Squares of `size` that cover the box, by rows; each has at least `overlap` pixels in common with the next.

    All lie inside the box: the last of a row or column is moved back to its edge, so that none is judged at another
    scale. Where the box is smaller than a tile, the tile is as small as the box.
    """
    across, down = _starts(box.width, size, overlap), _starts(box.height, size, overlap)
    wide, high = min(size, box.width), min(size, box.height)
    return tuple(Box(box.x0 + x, box.y0 + y, box.x0 + x + wide, box.y0 + y + high) for y in down for x in across)


def count(box: Box, size: int, overlap: int) -> int:
    """How many tiles `cut` gives."""
    return len(_starts(box.width, size, overlap)) * len(_starts(box.height, size, overlap))


def _starts(length: int, size: int, overlap: int) -> tuple[int, ...]:
    last = max(0, length - size)
    return (*range(0, last, size - overlap), last)


def leads_into(piece: Piece, box: Box, threshold: float) -> bool:
    """Whether what is marked in the piece (above the threshold) reaches an edge of it beyond which the box goes on."""
    one, marked = piece.box, piece.probability
    rows = slice(max(0, box.y0 - one.y0), max(0, box.y1 - one.y0))
    columns = slice(max(0, box.x0 - one.x0), max(0, box.x1 - one.x0))
    sides = (
        (box.x0 <= one.x1 < box.x1, marked[rows, -1]),
        (box.x0 < one.x0 <= box.x1, marked[rows, 0]),
        (box.y0 <= one.y1 < box.y1, marked[-1, columns]),
        (box.y0 < one.y0 <= box.y1, marked[0, columns]),
    )
    return any(beyond and bool((edge > threshold).any()) for beyond, edge in sides)


def stitch(pieces: Sequence[Piece]) -> Stitched:
    """The pieces, of which there is at least one, as one map. Of equal values the first piece's stands."""
    box = Box(
        min(piece.box.x0 for piece in pieces),
        min(piece.box.y0 for piece in pieces),
        max(piece.box.x1 for piece in pieces),
        max(piece.box.y1 for piece in pieces),
    )
    probability = np.zeros((box.height, box.width), np.float32)
    owners = np.full((box.height, box.width), -1, np.int16)
    for piece in pieces:
        at = piece.box
        window = np.s_[at.y0 - box.y0 : at.y1 - box.y0, at.x0 - box.x0 : at.x1 - box.x0]
        higher = (piece.probability > probability[window]) | (owners[window] < 0)
        probability[window] = np.where(higher, piece.probability, probability[window])
        owners[window] = np.where(higher, np.int16(piece.owner), owners[window])
    return Stitched(box, probability, owners)
