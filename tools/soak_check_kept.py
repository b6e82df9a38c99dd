"""The evidence that a line left, read as any program could: files, hashes, and the number burnt into the pictures.

The number stands in blocks: cell = width // 24 px; bit k (0 is the lowest), 0 <= k < 20, in the columns (2 + k) * cell
to (3 + k) * cell; rows 0 to cell are white for 1 and black for 0, the rows below the opposite. Judges nothing.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

EVIDENCE = "evidence"
FILES = ("frame.png", "mask.png", "overlay.jpg", "thumb.jpg")
DESCRIPTION = "evidence.json"
ENDINGS = {".png": b"IEND\xaeB`\x82", ".jpg": b"\xff\xd9"}  # of a whole file
BITS, COLUMNS, FIRST_COLUMN = 20, 24, 2
CONTRAST_LEAST = 60  # between the two halves of a bit; a JPEG of a small picture keeps more than that


@dataclass(frozen=True)
class Kept:
    """A picture as it was kept."""

    height: int
    width: int
    number: int | None  # None: it cannot be told
    marked_px: int  # pixels that are not 0


@dataclass(frozen=True)
class Folder:
    """One folder of evidence."""

    name: str  # relative to data_dir
    hashes: dict[str, str]  # of the files that are there
    described: dict[str, Any] | None  # evidence.json; None where it is not there or no JSON
    pictures: dict[str, Kept | None]  # by file name; None where it is no whole picture


def read_folders(data_dir: Path) -> dict[str, Folder]:
    """Every folder of evidence, finished or not, by its name relative to data_dir."""
    return {
        path.relative_to(data_dir).as_posix(): _read(path, path.relative_to(data_dir).as_posix())
        for path in sorted((data_dir / EVIDENCE).glob("*/*/*"))
    }


def read_folder(data_dir: Path, name: str) -> Folder:
    """One folder of evidence, or of a sample, by its name relative to data_dir."""
    return _read(data_dir / name, name)


def burnt_number(picture: np.ndarray) -> int:
    """The number in the blocks of a picture (H, W, 3). Raises ValueError where a bit cannot be told."""
    cell = picture.shape[1] // COLUMNS
    margin, side = cell // 4, max(1, cell // 2)
    upper = picture[margin : margin + side].mean(axis=(0, 2))  # (W,)
    lower = picture[cell + margin : cell + margin + side].mean(axis=(0, 2))
    number = 0
    for bit in range(BITS):
        left = (FIRST_COLUMN + bit) * cell + margin
        above, below = float(upper[left : left + side].mean()), float(lower[left : left + side].mean())
        if abs(above - below) < CONTRAST_LEAST:
            raise ValueError(f"bit {bit} of its number cannot be told: {above:.0f} over {below:.0f}")
        number += (above > below) << bit
    return number


def _read(path: Path, name: str) -> Folder:
    hashes = {}
    for file in sorted(path.iterdir()) if path.is_dir() else []:
        if file.is_file():
            hashes[file.name] = hashlib.sha256(file.read_bytes()).hexdigest()
    return Folder(
        name=name,
        hashes=hashes,
        described=_described(path / DESCRIPTION),
        pictures={file: _picture(path / file) for file in FILES},
    )


def _described(path: Path) -> dict[str, Any] | None:
    try:
        said = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return said if isinstance(said, dict) else None


def _picture(path: Path) -> Kept | None:
    """None where the file is not a whole picture: OpenCV alone would fill the rest of a torn one with grey."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    if not content.endswith(ENDINGS[path.suffix]):
        return None
    picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        return None
    try:
        number = burnt_number(picture)
    except ValueError:
        number = None
    return Kept(picture.shape[0], picture.shape[1], number, int(np.count_nonzero(picture.any(axis=2))))
