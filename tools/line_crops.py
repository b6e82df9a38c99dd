"""Labelled crops as the line sees them: the judged square of a drawn belt, through H.264. No files."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from detector.verdict import State
from stream.sources.synthetic.belt import Belt
from stream.sources.synthetic.camera import through_jpeg
from stream.sources.synthetic.crop import Crop
from stream.sources.synthetic.looks import random_look, usual_look
from stream.sources.synthetic.parts import SCRATCH_KINDS, PartMaker, random_part
from stream.sources.synthetic.sprites import SPRITE_PX
from stream.sources.synthetic.visibility import mask_of, state_of

from .films import decode, encode

PARTS = 6  # on one drawn belt
FRAMES_PER_PART = 20
EMPTY_SHARE = 0.12  # of a belt's GOOD crops, at most
DARK_BELT_SHARE = 0.35  # of belts look like the one that the demo watches


@dataclass(frozen=True)
class LineCrop:
    """A labelled crop, with the part it shows, -1 where the belt is empty."""

    crop: Crop
    part: int


def line_crops(
    seed: int,
    unit: int,
    fonts: tuple[Path, ...],
    per_state: int,
    kinds: tuple[str, ...] = SCRATCH_KINDS,
    part: PartMaker = random_part,
) -> list[LineCrop]:
    """At most `per_state` GOOD and as many BAD crops of one short film of one belt."""
    rng = np.random.default_rng([seed, 77, unit])
    belt = _belt(rng, fonts, kinds, part)
    frames = _frames(belt)
    labels = [_label(belt, seq) for seq in range(frames)]
    chosen = sorted(_choose(rng, labels, State.GOOD, per_state) + _choose(rng, labels, State.BAD, per_state))
    return [_cut(belt, seq, picture, labels[seq]) for seq, picture in _filmed(rng, belt, frames, set(chosen))]


def still_crops(seed: int, unit: int, fonts: tuple[Path, ...]) -> list[Crop]:
    """Crops of one belt as single pictures, not filmed: each part once or twice, so that many parts are seen."""
    rng = np.random.default_rng([seed, 78, unit])
    belt = _belt(rng, fonts, SCRATCH_KINDS, random_part)
    crops = []
    for part in belt.parts(0, (PARTS + 1) * FRAMES_PER_PART):
        for seq in {int(s) for s in rng.integers(part.first_seq, part.last_seq + 1, 2)}:
            label = _label(belt, seq)
            if label.state is State.UNKNOWN:
                continue
            picture = belt.frame(seq)
            if rng.random() < 0.8:
                picture = through_jpeg(picture, int(rng.integers(35, 96)))
            crops.append(_cut(belt, seq, picture, label).crop)
    return crops


@dataclass(frozen=True)
class _Label:
    state: State
    part: int
    text: str
    kind: str | None


def _belt(rng: np.random.Generator, fonts: tuple[Path, ...], kinds: tuple[str, ...], part: PartMaker) -> Belt:
    look = replace(random_look(rng, fonts, part), kinds=kinds)
    if rng.random() < DARK_BELT_SHARE:
        usual = usual_look(int(rng.integers(1 << 30)))
        look = replace(
            usual, fonts=fonts, kinds=kinds, part=part, exposure_px=look.exposure_px, defocus_px=look.defocus_px
        )
        if usual.one_kind is not None:
            font = fonts[rng.integers(len(fonts))]
            print_like = replace(usual.one_kind.code, font=font)
            look = replace(look, one_kind=replace(usual.one_kind, code=print_like))
    side = int(rng.integers(150, 201)) * 2
    pitch = SPRITE_PX + side + 160
    look = replace(look, speed_px_s=25.0 * pitch / FRAMES_PER_PART)
    size = side + 16
    seed = int(rng.integers(1 << 31))
    return Belt(size, size, 25.0, seed, scratched_share=0.6, look=look, region_px=side)


def _frames(belt: Belt) -> int:
    return (PARTS + 1) * FRAMES_PER_PART


def _label(belt: Belt, seq: int) -> _Label:
    inside = belt.parts(seq, seq)
    text = inside[0].text if inside else ""
    state = state_of(belt.change(seq))
    kind = inside[0].kind if inside and state is State.BAD else None
    return _Label(state, inside[0].part if inside else -1, text, kind)


def _choose(rng: np.random.Generator, labels: list[_Label], state: State, count: int) -> list[int]:
    seqs = [seq for seq, label in enumerate(labels) if label.state is state]
    empty = [seq for seq in seqs if labels[seq].part < 0]
    shown = [seq for seq in seqs if labels[seq].part >= 0]
    few_empty = list(rng.permutation(empty)[: max(1, round(count * EMPTY_SHARE))]) if empty else []
    return [int(s) for s in [*few_empty, *rng.permutation(shown)][:count]]


def _filmed(rng: np.random.Generator, belt: Belt, frames: int, wanted: set[int]) -> Iterator[tuple[int, np.ndarray]]:
    film = io.BytesIO()
    encode((belt.frame(seq) for seq in range(frames)), film, fps=belt.fps, crf=int(rng.integers(17, 33)))
    film.seek(0)
    for seq, picture in enumerate(decode(film)):
        if seq in wanted:
            yield seq, picture


def _cut(belt: Belt, seq: int, picture: np.ndarray, label: _Label) -> LineCrop:
    box = belt.region
    seen = np.ascontiguousarray(picture[box.y0 : box.y1, box.x0 : box.x1])
    mask = mask_of(belt.change(seq)) if label.state is State.BAD else np.zeros(seen.shape[:2], np.uint8)
    return LineCrop(Crop(seen, mask, label.state, label.text, label.kind), label.part)
