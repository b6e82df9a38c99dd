"""One frame as viewers get it: looked at, scaled, encoded, with its mask and outlines. Keeps nothing.

Those who wish alike share one encoding.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from detector.regions import Where
from stream.messages import FrameRef, Judged
from stream.overlay import draw_verdict, encode_jpeg, label_of
from stream.web.layers import mask_png, shrunk
from stream.web.pictures import Picture, Wish, outlines_of
from stream.wire import unpack_mask


class Views(Protocol):
    """Where the pixels of judged frames are seen: the ring (NearViews), or its capture on another host (FarViews)."""

    def seen(self, frame: FrameRef) -> AbstractContextManager[np.ndarray]: ...
    def ours(self, judged: Judged) -> Judged: ...
    def close(self) -> None: ...


@dataclass(frozen=True)
class Painted:
    """One frame as everybody wants it, and what that took of a processor."""

    pictures: tuple[Picture, ...]
    work_s: float


def is_little(frame: FrameRef, wishes: Iterable[Wish], most_px: int) -> bool:
    """Whether to paint the frame takes so little that others may wait for it."""
    wished = tuple(wishes)
    return not any(wish.drawn for wish in wished) and frame.height * frame.width * len(wished) <= most_px


def paint(judged: Judged, views: Views, where: Where, quality: int, wishes: Iterable[Wish]) -> Painted:
    """The very frame that was judged, as it is wished for.

    Raises TornError where the slot holds another picture by now, WireError or ValueError where it cannot be shown.
    """
    began_s = time.thread_time()
    frame, verdict = judged.frame, judged.verdict
    if min(frame.height, frame.width) < 1:
        raise ValueError(f"a picture of {frame.width} x {frame.height} px")
    mask = None if verdict.mask is None else unpack_mask(verdict.mask, frame.height, frame.width)
    layer = b"" if mask is None or verdict.mask is None else mask_png(_inside(mask, verdict.mask.box))
    outlines = outlines_of(verdict, where, frame.height, frame.width)
    with views.seen(frame) as pixels:
        encoded = {same: _encoded(pixels, judged, where, quality, same) for same in {_within(frame, w) for w in wishes}}
    ours = views.ours(judged)
    pictures = (Picture(ours, w, encoded[_within(frame, w)], b"" if w.drawn else layer, outlines) for w in wishes)
    return Painted(tuple(pictures), time.thread_time() - began_s)


def _within(frame: FrameRef, wish: Wish) -> Wish:
    """The same, no wider than the frame."""
    return wish if wish.width_px <= frame.width else Wish(frame.width, wish.drawn)


def _encoded(pixels: np.ndarray, judged: Judged, where: Where, quality: int, wish: Wish) -> bytes:
    if wish.drawn:
        label = label_of(judged.verdict.state, judged.frame.part)
        pixels = draw_verdict(pixels, judged.verdict, where, label=label)
    return encode_jpeg(shrunk(pixels, wish.width_px), quality)


def _inside(mask: np.ndarray, box: tuple[int, int, int, int]) -> np.ndarray:
    return mask[box[1] : box[3], box[0] : box[2]]
