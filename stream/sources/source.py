"""What every source gives: a Protocol and its words. Knows no kind of source (see table.py)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np


class SourceError(Exception):
    """The source cannot be opened or went away; the text says in plain words what was wrong and what to do.

    Never carries a password. `final` means that trying again cannot help (no such file, not a video).
    """

    def __init__(self, text: str, *, final: bool = False) -> None:
        super().__init__(text)
        self.final = final


@dataclass(frozen=True)
class Picture:
    """One picture as a source hands it over. `pixels` may be reused by the source after the next step."""

    pixels: np.ndarray  # (H, W, 3) BGR uint8
    index: int  # files and folders: index of the decoded picture; live: counts from 0 since opening
    pts_s: float | None  # the source's own time of the picture, seconds since its start; None where it has none
    problem: str | None = None  # the picture must not be judged (it is then UNKNOWN, with this as its reason)


class Source(Protocol):
    """An opened source: iterate over its pictures, then close it. `close` may be called twice, from any thread."""

    def pictures(self, first_index: int = 0) -> Iterator[Picture]:
        """Pictures in order. Files and folders start at `first_index`, live sources ignore it.

        Ends when a file is over. Raises SourceError when the source goes away, is silent too long, or breaks in
        the middle; every picture handed over before that stands.
        """
        ...

    def close(self) -> None: ...
