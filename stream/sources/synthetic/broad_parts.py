"""Parts of any print and colour, so that a network learns what print is, not a few ways of it. Pure.

Codes of any text in one line or two, in dots, framed or underlined; bright ink on dark parts, and coloured parts.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from .codes import DIGITS, LETTERS, CodeLook
from .fields import Rng
from .parts import PartLook, random_part

SMALL = "abcdefghijkmnpqrstuvwxyz"
MARKS = "-/.:#+"
CHARACTERS = (DIGITS, LETTERS, SMALL, MARKS)
SHARES = (0.5, 0.35, 0.08, 0.07)  # of the characters of a text


def broad_part(rng: Rng, fonts: tuple[Path, ...], length_px: tuple[float, float]) -> PartLook:
    """A part of any material, colour and print; all of these are GOOD. As `parts.random_part`, from a wider choice."""
    look = random_part(rng, fonts, length_px)
    code = broad_code(rng, look.code)
    if rng.random() < 0.3:  # bright ink on a dark part
        ground = rng.uniform(25, 130)
        look = replace(look, ground=ground, ink=rng.uniform(ground + 60, 250))
    elif rng.random() < 0.3:  # ink of little contrast, as a laser or a stamp leaves it
        look = replace(look, ink=look.ground - rng.uniform(45, 100))
    ground_tint, ink_tint = _tint(rng, 0.35), _tint(rng, 0.2)
    return replace(look, code=code, ground_tint=ground_tint, ink_tint=ink_tint)


def broad_code(rng: Rng, code: CodeLook) -> CodeLook:
    """The code with another text, and now and then in dots, framed or underlined."""
    lines = [broad_text(rng) for _ in range(2 if rng.random() < 0.25 else 1)]
    return replace(
        code,
        text="\n".join(lines),
        dots_high=int(rng.integers(7, 17)) if rng.random() < 0.2 else 0,
        frame=("box", "under")[int(rng.integers(2))] if rng.random() < 0.12 else "",
    )


def broad_text(rng: Rng) -> str:
    """One to twelve characters of any kind, the first a capital or a digit."""
    chosen = rng.choice(len(CHARACTERS), size=int(rng.integers(1, 13)), p=SHARES)
    first = (DIGITS + LETTERS)[rng.integers(len(DIGITS + LETTERS))]
    return first + "".join(CHARACTERS[i][rng.integers(len(CHARACTERS[i]))] for i in chosen[1:])


def _tint(rng: Rng, share: float) -> tuple[float, float, float]:
    """What the channels are multiplied by: mostly nothing, else any colour."""
    if rng.random() >= share:
        return 1.0, 1.0, 1.0
    blue, green, red = rng.uniform(0.35, 1.1, 3)
    return float(blue), float(green), float(red)
