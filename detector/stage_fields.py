"""The two stages of bundle.yaml -> their specs. Knows no file beside the keys it is handed."""

from __future__ import annotations

from detector.bundle_fields import Fields
from detector.preprocess import FILTERS, RESIZES
from detector.stages import LOOKS, ClassifierSpec, Doubt, InputSpec, SegmenterSpec


def classifier_spec(fields: Fields) -> ClassifierSpec:
    """The section `classifier`, whose file and hash were read before. Raises BundleError."""
    temperature, threshold = fields.number("temperature", 1e-3, 1e3), fields.number("threshold", 0.0, 1.0)
    spec = ClassifierSpec(_input(fields), temperature, threshold, _doubt(fields))
    fields.refuse_unknown()
    return spec


def segmenter_spec(fields: Fields) -> SegmenterSpec:
    """The section `segmenter`, whose file and hash were read before. Raises BundleError."""
    spec = SegmenterSpec(_input(fields), fields.number("threshold", 0.0, 1.0), fields.whole("min_area_px", 0, 10**8))
    fields.refuse_unknown()
    return spec


def _doubt(fields: Fields) -> Doubt | None:
    if "doubt" not in fields.values:
        return None
    section = fields.section("doubt")
    above, below = section.number("above", -1e3, 1e3), section.number("below", -1e3, 1e3)
    if below <= above:
        raise section.wrong("below", f"more than above ({above:g})", below)
    doubt = Doubt(above, below, section.whole("looks", 2, 4))
    if doubt.looks not in LOOKS:
        raise section.wrong("looks", "2 or 4", doubt.looks)
    section.refuse_unknown()
    return doubt


def _input(fields: Fields) -> InputSpec:
    fields.choice("colour", ["RGB"])
    height, width = fields.wholes("input", 2, 8, 4096)
    mean = fields.numbers("mean", 3, -1e6, 1e6)
    std = fields.numbers("std", 3, 1e-6, 1e6)
    return InputSpec(
        height=height,
        width=width,
        resize=fields.choice("resize", RESIZES),
        filter=fields.choice("filter", list(FILTERS)),
        scale=fields.number("scale", 1e-9, 1e6),
        mean=(mean[0], mean[1], mean[2]),
        std=(std[0], std[1], std[2]),
    )
