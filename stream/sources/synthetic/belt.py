"""A belt of parts that moves past a camera: each frame a pure function of (settings, seed, seq).

Parts and background are drawn once and pasted, so that a frame costs little more than its copy.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np

from detector.verdict import Box, State

from .background import NOISE_MARGIN, TILE_PX, background, noise
from .looks import BeltLook, usual_look
from .sprites import SPRITE_PX, Sprite, draw_sprite
from .truth import PartTruth, RecordingTruth
from .visibility import BAD_SHARE, SEEN_GREY, state_of

REGION_PX = 400
GAP_PX = (60, 160)  # between two parts, beyond the region's own width: the belt is empty in between
ANY_SCRATCH_GREY = SEEN_GREY // 2  # less of a difference than this counts as no scratch at all
TRIES = 25


class Belt:
    """An endless, seeded line. Two belts made alike show the same pictures, whichever seqs were asked before."""

    def __init__(
        self,
        width: int = 1280,
        height: int = 720,
        fps: float = 25.0,
        seed: int = 0,
        scratched_share: float = 0.35,
        *,
        look: BeltLook | None = None,
        region_px: int = REGION_PX,
    ) -> None:
        self.width, self.height, self.fps, self.seed = width, height, fps, seed
        self.scratched_share = scratched_share
        self.look = look or usual_look(seed)
        side = min(region_px, width, height)
        x0, y0 = (width - side) // 2, (height - side) // 2
        self.region = Box(x0, y0, x0 + side, y0 + side)
        self._step_px = self.look.speed_px_s / fps
        self._pitch_px = SPRITE_PX + side + GAP_PX[1]
        self._ground = background(np.random.default_rng([seed, 0]), self.look, height, width)
        self._noise = noise(np.random.default_rng([seed, 2]), self.look.noise_grey, height, width)
        self._sprite = functools.lru_cache(maxsize=32)(self._draw_sprite)

    def frame(self, seq: int) -> np.ndarray:
        """The picture of that seq: (H, W, 3) uint8 BGR, the caller's own."""
        picture = self._empty(seq)
        for part in self._parts_in_view(seq):
            self._paste(picture, self._sprite(part), self._left(part, seq))
        dx, dy = (seq * 37) % NOISE_MARGIN, (seq * 23) % NOISE_MARGIN
        grain = self._noise[dy : dy + self.height, dx : dx + self.width]
        return cv2.add(picture, grain, dst=picture)

    def change(self, seq: int) -> np.ndarray:
        """(h, w) uint8 over the region: the grey values by which scratches change the picture of that seq."""
        change = np.zeros((self.height, self.width), np.uint8)
        for part in self._parts_in_view(seq):
            sprite = self._sprite(part)
            target, source = self._overlap(sprite.top, self._left(part, seq))
            np.maximum(change[target], sprite.change[source], out=change[target])
        box = self.region
        return change[box.y0 : box.y1, box.x0 : box.x1]

    def parts(self, first_seq: int, last_seq: int) -> tuple[PartTruth, ...]:
        """The truth of each part with a frame in [first_seq, last_seq], in order; spans are not cut to it."""
        first_part = self._first_part_past(first_seq)
        found = []
        for part in self._part_numbers(first_part):
            if self._left_edge_enters(part) > last_seq:
                break
            truth = self._truth(part)
            if truth is not None and truth.first_seq <= last_seq and truth.last_seq >= first_seq:
                found.append(truth)
        return tuple(found)

    def truth(self, frames: int) -> RecordingTruth:
        """The truth of the recording of seqs 0 to frames - 1; spans are cut to it."""
        parts = tuple(_cut(part, frames - 1) for part in self.parts(0, frames - 1))
        return RecordingTruth(self.fps, frames, self.region, self.seed, parts)

    # Where things are.

    def _travel_px(self, seq: int) -> int:
        return int(seq * self._step_px)

    def _start_px(self, part: int) -> int:
        """How far the belt has moved when this part's sprite begins to enter the picture."""
        jitter = np.random.default_rng([self.seed, 4, part]).integers(0, GAP_PX[1] - GAP_PX[0])
        return part * self._pitch_px + int(jitter)

    def _left(self, part: int, seq: int) -> int:
        """Column of the picture at which the part's sprite begins."""
        return self._travel_px(seq) - self._start_px(part) - SPRITE_PX

    def _first_part_past(self, seq: int) -> int:
        """The first part that has not wholly left the picture at that seq."""
        gone = self._travel_px(seq) - self.width - SPRITE_PX - GAP_PX[1]
        return max(0, gone // self._pitch_px)

    def _part_numbers(self, first: int) -> Iterator[int]:
        while True:
            yield first
            first += 1

    def _parts_in_view(self, seq: int) -> Iterator[int]:
        for part in self._part_numbers(self._first_part_past(seq)):
            left = self._left(part, seq)
            if left + SPRITE_PX <= 0:
                return
            if left < self.width:
                yield part

    def _left_edge_enters(self, part: int) -> int:
        """The first seq at which the part's sprite reaches the region."""
        return int((self._start_px(part) + self.region.x0) / self._step_px)

    # Pixels.

    def _empty(self, seq: int) -> np.ndarray:
        start = TILE_PX - 1 - self._travel_px(seq) % TILE_PX
        return self._ground[:, start : start + self.width].copy()

    def _overlap(self, top: int, left: int) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
        """(slices of the picture, slices of the sprite) where the two meet."""
        x0, x1 = max(0, left), min(self.width, left + SPRITE_PX)
        y0, y1 = max(0, top), min(self.height, top + SPRITE_PX)
        target = (slice(y0, max(y0, y1)), slice(x0, max(x0, x1)))
        source = (slice(y0 - top, max(y0, y1) - top), slice(x0 - left, max(x0, x1) - left))
        return target, source

    def _paste(self, picture: np.ndarray, sprite: Sprite, left: int) -> None:
        target, source = self._overlap(sprite.top, left)
        if picture[target].size:
            dimmed = cv2.multiply(picture[target], sprite.keep[source], scale=1 / 255)
            picture[target] = cv2.add(dimmed, sprite.paint[source])

    def _draw_sprite(self, part: int) -> Sprite:
        rng = np.random.default_rng([self.seed, 1, part])
        wanted = rng.random() < self.scratched_share
        top = (self.height - SPRITE_PX) // 2 + int(rng.integers(-35, 36))
        for _ in range(TRIES):
            sprite = draw_sprite(rng, self.look, wanted, top)
            if not wanted or self._plain(sprite):
                return sprite
        raise RuntimeError(f"part {part} of seed {self.seed}: no visible scratch came out of {TRIES} drawings")

    def _rows(self, sprite: Sprite) -> np.ndarray:
        """The rows of the sprite's change that pass through the region."""
        return sprite.change[max(0, self.region.y0 - sprite.top) : max(0, self.region.y1 - sprite.top)]

    def _plain(self, sprite: Sprite) -> bool:
        """Whether the sprite's scratch, whole, is BAD by half as much again as the rule asks."""
        passing = self._rows(sprite)
        seen = passing[passing >= SEEN_GREY].sum() / 255
        return bool(seen >= 1.5 * BAD_SHARE * self.region.width)

    def _truth(self, part: int) -> PartTruth | None:
        sprite = self._sprite(part)
        rows = slice(max(0, self.region.y0 - sprite.top), max(0, self.region.y1 - sprite.top))
        shown = sprite.change >= ANY_SCRATCH_GREY if sprite.kind else sprite.cover
        columns = np.flatnonzero(shown[rows].any(axis=0))
        if len(columns) == 0:
            return None
        seqs = self._seqs_inside(part, int(columns[0]), int(columns[-1]))
        if not seqs:
            return None
        must = [seq for seq in seqs if self._is_bad(part, sprite, seq)] if sprite.kind else []
        return PartTruth(
            part=part,
            text=sprite.text,
            scratched=sprite.kind is not None,
            first_seq=seqs[0],
            last_seq=seqs[-1],
            kind=sprite.kind,
            must_first_seq=must[0] if must else None,
            must_last_seq=must[-1] if must else None,
        )

    def _seqs_inside(self, part: int, first_column: int, last_column: int) -> range:
        """The seqs at which columns first_column..last_column of the sprite meet the region."""
        seq = max(0, self._left_edge_enters(part) - 1)
        while self._left(part, seq) + last_column < self.region.x0:
            seq += 1
        end = seq
        while self._left(part, end) + first_column < self.region.x1:
            end += 1
        return range(seq, end)

    def _is_bad(self, part: int, sprite: Sprite, seq: int) -> bool:
        box, left = self.region, self._left(part, seq)
        passing = self._rows(sprite)[:, max(0, box.x0 - left) : max(0, box.x1 - left)]
        inside = np.zeros((box.height, box.width), np.uint8)
        inside[: passing.shape[0], : passing.shape[1]] = passing
        return state_of(inside) is State.BAD


def _cut(part: PartTruth, last_seq: int) -> PartTruth:
    must_first, must_last = part.must_first_seq, part.must_last_seq
    if must_first is not None and must_first > last_seq:
        must_first = must_last = None
    elif must_last is not None:
        must_last = min(must_last, last_seq)
    return replace(part, last_seq=min(part.last_seq, last_seq), must_first_seq=must_first, must_last_seq=must_last)
