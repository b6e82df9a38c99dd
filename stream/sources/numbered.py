"""`numbered:` as a camera: pictures whose truth is known, and whose faults are ordered through a file.

For the soak and for tests: a camera that can be lost, frozen, hung, damaged or set to another size at any moment, by
a word in its control file, without a hand on its process.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, unquote

import numpy as np

from stream.settings import CameraSettings
from stream.sources.numbered_picture import LEAST, WIDEST, draw, is_bad
from stream.sources.numbered_spells import BLACK, Spell, shown_at, spell_at, spell_in
from stream.sources.numbered_spells import DAMAGED as SPOILT
from stream.sources.source import Picture, SourceError

PREFIX = "numbered:"
KNOWN = "seed, fps, size, bad, control, spell"
LOOK_EVERY_S = 0.05
DAMAGED = "decode_error"
WORDS = ("lose", "freeze", "hang", "corrupt", "size WxH")


@dataclass(frozen=True)
class Wish:
    """What the address asks for: `numbered:?seed=3&size=320x240&fps=30&bad=0.1&control=/path/to/file`.

    `spell=frozen-65-90-100`, as often as wanted: when it fails by itself (numbered_spells.py).
    """

    seed: int = 0
    fps: float = 30.0
    width: int = 320
    height: int = 240
    bad: float = 0.1  # share of the pictures
    control: Path | None = None
    spells: tuple[Spell, ...] = ()


@dataclass(frozen=True)
class Order:
    """What the control file says: one of WORDS, or nothing."""

    word: str = ""
    size: tuple[int, int] | None = None  # width, height


class NumberedCamera:
    """A camera that counts its pictures from 0 at each opening, and never skips a number."""

    def __init__(self, camera: CameraSettings, address: str) -> None:
        self._wish = wish_in(address)
        self._camera = camera
        self._closed = False
        if self._order().word == "lose":
            raise SourceError("the numbered camera is away, as its control file says")

    def pictures(self, first_index: int = 0) -> Iterator[Picture]:
        """Never in a burst: after a delay the next picture comes at once, and the pace goes on from there."""
        wish, index = self._wish, 0
        due_s = time.monotonic()
        while True:
            due_s = max(due_s, time.monotonic() - 1 / wish.fps)
            while not self._closed and (left_s := due_s - time.monotonic()) > 0:
                time.sleep(min(left_s, LOOK_EVERY_S))
            order = self._obeyed()
            if self._closed:
                return
            yield self._picture(index, order)
            index, due_s = index + 1, due_s + 1 / wish.fps

    def close(self) -> None:
        self._closed = True

    def _picture(self, index: int, order: Order) -> Picture:
        wish = self._wish
        width, height = order.size or (wish.width, wish.height)
        number, wrong = shown_at(wish.spells, index), spell_at(wish.spells, index)
        bad = is_bad(wish.seed, self._camera.name, number, wish.bad)
        region = None if order.size else self._camera.region
        pixels = draw(number, width, height, bad=bad, region=region)
        if wrong == BLACK:
            pixels[:] = 0
        damaged = order.word == "corrupt" or wrong == SPOILT
        if damaged:
            _spoil(pixels, index)
        return Picture(pixels, index, index / wish.fps, DAMAGED if damaged else None)

    def _obeyed(self) -> Order:
        """Does what stops the pictures; gives what changes them. Raises SourceError as a camera that went away."""
        silent_s = time.monotonic() + self._camera.silent_after_s
        while not self._closed or self._order().word == "hang":
            order = self._order()
            if order.word == "lose":
                raise SourceError("the numbered camera went away, as its control file says")
            if order.word not in ("freeze", "hang"):
                return order
            if order.word == "freeze" and time.monotonic() > silent_s:
                raise SourceError(f"the numbered camera has sent nothing for {self._camera.silent_after_s:g} s")
            time.sleep(LOOK_EVERY_S)
        return Order()

    def _order(self) -> Order:
        """What the control file says now. Half-written words are no order."""
        if self._wish.control is None:
            return Order()
        try:
            word, _, rest = self._wish.control.read_text().strip().partition(" ")
            size = _size(rest) if word == "size" else None
        except (OSError, ValueError):
            return Order()
        return Order(word, size)


def wish_in(address: str) -> Wish:
    """What a `numbered:` address asks for. Raises SourceError (final) where it cannot be read."""
    fields: dict[str, int | float | Path] = {}
    spells: list[Spell] = []
    for key, value in parse_qsl(address.removeprefix(PREFIX).removeprefix("?"), keep_blank_values=True):
        try:
            if key == "spell":
                spells.append(spell_in(value))
            else:
                fields.update(_field(key, value))
        except (KeyError, ValueError):
            said = f"numbered: cannot read {key}={value}; known: {KNOWN}, as in numbered:?seed=3&size=320x240&fps=30"
            raise SourceError(said, final=True) from None
    return Wish(**fields, spells=tuple(spells))  # type: ignore[arg-type]


def _field(key: str, value: str) -> dict[str, int | float | Path]:
    if key == "control":
        return {"control": Path(unquote(value))}
    if key == "size":
        width, height = _size(value)
        return {"width": width, "height": height}
    number = {"seed": int, "fps": float, "bad": float}[key](value)
    if not number >= 0 or (key == "fps" and not 0 < number <= 1000) or (key == "bad" and number > 1):
        raise ValueError(value)
    return {key: number}


def _size(text: str) -> tuple[int, int]:
    width, height = (int(side) for side in text.split("x"))
    if not (LEAST[0] <= width <= 8192 and LEAST[1] <= height <= 8192 and width <= WIDEST * height):
        raise ValueError(text)
    return width, height


def _spoil(pixels: np.ndarray, index: int) -> None:
    """Noise over the lower half, as a damaged packet leaves it."""
    half = pixels[pixels.shape[0] // 2 :]
    half[:] = np.random.default_rng(index).integers(0, 256, half.shape, dtype=np.uint8)
