"""Fonts that codes are printed in: the ones that ship, and the bold ones installed. Knows nothing of drawing."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable
from pathlib import Path

from PIL import ImageFont

SHIPPED = Path(__file__).parent / "fonts"
HELD_OUT_SHARE = 5  # one font family in so many is kept for measuring, never trained on

_BOLD = ("bold", "black", "heavy", "ocra.", "ocrb.")
_NOT_UPRIGHT = ("italic", "oblique", "inclined", "light", "thin", "symbol", "emoji", "math")


def shipped_fonts() -> tuple[Path, ...]:
    """The fonts that ship with this package, by name; enough for the demo and the tests."""
    return tuple(sorted(p for p in SHIPPED.iterdir() if p.suffix in (".ttf", ".otf")))


def bold_fonts(folder: Path) -> tuple[Path, ...]:
    """Upright bold fonts below `folder` that can print any code; one of each file name, in the order of name."""
    found: dict[str, Path] = {}
    for path in sorted(folder.rglob("*.[to]tf")):
        name = path.name.lower()
        if any(w in name for w in _BOLD) and not any(w in name for w in _NOT_UPRIGHT) and prints_codes(path):
            found.setdefault(path.name, path)
    return tuple(found[name] for name in sorted(found))


def prints_codes(path: Path) -> bool:
    """Whether the font has its own shapes for capitals and digits (symbol and foreign-script fonts lack them)."""
    try:
        font = ImageFont.truetype(str(path), 40)
    except OSError:
        return False
    missing = bytes(font.getmask("￿"))
    shapes = {bytes(font.getmask(c)) for c in "ABEHKMPRSXZ0123456789"}
    return len(shapes) == 21 and missing not in shapes


def held_out(path: Path) -> bool:
    """Whether this font's family is kept for measuring; by the family's name, so the answer never changes.

    The shipped ones never are: they are what the demo and the tests print with, and a line's own fonts are known to
    whoever trains for it.
    """
    family = _family(path)
    if family in {_family(shipped) for shipped in shipped_fonts()}:
        return False
    return hashlib.sha256(family.encode()).digest()[0] % HELD_OUT_SHARE == 0


def split_fonts(fonts: Iterable[Path]) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """(fonts to train on, fonts to measure on): no family stands on both sides."""
    fonts = tuple(fonts)
    return tuple(f for f in fonts if not held_out(f)), tuple(f for f in fonts if held_out(f))


def _family(path: Path) -> str:
    return path.stem.split("-")[0].lower()


@functools.lru_cache(maxsize=256)
def font_at(path: Path, size_px: int) -> ImageFont.FreeTypeFont:
    """The font, `size_px` pixels to the em."""
    return ImageFont.truetype(str(path), size_px)
