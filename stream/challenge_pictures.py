"""The stored pictures of a challenge: which there are, which one is next, what lies beside it. Reads files alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from detector.errors import PictureError
from detector.files import SUFFIXES
from stream.probe import PictureSize
from stream.problem import ERROR, Finding
from stream.settings import CameraSettings

MASK = "_mask"  # behind the name of a picture: where its defect lies, white on black
NAME = re.compile(r"[A-Za-z0-9_.-]{1,80}")


def names_of(pictures: Path | None) -> tuple[str, ...]:
    """The names of the stored pictures, in order; none where there are none."""
    if pictures is None:
        return ()
    if not pictures.is_dir():
        return (pictures.name,) if pictures.is_file() else ()
    files = (file for file in pictures.iterdir() if file.suffix.lower() in SUFFIXES and file.is_file())
    return tuple(sorted(file.name for file in files if not file.stem.endswith(MASK)))


def file_of(pictures: Path, name: str) -> Path:
    """Where the picture of that name lies."""
    return pictures / name if pictures.is_dir() else pictures


def mask_of(picture: Path) -> Path | None:
    """The mask beside it; None where there is none."""
    beside = picture.with_name(f"{picture.stem}{MASK}.png")
    return beside if beside.is_file() else None


def look_at_challenge(camera: CameraSettings, size: PictureSize | None) -> Iterator[Finding]:
    """What is wrong with the stored pictures; `size` of the camera's own, None where nobody knows it yet."""
    pictures, path = camera.challenge.pictures, f"cameras.{camera.name}.challenge.pictures"
    if pictures is None:
        return
    names = names_of(pictures)
    if not names:
        kinds = ", ".join(sorted(SUFFIXES))
        yield Finding(ERROR, path, f"no picture here, got {pictures}; lay one there whose name ends in {kinds}")
    for name in names:
        if not NAME.fullmatch(name):
            yield Finding(ERROR, path, f"a name of 1 to 80 of A-Z a-z 0-9 _ . - is needed, got {name!a}; rename it")
            continue
        yield from _look_at(file_of(pictures, name), path, size)


def _look_at(file: Path, path: str, size: PictureSize | None) -> Iterator[Finding]:
    from detector.pictures import read_picture  # loads PIL, for which a capture has no other use

    for one in (file, mask_of(file)):
        if one is None:
            continue
        try:
            height, width = read_picture(one).shape[:2]
        except PictureError as error:
            yield Finding(ERROR, path, f"{one.name}: {error}")
            continue
        if size is not None and (width, height) != (size.width, size.height):
            said = f"{one.name} has {width}x{height} px, the camera's pictures {size.width}x{size.height}"
            yield Finding(ERROR, path, f"{said}; take one of the camera's own pictures")
