"""A part drawn once, to be pasted into many frames: cut out, blurred as the camera blurs, with its shadow. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .background import through_lens, to_uint8
from .fields import Rng, gaussian
from .looks import BeltLook
from .parts import PartLook, draw_part, random_scratch
from .plates import plate, rim
from .visibility import change_between

SPRITE_PX = 440  # every part fits into such a square


@dataclass(frozen=True)
class Sprite:
    """A part ready to be pasted: pixel = belt * keep / 255 + paint."""

    paint: np.ndarray  # (S, S, 3) uint8 BGR, multiplied by its cover
    keep: np.ndarray  # (S, S, 3) uint8, 255 where the belt shows through
    cover: np.ndarray  # (S, S) bool: where the part is
    change: np.ndarray  # (S, S) uint8 grey values by which the scratch changes the picture
    text: str
    kind: str | None  # of scratch
    top: int  # row of the picture at which the sprite begins


def draw_sprite(rng: Rng, look: BeltLook, wanted: bool, top: int) -> Sprite:
    """A part of this belt, scratched where `wanted`; its code, place on the part and scratch are drawn by `rng`."""
    face = _part_look(rng, look)
    length = face.code.length_px
    size = (min(length * rng.uniform(1.12, 1.4), 380.0), length * rng.uniform(0.45, 0.95))
    angle = face.code.angle_deg + rng.normal(0, 2)
    alpha = plate(rng, SPRITE_PX, SPRITE_PX, -angle, _fitted(size))
    centre = (SPRITE_PX / 2 + rng.normal(0, 4), SPRITE_PX / 2 + rng.normal(0, 4))
    scratch = random_scratch(rng, look.kinds) if wanted else None
    drawn = draw_part(rng, face, scratch, SPRITE_PX, SPRITE_PX, centre, within=alpha > 0.9)
    dark = (1 - 0.6 * rim(alpha, rng.uniform(1, 4)))[:, :, None]
    seen = through_lens(np.dstack([drawn.scratched * dark * alpha[:, :, None], alpha]), look)
    clean = seen
    if scratch is not None:
        clean = through_lens(np.dstack([drawn.clean * dark * alpha[:, :, None], alpha]), look)
    shadow = 0.45 * gaussian(np.roll(alpha, (6, 4), axis=(0, 1)), 5.0)
    keep = np.clip((1 - seen[:, :, 3]) * (1 - shadow), 0, 1)
    return Sprite(
        paint=to_uint8(seen[:, :, :3]),
        keep=np.repeat(to_uint8(keep * 255)[:, :, None], 3, axis=2),
        cover=seen[:, :, 3] > 0.02,
        change=change_between(np.clip(clean[:, :, :3], 0, 255), np.clip(seen[:, :, :3], 0, 255)),
        text=face.code.text,
        kind=scratch.kind if scratch else None,
        top=top,
    )


def _part_look(rng: Rng, look: BeltLook) -> PartLook:
    face = look.part(rng, look.fonts, look.code_px)
    if look.one_kind is None:
        return face
    like = look.one_kind
    code = replace(face.code, font=like.code.font, stretch=like.code.stretch)
    ground = like.ground + rng.normal(0, 4)
    return replace(like, code=code, ground=ground, ink=like.ink + rng.normal(0, 4), dirt=face.dirt)


def _fitted(size: tuple[float, float]) -> tuple[float, float]:
    """The plate's size, smaller where its diagonal would not fit into the sprite."""
    shrink = min(1.0, (SPRITE_PX - 24) / float(np.hypot(*size)))
    return size[0] * shrink, size[1] * shrink
