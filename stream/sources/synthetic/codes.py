"""A printed part code as ink: how much of each pixel is covered. Pure; knows no surface and no scratch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw

from .fields import Rng, gaussian, smooth_field
from .fonts import font_at

LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"
DIGITS = "0123456789"


@dataclass(frozen=True)
class CodeLook:
    """How one code is printed."""

    text: str  # one line, or more with "\n" between
    font: Path
    length_px: float  # from the first character's edge to the last one's
    angle_deg: float
    stretch: float  # height over the font's own
    opacity: float  # 0..1 at full ink; less is faint
    unevenness: float  # 0..1: how much the ink thins out in patches
    pinholes: float  # 0..1: how much of the ink lacks in specks, as dry printing leaves
    spread_px: float  # soft edge of the ink
    dots_high: int = 0  # rows of dots that one line is made of; 0: solid
    frame: str = ""  # box | under: a line around the text, or below it


def random_text(rng: Rng) -> str:
    """Four capitals or digits; half of them like the seed's 72R0: two digits, a letter, a digit."""
    if rng.random() < 0.5:
        shape: tuple[str, ...] = (DIGITS, DIGITS, LETTERS, DIGITS)
    else:
        shape = tuple(LETTERS if rng.random() < 0.45 else DIGITS for _ in range(4))
    return "".join(letters[rng.integers(len(letters))] for letters in shape)


def random_code(rng: Rng, fonts: tuple[Path, ...], length_px: tuple[float, float]) -> CodeLook:
    """A code of any text, font, angle and quality of print; all of these are GOOD."""
    faint = rng.random() < 0.25
    return CodeLook(
        text=random_text(rng),
        font=fonts[rng.integers(len(fonts))],
        length_px=rng.uniform(*length_px),
        angle_deg=rng.uniform(0, 360),
        stretch=rng.uniform(0.85, 1.25),
        opacity=rng.uniform(0.35, 0.8) if faint else rng.uniform(0.8, 1.0),
        unevenness=rng.uniform(0.2, 0.7) if rng.random() < 0.4 else rng.uniform(0, 0.2),
        pinholes=rng.uniform(0.1, 0.5) if rng.random() < 0.2 else 0.0,
        spread_px=rng.uniform(0.3, 1.3),
    )


def code_ink(rng: Rng, code: CodeLook, height: int, width: int, centre: tuple[float, float]) -> np.ndarray:
    """(height, width) float32 0..1: the ink of the code with its middle at `centre` (x, y); cut off at the edges."""
    flat = _flat_text(code)
    turn = cv2.getRotationMatrix2D((flat.shape[1] / 2, flat.shape[0] / 2), code.angle_deg, 1.0)
    turn[0, 2] += centre[0] - flat.shape[1] / 2
    turn[1, 2] += centre[1] - flat.shape[0] / 2
    ink = gaussian(cv2.warpAffine(flat, turn, (width, height), flags=cv2.INTER_LINEAR), code.spread_px)
    if code.unevenness > 0.02:
        patches = smooth_field(rng, height, width, rng.uniform(25, 80))
        ink = ink * (1 - code.unevenness * np.clip(0.5 + 0.5 * patches, 0, 1))
    if code.pinholes > 0:
        specks = smooth_field(rng, height, width, rng.uniform(1.3, 2.5))
        ink = ink * (1 - code.pinholes * np.clip(specks - 0.6, 0, 1))
    return ink * np.float32(code.opacity)


def _flat_text(code: CodeLook) -> np.ndarray:
    """(h, w) float32 0..1: the text upright, `length_px` long, in a frame just large enough."""
    probe = max(font_at(code.font, 100).getlength(line) for line in code.text.split("\n"))
    font = font_at(code.font, max(8, round(100 * code.length_px / probe)))
    sheet = Image.new("L", (1, 1), 0)
    x0, y0, x1, y1 = (int(v) for v in ImageDraw.Draw(sheet).textbbox((0, 0), code.text, font=font))
    margin = 3 if not code.frame else 3 + round(font.size * 0.35)
    sheet = Image.new("L", (x1 - x0 + 2 * margin, y1 - y0 + 2 * margin), 0)
    drawing = ImageDraw.Draw(sheet)
    drawing.text((margin - x0, margin - y0), code.text, font=font, fill=255)
    if code.frame:
        thick, below = max(1, round(font.size * 0.06)), (sheet.width - 3, sheet.height - 3)
        drawing.rectangle(((3, 3 if code.frame == "box" else below[1] - thick + 1), below), None, 255, thick)
    flat = np.asarray(sheet, dtype=np.float32) / 255
    if code.dots_high:
        flat = _dotted(flat, max(2.0, font.size / code.dots_high))
    size = (flat.shape[1], max(4, round(flat.shape[0] * code.stretch)))
    return cv2.resize(flat, size, interpolation=cv2.INTER_AREA if code.stretch < 1 else cv2.INTER_LINEAR)


def _dotted(flat: np.ndarray, pitch_px: float) -> np.ndarray:
    """The same of round dots, as an ink jet or a peening pin sets them: one for each cell that is mostly ink."""
    rows, columns = (max(1, round(side / pitch_px)) for side in flat.shape)
    inked = (cv2.resize(flat, (columns, rows), interpolation=cv2.INTER_AREA) > 0.45).astype(np.float32)
    y, x = (
        (np.arange(side) + 0.5) * cells / side % 1 - 0.5
        for side, cells in zip(flat.shape, (rows, columns), strict=True)
    )
    near = np.clip((0.45 - np.hypot(y[:, None], x[None, :])) * pitch_px + 0.5, 0, 1).astype(np.float32)
    return cv2.resize(inked, flat.shape[::-1], interpolation=cv2.INTER_NEAREST) * near
