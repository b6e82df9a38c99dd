"""A folder of pictures, in the order that people give their names: img2 before img10."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from detector.errors import PictureError
from detector.files import SUFFIXES
from detector.pictures import pictures_in, read_picture
from stream.sources.source import Picture, SourceError

log = logging.getLogger("linewatch")
_UNREADABLE = np.zeros((1, 1, 3), np.uint8)


class PictureFolder:
    """The pictures that lie in the folder when it is opened. Raises SourceError (final) where there are none."""

    def __init__(self, folder: Path) -> None:
        self._closed = False
        self._told: set[Path] = set()
        try:
            self._files = sorted(pictures_in(folder), key=_natural)
        except OSError as error:
            raise SourceError(f"{folder}: the folder cannot be read: {error.strerror}", final=True) from error
        if not self._files:
            kinds = ", ".join(sorted(SUFFIXES))
            raise SourceError(f"{folder}: no pictures in the folder; it needs files that end in {kinds}", final=True)

    def pictures(self, first_index: int = 0) -> Iterator[Picture]:
        """One picture a file; one that cannot be read keeps its index, and the log says once why."""
        for index, file in enumerate(self._files[first_index:], first_index):
            if self._closed:
                return
            try:
                yield Picture(read_picture(file), index, None)
            except PictureError as error:
                self._tell(file, error)
                yield Picture(_UNREADABLE, index, None, "decode_error")

    def _tell(self, file: Path, error: PictureError) -> None:
        if file not in self._told:
            self._told.add(file)
            log.warning("%s: %s", file.name, error)

    def close(self) -> None:
        self._closed = True


def _natural(file: Path) -> list[tuple[int, int, str]]:
    """Digits count as numbers, the rest as text."""
    parts = re.split(r"([0-9]+)", file.name)
    return [(0, int(part), "") if re.fullmatch("[0-9]+", part) else (1, 0, part.lower()) for part in parts]
