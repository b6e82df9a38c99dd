"""Pictures of one code, cropped tight, as a data folder holds them. Pure; the line's own view comes from belt.py."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from detector.verdict import State

from .camera import Lens, random_lens, random_sensor, seen_aslant, through_lens, through_sensor, tilted, vignette
from .fields import Rng
from .parts import SCRATCH_KINDS, PartLook, PartMaker, ScratchLook, draw_part, random_part, random_scratch
from .plates import corner
from .surfaces import surface
from .visibility import change_between, mask_of, state_of

SIDE_PX = (100, 331)  # of a tight crop; half open
TRIES = 40


@dataclass(frozen=True)
class Crop:
    """One labelled picture."""

    picture: np.ndarray  # (H, W, 3) uint8 BGR
    mask: np.ndarray  # (H, W) uint8 0/1: the seen pixels of the scratch
    state: State  # by the rule in visibility.py
    text: str
    kind: str | None  # of scratch


def tight_crop(
    rng: Rng,
    fonts: tuple[Path, ...],
    state: State,
    kinds: tuple[str, ...] = SCRATCH_KINDS,
    part: PartMaker = random_part,
) -> Crop:
    """A crop of that state (GOOD or BAD), 100 to 330 px a side, of any code, surface, light and camera.

    Raises RuntimeError where none came out, which so many tries make next to impossible.
    """
    for _ in range(TRIES):
        crop = _any_crop(rng, fonts, part, scratch=random_scratch(rng, kinds) if state is State.BAD else None)
        if crop.state is state:
            return crop
    raise RuntimeError(f"no {state.value} crop came out of {TRIES} drawings")


def _any_crop(rng: Rng, fonts: tuple[Path, ...], part: PartMaker, scratch: ScratchLook | None) -> Crop:
    height, width, centre, look = _framing(rng, fonts, part)
    drawn = draw_part(rng, look, scratch, height, width, centre)
    clean, marked = drawn.clean, drawn.scratched
    if rng.random() < 0.4:
        clean, marked = _past_the_edge(rng, height, width, look, clean, marked)
    if rng.random() < 0.3:
        view = tilted(rng, height, width)
        clean, marked = seen_aslant(clean, view), seen_aslant(marked, view)
    lens, light = random_lens(rng, max(height, width)), vignette(rng, height, width)
    seen = through_lens(marked * light, lens)
    change = _change(clean * light, seen, lens) if scratch else np.zeros((height, width), np.uint8)
    picture = through_sensor(rng, seen, random_sensor(rng))
    kind = scratch.kind if scratch else None
    return Crop(picture, mask_of(change), state_of(change), look.code.text, kind)


def _framing(rng: Rng, fonts: tuple[Path, ...], part: PartMaker) -> tuple[int, int, tuple[float, float], PartLook]:
    """(height, width, the code's middle, the part): the code fills most of the crop, and may be cut off."""
    width = int(rng.integers(*SIDE_PX))
    height = int(np.clip(width * rng.uniform(0.7, 1.4), SIDE_PX[0], SIDE_PX[1] - 1))
    look = part(rng, fonts, (0.55 * min(height, width), 1.05 * max(height, width)))
    away = 0.25 if rng.random() < 0.2 else 0.06
    centre = (width * (0.5 + rng.normal(0, away)), height * (0.5 + rng.normal(0, away)))
    if rng.random() < 0.03:
        look = replace(look, code=replace(look.code, opacity=0.0))
    return height, width, centre, look


def _past_the_edge(
    rng: Rng, height: int, width: int, look: PartLook, clean: np.ndarray, marked: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Both pictures with what lies beyond the part, mostly dark, in a corner or along a side."""
    on_part = corner(rng, height, width)[:, :, None]
    level = rng.uniform(8, 80) if rng.random() < 0.8 else rng.uniform(80, 220)
    beyond = surface(rng, look.surface, height, width, level)
    return beyond + (clean - beyond) * on_part, beyond + (marked - beyond) * on_part


def _change(clean: np.ndarray, seen: np.ndarray, lens: Lens) -> np.ndarray:
    return change_between(through_lens(clean, lens), seen)
