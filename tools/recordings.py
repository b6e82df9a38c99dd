"""Recordings with their truth: those on disk, and those drawn and filmed now, in memory."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stream.sources.synthetic.belt import Belt
from stream.sources.synthetic.truth import PartTruth, RecordingTruth, read_truth, truth_path

from .films import decode, encode

SIZE, FPS, CRF = (1280, 720), 25.0, 23  # of drawn recordings


@dataclass(frozen=True)
class Recording:
    """A film and what is true of it."""

    name: str
    film: Path | io.BytesIO
    truth: RecordingTruth

    def pictures(self) -> Iterator[np.ndarray]:
        """Each frame, (H, W, 3) BGR uint8, in order of seq."""
        return decode(self.film)

    @property
    def must_seqs(self) -> set[int]:
        """The frames that are BAD by the rule of visibility."""
        return {seq for part in self.truth.parts for seq in _must(part)}

    @property
    def scratch_seqs(self) -> set[int]:
        """The frames in which any of a scratch is inside the region."""
        parts = (part for part in self.truth.parts if part.scratched)
        return {seq for part in parts for seq in range(part.first_seq, part.last_seq + 1)}


def on_disk(film: Path) -> Recording:
    """The recording with NAME.truth.json beside it. Raises OSError, ValueError."""
    return Recording(film.name, film, read_truth(truth_path(film)))


def drawn(seed: int, seconds: float = 24.0) -> Recording:
    """The belt of that seed, through H.264."""
    belt, film = Belt(*SIZE, FPS, seed), io.BytesIO()
    frames = round(seconds * FPS)
    encode((belt.frame(seq) for seq in range(frames)), film, fps=FPS, crf=CRF)
    film.seek(0)
    return Recording(f"seed {seed}", film, belt.truth(frames))


def _must(part: PartTruth) -> range:
    if part.must_first_seq is None or part.must_last_seq is None:
        return range(0)
    return range(part.must_first_seq, part.must_last_seq + 1)
