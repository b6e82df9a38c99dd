"""What a source gives, all of it, as a test looks at it."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass

import numpy as np

from stream.sources.source import Source, SourceError


@dataclass(frozen=True)
class Read:
    """A source read to its end."""

    pixels: list[np.ndarray]
    indexes: list[int]
    problems: list[str | None]
    times_s: list[float | None]
    error: SourceError | None

    @property
    def named(self) -> bool:
        """Whether anything was said to be wrong."""
        return self.error is not None or set(self.problems) != {None}

    @property
    def whole(self) -> list[int]:
        return [index for index, problem in zip(self.indexes, self.problems, strict=True) if problem is None]


def read(source: Source, first_index: int = 0) -> Read:
    pixels, indexes, problems, times_s, error = [], [], [], [], None
    with closing(source):
        try:
            for picture in source.pictures(first_index):
                assert picture.pixels.dtype == np.uint8 and picture.pixels.ndim == 3 and picture.pixels.shape[2] == 3
                pixels.append(picture.pixels.copy())
                indexes.append(picture.index)
                problems.append(picture.problem)
                times_s.append(picture.pts_s)
        except SourceError as caught:
            error = caught
    return Read(pixels, indexes, problems, times_s, error)
