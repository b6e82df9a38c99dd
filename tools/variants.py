"""Cheaper variants of a bundle, each a bundle of its own that says what it costs on labelled pictures."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from detector.engines.network import Network
from detector.stages import InputSpec
from detector.verdict import State

from .bundle_folder import open_stages, stage_rows, write_settings
from .dataset import DataError, Sample, read_sample
from .golden_samples import write_golden
from .judging import Fitted, Stages, measured
from .parity import Refused, Side, difference, side
from .quantised import write_int8

CALIBRATION_PICTURES = 48  # of each state
TIMED_RUNS = 15


@dataclass(frozen=True)
class Limits:
    """How much accuracy a variant may cost."""

    max_cost_points: float = 0.5  # hundredths of accuracy
    keep_costly: bool = False  # written all the same


@dataclass(frozen=True)
class Base:
    """A bundle in its folder, not yet in its place."""

    id: str
    folder: Path
    float32: Path  # folder of its networks in float32
    described: dict[str, Any]  # what its bundle.yaml holds
    stages: Stages
    fitted: Fitted


# What makes an ONNX file of another: (float32 file, its input, pictures to take ranges from, where to).
Writer = Callable[[Path, InputSpec, Iterable[np.ndarray], Path], None]

# bf16 and fp16 are no rows: ONNX Runtime's CPU provider refuses the one and runs the other no faster (docs/export.md).
VARIANTS: dict[str, Writer] = {"int8": write_int8}


def calibration_part(samples: list[Sample]) -> tuple[list[Sample], list[Sample]]:
    """(pictures to take ranges from, the rest): at most a third of each state, and CALIBRATION_PICTURES of it."""
    chosen: list[Sample] = []
    for state in State.GOOD, State.BAD:
        some = [sample for sample in samples if sample.state is state]
        chosen += some[:: max(3, -(-len(some) // CALIBRATION_PICTURES))]
    picked = {sample.path for sample in chosen}
    return chosen, [sample for sample in samples if sample.path not in picked]


def write_variant(
    kind: str,
    base: Base,
    folder: Path,
    calibration: list[Sample],
    labelled: list[Sample],
    limits: Limits,
    show_progress: bool = True,
) -> Base:
    """The variant's whole folder, with the thresholds of its base and golden samples of its own.

    Raises Refused, with what it costs, where that is more than the limits allow.
    """
    stages, fitted = base.stages, base.fitted
    (folder / "golden").mkdir(parents=True)
    for name, spec in (("classifier", stages.classifier_input), ("segmenter", stages.segmenter_input)):
        pictures = (read_sample(sample)[0] for sample in calibration)
        VARIANTS[kind](base.float32 / f"{name}.onnx", spec, pictures, folder / f"{name}.onnx")
    cheaper = open_stages(folder, stages.classifier_input, stages.segmenter_input, stages.doubt)
    ours = side(stages, labelled, fitted, "original", show_progress)
    theirs = side(cheaper, labelled, fitted, kind, show_progress)
    cost = _cost(ours, theirs, fitted)
    _refuse_costly(kind, cost, limits)
    described = {
        **base.described,
        "name": f"{base.described['name']}-{kind}",
        **stage_rows(folder, cheaper, fitted, base.described["segmenter"]["min_area_px"]),
        "golden": _golden(folder, kind, cheaper, theirs, fitted),
        "training": {
            **base.described["training"],
            "variant": kind,
            "variant_of": base.id,
            "weights_stored_as": kind,
            "calibrated_on_pictures": len(calibration),
        },
        "metrics": {
            "cost": {**cost, "bytes": _sizes(base.folder, folder), "ms": _speeds(stages, cheaper)},
        },
    }
    return Base(write_settings(folder, described), folder, base.float32, described, cheaper, fitted)


def _cost(original: Side, variant: Side, fitted: Fitted) -> dict[str, Any]:
    """The figures of both on the same pictures, and how the two differ. Pure."""
    one, other = measured(original.judged, fitted), measured(variant.judged, fitted)
    lost = 100 * (one["of_bad"]["accuracy"] - other["of_bad"]["accuracy"])
    return {
        "accuracy_points": round(lost, 3),
        "original": one,
        "variant": other,
        "between_them": difference(original, variant, fitted).record(),
    }


def _refuse_costly(kind: str, cost: dict[str, Any], limits: Limits) -> None:
    if cost["accuracy_points"] <= limits.max_cost_points or limits.keep_costly:
        return
    one, other, apart = cost["original"], cost["variant"], cost["between_them"]
    raise Refused(
        f"{kind}: costs {cost['accuracy_points']:g} points of accuracy on {one['pictures']} labelled pictures; at most "
        f"{limits.max_cost_points:g} is wanted\n"
        f"  accuracy          {one['of_bad']['accuracy']:.4f} -> {other['of_bad']['accuracy']:.4f}\n"
        f"  precision of BAD  {one['of_bad']['precision']:.4f} -> {other['of_bad']['precision']:.4f}\n"
        f"  recall of BAD     {one['of_bad']['recall']:.4f} -> {other['of_bad']['recall']:.4f}\n"
        f"  verdicts changed  {apart['classifier_verdicts_changed']}, mean IoU of masks {apart['mask_iou_mean']:.4f}\n"
        f"The {kind} variant was not written; --keep-costly writes it all the same, --max-cost POINTS allows more"
    )


def _golden(folder: Path, kind: str, stages: Stages, theirs: Side, fitted: Fitted) -> list[dict[str, Any]]:
    try:
        return write_golden(folder, stages, theirs.judged, fitted)
    except DataError as error:
        raise Refused(f"{kind}: {error}; the variant was not written") from error


def _sizes(base: Path, variant: Path) -> dict[str, int]:
    return {
        f"{stage}_{which}": (folder / f"{stage}.onnx").stat().st_size
        for stage in ("classifier", "segmenter")
        for which, folder in (("original", base), ("variant", variant))
    }


def _speeds(original: Stages, variant: Stages) -> dict[str, float]:
    """Median time of one picture through each network, in turns, on this machine and one thread."""
    found = {}
    for stage in ("classifier", "segmenter"):
        spec = getattr(original, f"{stage}_input")
        batch = np.zeros((1, 3, spec.height, spec.width), np.float32)
        pair = {"original": getattr(original, stage), "variant": getattr(variant, stage)}
        runs: dict[str, list[float]] = {which: [] for which in pair}
        for _ in range(TIMED_RUNS):
            for which, network in pair.items():
                runs[which].append(_time_ms(network, batch))
        found.update({f"{stage}_{which}": round(float(np.median(times)), 2) for which, times in runs.items()})
    return found


def _time_ms(network: Network, batch: np.ndarray) -> float:
    before_s = time.perf_counter()
    network.run(batch)
    return (time.perf_counter() - before_s) * 1000
