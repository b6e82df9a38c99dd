"""What each of the two networks wants and how its output is read. Knows no file and no engine."""

from __future__ import annotations

from dataclasses import dataclass

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class InputSpec:
    """How a picture becomes a network's input: resized, RGB, x * scale, then (x - mean) / std."""

    height: int  # network pixels
    width: int
    resize: str  # stretch | pad: centred on black to a square, then stretched
    filter: str  # bilinear | bicubic: PIL's antialiased filters
    scale: float
    mean: tuple[float, float, float]  # of R, G, B, after scale
    std: tuple[float, float, float]


LOOKS = (2, 4)  # at a picture in doubt


@dataclass(frozen=True)
class Doubt:
    """Where the gate looks again, at the picture mirrored, one look after another (doubting.py)."""

    above: float  # logit of BAD less that of GOOD, before the temperature; between these two it looks again
    below: float
    looks: int  # at most, in all: 2 (left for right, too) or 4 (top for bottom, and both)


@dataclass(frozen=True)
class ClassifierSpec:
    """The gate: BAD where softmax(logits / temperature)[1] >= threshold."""

    input: InputSpec
    temperature: float
    threshold: float  # 0..1
    doubt: Doubt | None = None  # None: one look


@dataclass(frozen=True)
class SegmenterSpec:
    """The mask: a pixel belongs to a defect where sigmoid(logit) > threshold."""

    input: InputSpec
    threshold: float  # 0..1
    min_area_px: int  # smaller pieces, in pixels of the picture, are not listed as defects


# The reference pipeline, whose checkpoints must give the verdicts they gave there (docs/bundle.md).
REFERENCE_CLASSIFIER = ClassifierSpec(
    input=InputSpec(224, 224, "stretch", "bilinear", 1 / 255, IMAGENET_MEAN, IMAGENET_STD),
    temperature=1.0,
    threshold=0.5,
)
REFERENCE_SEGMENTER = SegmenterSpec(
    input=InputSpec(384, 384, "pad", "bicubic", 1 / 255, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
    threshold=0.5,
    min_area_px=0,
)
REFERENCE_DEFECT_KIND = "scratch"
