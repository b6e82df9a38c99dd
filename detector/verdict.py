"""The words of a judgement: State, Box, Defect, StageTimes, Verdict. Knows no network and no file."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

import numpy as np

Quad = tuple[tuple[int, int], tuple[int, int], tuple[int, int], tuple[int, int]]  # corners x, y, one after the other


class State(str, enum.Enum):
    """What is known of a picture. UNKNOWN is never to be read as GOOD."""

    GOOD = "GOOD"
    BAD = "BAD"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels, half open: x0 <= x < x1, y0 <= y < y1."""

    x0: int
    y0: int
    x1: int
    y1: int

    @property
    def width(self) -> int:
        return self.x1 - self.x0

    @property
    def height(self) -> int:
        return self.y1 - self.y0


@dataclass(frozen=True)
class Defect:
    """One connected piece of the mask, with its measures in pixels of the frame."""

    kind: str
    score: float  # 0..1, mean probability of the segmenter over the piece
    box: Box
    area_px: int
    length_px: float
    width_px: float
    region: str = ""  # the name of the region that most of it lies in; empty where a camera has none


@dataclass(frozen=True)
class RegionVerdict:
    """What was judged of one of a picture's regions."""

    name: str
    state: State
    score: float | None  # the highest of its views; None for UNKNOWN
    reason: str | None = None  # why UNKNOWN
    found: tuple[Quad, ...] = ()  # where codes were found, as corners in the frame's pixels


@dataclass(frozen=True)
class StageTimes:
    """How long each stage of one judgement took, in milliseconds; 0 where a stage did not run."""

    preprocess_ms: float = 0.0
    classify_ms: float = 0.0
    segment_ms: float = 0.0
    postprocess_ms: float = 0.0


@dataclass(frozen=True)
class Verdict:
    """What was judged of one picture.

    Invariants: `score` is None only for UNKNOWN; `mask` is None unless BAD; `reason` is None for GOOD, and for BAD
    unless it says in which regions.
    """

    state: State
    score: float | None  # probability of BAD, 0..1
    defects: tuple[Defect, ...] = ()
    mask: np.ndarray | None = field(default=None, compare=False)  # (H, W) uint8 0/1 in the picture's own pixels
    reason: str | None = None
    bundle_id: str = ""
    settings_id: str = ""
    mask_sha256: str = ""  # hex over the network-size mask and its geometry; empty without a mask
    times: StageTimes = StageTimes()
    regions: tuple[RegionVerdict, ...] = ()  # one each, in the order of the settings; none without regions
