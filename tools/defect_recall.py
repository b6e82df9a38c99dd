"""Recall by defect: the pieces of a true mask, their size and contrast, and how many of each class were found. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from detector.intervals import Share, share

SIZES_PX = (1, 16, 64, 256, 1024)  # lower ends of the classes, in pixels of the piece
CONTRASTS = (0.0, 0.05, 0.1, 0.2, 0.4)  # lower ends, as a share of full range
GAP_PX, RING_PX = 1, 4  # the ring begins so far from the piece (its blurred edge is neither), and is so wide


@dataclass(frozen=True)
class Piece:
    """One connected piece of a true mask, and whether the judgement found it."""

    area_px: int
    contrast: float  # 0..1, of full range; NaN where the piece has no surrounding left
    found: bool  # the picture is BAD and the judged mask touches the piece
    group: str
    kind: str = ""


@dataclass(frozen=True)
class Row:
    """A class of defects and the share of it that was found."""

    name: str
    found: Share


def pieces(picture: np.ndarray, mask: np.ndarray, judged: np.ndarray | None, group: str, kind: str) -> list[Piece]:
    """The 8-connected pieces of mask (H, W) uint8 0/1 over picture (H, W, 3) BGR uint8.

    judged: (H, W) uint8 0/1, the mask of a picture that was judged BAD; None where it was not.
    """
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8, ltype=cv2.CV_32S)
    touched = np.zeros(count, bool)
    if judged is not None:
        touched[np.unique(labels[judged > 0])] = True
    listed = []
    for label in range(1, count):
        window = _around(stats[label], mask.shape)
        contrast = contrast_of(grey[window], labels[window] == label, mask[window] > 0)
        listed.append(Piece(int(stats[label, cv2.CC_STAT_AREA]), contrast, bool(touched[label]), group, kind))
    return listed


def contrast_of(grey: np.ndarray, piece: np.ndarray, marked: np.ndarray) -> float:
    """How far the mean grey of a piece is from that of the ring around it, as a share of full range.

    grey (h, w) uint8; piece, marked (h, w) bool, marked also holding the other pieces, which the ring leaves out. A
    defect that is bright on ink and dark on paper counts by the mean, and so as fainter than it looks.
    """
    outer = cv2.dilate(piece.astype(np.uint8), _disc(GAP_PX + RING_PX)) > 0
    inner = cv2.dilate(piece.astype(np.uint8), _disc(GAP_PX)) > 0
    ring = outer & ~inner & ~marked
    if not ring.any():
        return float("nan")
    return abs(float(grey[piece].mean()) - float(grey[ring].mean())) / 255.0


def by_size(every: Iterable[Piece]) -> tuple[Row, ...]:
    """A row for each class of size."""
    return _classes(every, SIZES_PX, lambda piece: float(piece.area_px), _size_name)


def by_contrast(every: Iterable[Piece]) -> tuple[Row, ...]:
    """A row for each class of contrast; pieces without a surrounding are in none."""
    return _classes(every, CONTRASTS, lambda piece: piece.contrast, _contrast_name)


def by_kind(kinds: Sequence[str], found: Sequence[bool], groups: Sequence[str]) -> tuple[Row, ...]:
    """A row for each kind that is named, in the order of the alphabet; of defects, pictures or parts alike."""
    kind, hits, group = np.asarray(kinds, dtype=str), np.asarray(found, dtype=bool), np.asarray(groups, dtype=str)
    return tuple(Row(name, share(hits[kind == name], group[kind == name])) for name in sorted(set(kinds) - {""}))


def _classes(
    every: Iterable[Piece],
    ends: tuple[float, ...],
    value: Callable[[Piece], float],
    name: Callable[[float, float | None], str],
) -> tuple[Row, ...]:
    every = list(every)
    rows = []
    for low, high in zip(ends, (*ends[1:], None), strict=True):
        inside = [piece for piece in every if low <= value(piece) and (high is None or value(piece) < high)]
        rows.append(Row(name(low, high), _found(inside)))
    return tuple(rows)


def _found(some: list[Piece]) -> Share:
    return share(np.array([piece.found for piece in some], bool), [piece.group for piece in some])


def _size_name(low: float, high: float | None) -> str:
    return f"{low:g} px and more" if high is None else f"{low:g} to {high - 1:g} px"


def _contrast_name(low: float, high: float | None) -> str:
    return f"{low:.0%} and more" if high is None else f"{low:.0%} to {high:.0%}"


def _around(stats: np.ndarray, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """The piece's box with room for its ring, inside the picture."""
    left, top, width, height = (int(n) for n in stats[:4])
    room = GAP_PX + RING_PX + 1
    return (
        slice(max(0, top - room), min(shape[0], top + height + room)),
        slice(max(0, left - room), min(shape[1], left + width + room)),
    )


def _disc(radius_px: int) -> np.ndarray:
    side = 2 * radius_px + 1
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
