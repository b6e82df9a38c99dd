"""A site's labelled golden set: pictures in good/ and bad/ whose verdict people have settled. Judges nothing.

The reference layout; masks/ may lie beside, for promotion looks at verdicts alone. Pictures are read as the reference
pipeline reads them (detector/pictures.py).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from detector.errors import PictureError
from detector.pictures import decode, pictures_in
from detector.verdict import State


class GoldenSetError(ValueError):
    """The golden set cannot vouch for anything; the message names the file, what was wrong and what to do."""


@dataclass(frozen=True)
class Labelled:
    """One picture of the set. Its bytes are those that the set's hash is over, whatever becomes of the file."""

    name: str  # good/NAME or bad/NAME
    truth: State  # GOOD or BAD
    path: Path
    sha256: str

    def picture(self) -> np.ndarray:
        """(H, W, 3) BGR uint8. Raises GoldenSetError where the file is no picture, or another than before."""
        raw = _bytes(self.path)
        if hashlib.sha256(raw).hexdigest() != self.sha256:
            raise GoldenSetError(f"{self.path}: was changed while the set was judged; begin again")
        try:
            return decode(raw)
        except PictureError as error:
            raise GoldenSetError(f"{self.path}: {error}; replace it, or remove it from the golden set") from error


@dataclass(frozen=True)
class GoldenSet:
    """All pictures, GOOD ones first, each kind by name."""

    folder: Path
    pictures: tuple[Labelled, ...]

    @property
    def sha256(self) -> str:
        """Hex over every label, name and content: tells one set from another."""
        rows = (f"{one.name}\0{one.sha256}\n" for one in self.pictures)
        return hashlib.sha256("".join(rows).encode("utf-8", "surrogateescape")).hexdigest()


def read_golden_set(folder: Path) -> GoldenSet:
    """The set in the folder. Raises GoldenSetError where either kind is missing: it could not tell both mistakes."""
    return GoldenSet(folder, (*_labelled(folder, State.GOOD), *_labelled(folder, State.BAD)))


def _labelled(folder: Path, truth: State) -> tuple[Labelled, ...]:
    inside = folder / truth.value.lower()
    if not inside.is_dir():
        raise GoldenSetError(f"{inside}: no such folder; a golden set has good/ and bad/, each with pictures")
    paths = pictures_in(inside)
    if not paths:
        raise GoldenSetError(
            f"{inside}: holds no picture; without {truth.value} pictures nobody knows how many of them are judged wrong"
        )
    return tuple(
        Labelled(f"{inside.name}/{path.name}", truth, path, hashlib.sha256(_bytes(path)).hexdigest()) for path in paths
    )


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise GoldenSetError(f"{path}: cannot be read ({error.strerror}); replace it, or change its rights") from error
