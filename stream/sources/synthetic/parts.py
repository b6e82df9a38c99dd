"""One part as it lies on the belt: drawn clean and, if wanted, scratched. Pure; knows no camera and no movement."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from .broad_scratches import BROAD
from .codes import CodeLook, code_ink, random_code
from .fields import Rng, gaussian, smooth_field
from .scratches import KINDS, SMEAR, scratched
from .strokes import Place
from .surfaces import SURFACES, surface
from .unmet_scratches import UNMET

SCRATCH_KINDS = (*KINDS, SMEAR)
BROAD_KINDS = tuple(BROAD)  # of no belt unless it is asked for: the recordings of a seed stay what they were
UNMET_KINDS = tuple(UNMET)  # never trained on
SURFACE_KINDS = tuple(SURFACES)
SCRATCH_ANGLES = 2 * np.pi
BESIDE_SHARE = 0.12  # of scratches begin anywhere on the part

Tint = tuple[float, float, float]  # what blue, green and red are multiplied by


@dataclass(frozen=True)
class PartLook:
    """How one part looks, its code included; the scratch aside."""

    code: CodeLook
    surface: str  # one of SURFACE_KINDS
    ground: float  # grey value, 0..255, of what the code is printed on
    ink: float  # grey value of the ink
    dirt: int  # dark specks, as dust leaves; GOOD
    film: float  # 0..1: how dark a smudge of grease or dust lies on it; GOOD
    ground_tint: Tint = (1.0, 1.0, 1.0)
    ink_tint: Tint = (1.0, 1.0, 1.0)


@dataclass(frozen=True)
class ScratchLook:
    """What kind of scratch, and how plain it is to see."""

    kind: str  # one of SCRATCH_KINDS, BROAD_KINDS or UNMET_KINDS
    strength: float  # 0..1
    reach_share: float  # end to end, as a share of the code's length


@dataclass(frozen=True)
class DrawnPart:
    """A part, alone. Pictures are (H, W, 3) float32 BGR 0..255; `clean` and `scratched` differ by the scratch only."""

    clean: np.ndarray
    scratched: np.ndarray  # the very array of `clean` where there is no scratch
    look: PartLook


def random_part(rng: Rng, fonts: tuple[Path, ...], length_px: tuple[float, float]) -> PartLook:
    """A part of any material, printed with any code; all of these are GOOD."""
    kind = "paper" if rng.random() < 0.4 else SURFACE_KINDS[rng.integers(len(SURFACE_KINDS))]
    ground = rng.uniform(195, 245) if kind == "paper" else rng.uniform(115, 235)
    ink = rng.uniform(8, min(75.0, ground - 90)) if ground > 105 else 10.0
    dirt = int(rng.integers(1, 12)) if rng.random() < 0.2 else 0
    film = rng.uniform(0.05, 0.25) if rng.random() < 0.2 else 0.0
    return PartLook(random_code(rng, fonts, length_px), kind, ground, ink, dirt, film)


PartMaker = Callable[[Rng, tuple[Path, ...], tuple[float, float]], PartLook]  # as random_part


def random_scratch(rng: Rng, kinds: tuple[str, ...] = SCRATCH_KINDS) -> ScratchLook:
    """A scratch of any of the kinds; four in ten are faint."""
    faint = rng.random() < 0.4
    return ScratchLook(
        kind=kinds[rng.integers(len(kinds))],
        strength=rng.uniform(0.15, 0.6) if faint else rng.uniform(0.6, 1.0),
        reach_share=rng.uniform(0.15, 0.5) if rng.random() < 0.4 else rng.uniform(0.4, 1.2),
    )


def draw_part(
    rng: Rng,
    look: PartLook,
    scratch: ScratchLook | None,
    height: int,
    width: int,
    centre: tuple[float, float],
    within: np.ndarray | None = None,
) -> DrawnPart:
    """The part's face, (height, width), its code's middle at `centre` (x, y).

    A scratch goes through ink, now and then beside it, inside `within` ((H, W) bool) where that is given.
    """
    face = surface(rng, look.surface, height, width, look.ground) * np.array(look.ground_tint, np.float32)
    ink = code_ink(rng, look.code, height, width, centre)
    clean = face + (np.float32(look.ink) * np.array(look.ink_tint, np.float32) - face) * ink[:, :, None]
    _add_dirt(rng, clean, look.dirt)
    _add_film(rng, clean, look.film)
    if scratch is None:
        return DrawnPart(clean, clean, look)
    place = _place(rng, ink, within, look.code.length_px * scratch.reach_share, centre)
    return DrawnPart(clean, scratched(rng, clean, scratch.kind, place, scratch.strength), look)


def _place(rng: Rng, ink: np.ndarray, within: np.ndarray | None, reach_px: float, centre: tuple[float, float]) -> Place:
    wanted = ink > (-1.0 if rng.random() < BESIDE_SHARE else 0.3)
    rows, columns = np.nonzero(wanted if within is None else wanted & within)
    angle = rng.uniform(0, SCRATCH_ANGLES)
    if len(rows) == 0:
        return Place(centre[0], centre[1], reach_px, angle)
    i = int(rng.integers(len(rows)))
    return Place(float(columns[i]), float(rows[i]), max(10.0, reach_px), angle)


def _add_dirt(rng: Rng, picture: np.ndarray, count: int) -> None:
    """Dark specks, a pixel or three across, drawn into `picture`."""
    if count == 0:
        return
    height, width = picture.shape[:2]
    specks = np.zeros((height, width), np.float32)
    for _ in range(count):
        at = (int(rng.integers(width)), int(rng.integers(height)))
        cv2.circle(specks, at, int(rng.integers(1, 3)), float(rng.uniform(0.3, 0.8)), -1, cv2.LINE_AA)
    picture *= (1 - gaussian(specks, 0.7))[:, :, None]


def _add_film(rng: Rng, picture: np.ndarray, dark: float) -> None:
    """A soft smudge with no edge, drawn into `picture`."""
    if dark == 0:
        return
    height, width = picture.shape[:2]
    patches = smooth_field(rng, height, width, rng.uniform(30, 120))
    picture *= (1 - np.float32(dark) * np.clip(patches, 0, 1))[:, :, None]


def at_length(look: PartLook, length_px: float) -> PartLook:
    """The same part with its code `length_px` long."""
    return replace(look, code=replace(look.code, length_px=length_px))
