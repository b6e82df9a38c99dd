"""What stays the same along one belt: its material, its speed, its camera, its print. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from .fields import Rng
from .fonts import shipped_fonts
from .parts import SCRATCH_KINDS, PartLook, PartMaker, random_part
from .surfaces import SURFACES


@dataclass(frozen=True)
class BeltLook:
    """What stays the same along one belt."""

    surface: str
    level: float  # grey value of the belt, 0..255
    speed_px_s: float
    exposure_px: float  # how far the belt moves while the shutter is open
    defocus_px: float  # sigma
    noise_grey: int  # sensor noise: 0 to so many grey values are added to each pixel
    code_px: tuple[float, float]  # lengths of the codes
    one_kind: PartLook | None  # all parts are of this material and print; None: each is different
    fonts: tuple[Path, ...]
    kinds: tuple[str, ...] = SCRATCH_KINDS  # of scratches
    part: PartMaker = random_part


def random_look(rng: Rng, fonts: tuple[Path, ...], part: PartMaker = random_part) -> BeltLook:
    """A belt of any material and lighting; mostly with parts of one material, as lines have it."""
    surfaces = tuple(SURFACES)
    dark = rng.random() < 0.7
    return BeltLook(
        surface=surfaces[rng.integers(len(surfaces))],
        level=rng.uniform(22, 95) if dark else rng.uniform(95, 215),
        speed_px_s=560.0,
        exposure_px=rng.uniform(0, 4),
        defocus_px=rng.uniform(0.3, 1.1),
        noise_grey=int(rng.integers(2, 9)),
        code_px=(110.0, 300.0),
        one_kind=part(rng, fonts, (200.0, 200.0)) if rng.random() < 0.7 else None,
        fonts=fonts,
        part=part,
    )


def usual_look(seed: int) -> BeltLook:
    """A dark belt with near-white parts: the line that the demo, the tests and the bench watch."""
    rng = np.random.default_rng([seed, 3])
    fonts = shipped_fonts()
    part = replace(random_part(rng, fonts, (200.0, 200.0)), ground=rng.uniform(205, 232), ink=28.0, surface="paper")
    return BeltLook("cast", rng.uniform(48, 75), 560.0, 2.0, 0.6, 4, (130.0, 290.0), part, fonts)
