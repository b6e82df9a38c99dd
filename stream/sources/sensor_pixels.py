"""A sensor's pixels to BGR, 8 bits: one conversion a picture. Pure.

Formats are named as in the Pixel Format Naming Convention (PFNC 2.4, EMVA), and as GigE Vision 1 named them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

# OpenCV names a Bayer pattern by the second row's second and third pixel: its BG is what everybody else calls RG.
BAYER = {
    "BayerRG": cv2.COLOR_BayerBG2BGR,
    "BayerGR": cv2.COLOR_BayerGB2BGR,
    "BayerGB": cv2.COLOR_BayerGR2BGR,
    "BayerBG": cv2.COLOR_BayerRG2BGR,
}
COLOUR = {"BGR": None, "RGB": cv2.COLOR_RGB2BGR, "BGRa": cv2.COLOR_BGRA2BGR, "RGBa": cv2.COLOR_RGBA2BGR}
CHANNELS = {"BGR": 3, "RGB": 3, "BGRa": 4, "RGBa": 4}
OLD_NAMES = {"BGRA8Packed": "BGRa8", "RGBA8Packed": "RGBa8", "BGR8Packed": "BGR8", "RGB8Packed": "RGB8"}
HELD = 5  # two wait in the drain (drain.py), one is on either side of it, one is written


@dataclass(frozen=True)
class Format:
    """What a name says."""

    family: str  # Mono, BayerRG …, BGR, RGB, BGRa, RGBa
    bits: int  # that carry the light
    packing: str  # "" (whole bytes), "p" (PFNC: no bit lost) or "Packed" (GigE Vision 1: two pixels in three bytes)

    @property
    def channels(self) -> int:
        return CHANNELS.get(self.family, 1)

    def row_bytes(self, width: int) -> int:
        """Bytes of a row without padding."""
        if self.packing == "p":
            return (width * self.bits + 7) // 8
        if self.packing == "Packed":
            return (width * 12 + 7) // 8
        return width * self.channels * (1 if self.bits == 8 else 2)


def _formats() -> dict[str, Format]:
    found = {f"{family}8": Format(family, 8, "") for family in COLOUR}
    for family in ("Mono", *BAYER):
        found[f"{family}8"] = Format(family, 8, "")
        for bits in (10, 12, 14, 16):
            found[f"{family}{bits}"] = Format(family, bits, "")
        for bits in (10, 12):
            found[f"{family}{bits}p"] = Format(family, bits, "p")
            found[f"{family}{bits}Packed"] = Format(family, bits, "Packed")
    return found | {old: found[new] for old, new in OLD_NAMES.items()}


FORMATS = _formats()


class PixelError(ValueError):
    """The pixels cannot be read; the text says which and what to do."""


class ShortError(PixelError):
    """This one picture has fewer bytes than its size says."""


class Converter:
    """Gives each picture in an array of its own, out of a few that take turns: no memory is taken for each anew."""

    def __init__(self) -> None:
        self._turns: list[np.ndarray] = []
        self._next = 0

    def bgr(self, raw: np.ndarray, name: str, width: int, height: int, padding: int = 0) -> np.ndarray:
        """(H, W, 3) BGR uint8 of `raw`, the sensor's bytes, each row with `padding` bytes behind it.

        It stays as it is until HELD further pictures are asked for. Raises PixelError.
        """
        format = format_of(name)
        rows = rows_of(raw, format, width, height, padding)
        light = _EIGHT_BITS[format.packing](rows, format, width)
        return _coloured(light, format, self._turn(height, width))

    def black(self, width: int, height: int) -> np.ndarray:
        """For a picture of which no pixel is to be trusted."""
        return np.zeros((height, width, 3), np.uint8)

    def _turn(self, height: int, width: int) -> np.ndarray:
        if not self._turns or self._turns[0].shape != (height, width, 3):
            self._turns = [np.empty((height, width, 3), np.uint8) for _ in range(HELD)]
        self._next = (self._next + 1) % HELD
        return self._turns[self._next]


def format_of(name: str) -> Format:
    """What the name says. Raises PixelError for a format that is not read here."""
    if (format := FORMATS.get(name)) is None:
        ways_out = "Mono8, a Bayer format of 8 bits, BGR8 or RGB8"
        raise PixelError(f"pixels in {name}, which is not read here; set control.pixel_format to {ways_out}")
    return format


def rows_of(raw: np.ndarray, format: Format, width: int, height: int, padding: int) -> np.ndarray:
    """(H, bytes of a row) uint8, a view. Raises ShortError where the picture is shorter than its size says."""
    row = format.row_bytes(width)
    wanted = row * height if padding == 0 else (row + padding) * height
    given = raw.reshape(-1).view(np.uint8)
    if width < 1 or height < 1 or given.size < wanted - padding:
        raise ShortError(f"{given.size} bytes for a picture of {width}x{height} px, which takes {wanted}")
    return np.lib.stride_tricks.as_strided(given, (height, row), (row + padding, 1), writeable=False)


def _bytes(rows: np.ndarray, format: Format, width: int) -> np.ndarray:
    """Whole bytes or words: (H, W) or (H, W, channels) uint8."""
    if format.bits == 8:
        shape = (rows.shape[0], width) if format.channels == 1 else (rows.shape[0], width, format.channels)
        return rows.reshape(shape)
    words = np.ascontiguousarray(rows).view("<u2")
    return (words >> (format.bits - 8)).astype(np.uint8)


def _no_gap(rows: np.ndarray, format: Format, width: int) -> np.ndarray:
    """PFNC's `p`: pixel after pixel, the lowest bit first."""
    first = np.arange(width, dtype=np.int64) * format.bits + (format.bits - 8)  # bit at which the upper eight begin
    byte, shift = first >> 3, (first & 7).astype(np.uint16)
    after = np.minimum(byte + 1, rows.shape[1] - 1)
    words = rows[:, byte].astype(np.uint16) | (rows[:, after].astype(np.uint16) << 8)
    return (words >> shift).astype(np.uint8)


def _two_in_three(rows: np.ndarray, format: Format, width: int) -> np.ndarray:
    """GigE Vision 1's `Packed`: the upper eight bits of two pixels are the first and the third of three bytes."""
    pixel = np.arange(width)
    return np.ascontiguousarray(rows[:, (pixel >> 1) * 3 + (pixel & 1) * 2])


_EIGHT_BITS: dict[str, Callable[[np.ndarray, Format, int], np.ndarray]] = {
    "": _bytes,
    "p": _no_gap,
    "Packed": _two_in_three,
}


def _coloured(light: np.ndarray, format: Format, into: np.ndarray) -> np.ndarray:
    if format.family == "Mono":
        return cv2.cvtColor(light, cv2.COLOR_GRAY2BGR, dst=into)
    if (code := BAYER.get(format.family)) is not None:
        return cv2.cvtColor(light, code, dst=into)
    if (code := COLOUR[format.family]) is None:
        np.copyto(into, light)
        return into
    return cv2.cvtColor(light, code, dst=into)
