"""Makes a bundle of trained networks: exports, fits, measures, compares with torch, and only then puts it in place."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from detector.doubting import doubting
from detector.preprocess import network_scale
from detector.stages import REFERENCE_DEFECT_KIND, InputSpec

from .bundle_folder import code_on_record, open_stages, put_in_place, refuse_foreign, stage_rows, write_settings
from .checkpoints import Trained
from .dataset import Sample, folder_sha256, read_folder, read_sample
from .golden_samples import write_golden
from .judging import AS_IN_THE_REFERENCE, Fitted, Judged, Stages, fit_thresholds, judge, judge_parts, measured
from .onnx_files import store_in_half, write_onnx
from .parity import difference, refuse_difference, side
from .recordings import drawn
from .run_folder import read_validation
from .variants import Base, Limits, calibration_part, write_variant

PARITY_PICTURES = 48
STAGES = ("classifier", "segmenter")
NO_LOSS = Limits(max_cost_points=0.0)


@dataclass(frozen=True)
class Wish:
    """What is wanted of an export."""

    data: Path  # labelled: fitted to, measured, compared with torch
    out: Path
    name: str
    test: Path | None = None  # labelled: measured only
    films: tuple[int, ...] = ()  # seeds of drawn recordings to fit on too
    fit: str = "all"  # nothing | temperature | all
    half: bool = True  # store weights as float16
    variants: tuple[str, ...] = ()
    limits: Limits = NO_LOSS
    show_progress: bool = True


@dataclass(frozen=True)
class Made:
    """A bundle that was written."""

    id: str
    out: Path
    described: dict[str, Any]  # what its bundle.yaml holds


@dataclass(frozen=True)
class Labelled:
    """The labelled pictures, by what they are for."""

    name: str  # validation: no weight was fitted to them; data: nobody here knows
    fitting: list[Sample]
    calibration: list[Sample]  # that an int8 variant takes its ranges from
    cost: list[Sample]  # that a variant's cost is measured on; none of calibration
    test: list[Sample] | None


def make(trained: Trained, wish: Wish) -> Iterator[Made]:
    """The bundle, then each variant that is wanted, each as soon as it is in its place.

    Raises DataError, OpenError, and Refused: for a bundle that is not what torch gave (nothing is written), or for a
    variant that costs too much (the bundle, and the variants before it, stay).
    """
    for suffix in ("", *(f"-{kind}" for kind in wish.variants)):
        refuse_foreign(wish.out.with_name(wish.out.name + suffix))
    labelled = _labelled(trained, wish)
    wish.out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{wish.out.name}.", dir=wish.out.parent) as name:
        work = Path(name)
        stages = _write_networks(trained, work, wish.half)
        base = _write_bundle(trained, wish, labelled, work, stages)
        put_in_place(base.folder, wish.out)
        base = replace(base, folder=wish.out)
        yield Made(base.id, base.folder, base.described)
        for kind in wish.variants:
            out = wish.out.with_name(f"{wish.out.name}-{kind}")
            variant = write_variant(
                kind, base, work / kind, labelled.calibration, labelled.cost, wish.limits, wish.show_progress
            )
            put_in_place(work / kind, out)
            yield Made(variant.id, out, variant.described)


def _labelled(trained: Trained, wish: Wish) -> Labelled:
    every = read_folder(wish.data, show_progress=wish.show_progress)
    test = None if wish.test is None else read_folder(wish.test, show_progress=wish.show_progress)
    if trained.run is not None:
        validation = read_validation(trained.run, wish.data, every)
        kept = {sample.path for sample in validation}
        calibration, _ = calibration_part([sample for sample in every if sample.path not in kept])
        return Labelled("validation", validation, calibration, test or validation, test)
    calibration, rest = calibration_part(every)
    return Labelled("data", every, calibration, test or rest, test)


def _write_networks(trained: Trained, work: Path, half: bool) -> Stages:
    """float32/STAGE.onnx, of which variants are made, and bundle/STAGE.onnx as it will be shipped."""
    for folder in ("float32", "bundle/golden"):
        (work / folder).mkdir(parents=True)
    for name in STAGES:
        stage = getattr(trained, name)
        whole, shipped = work / "float32" / f"{name}.onnx", work / "bundle" / f"{name}.onnx"
        write_onnx(stage.module, stage.input, whole)
        if half:
            store_in_half(whole, shipped)
        else:
            shipped.hardlink_to(whole)
    return open_stages(work / "bundle", trained.classifier.input, trained.segmenter.input, trained.doubt)


def _write_bundle(trained: Trained, wish: Wish, labelled: Labelled, work: Path, stages: Stages) -> Base:
    folder, show = work / "bundle", wish.show_progress
    judged = judge(stages, labelled.fitting, labelled.name, show)
    fitted = _fitted(wish, stages, judged)
    metrics: dict[str, Any] = {
        "parity_with_torch": _parity(trained, stages, labelled.fitting, fitted, show),
        labelled.name: measured(judged, fitted),
    }
    if labelled.test is not None:
        on_test = measured(judge(stages, labelled.test, "test", show), fitted)
        metrics["test"] = {**on_test, "data_sha256": folder_sha256(labelled.test)}
    described = {
        "format": 1,
        "name": wish.name,
        "classes": ["GOOD", "BAD"],
        "defect_kind": REFERENCE_DEFECT_KIND,
        "trained_scale": _median_scale(labelled.fitting, trained.classifier.input),
        **stage_rows(folder, stages, fitted, trained.min_area_px),
        "golden": write_golden(folder, stages, judged, fitted),
        "training": {
            **trained.record,
            "fitted": {"what": wish.fit, "on": labelled.name, "data_sha256": folder_sha256(labelled.fitting)},
            "films_fitted_on": list(wish.films),
            "weights_stored_as": "float16" if wish.half else "float32",
            **code_on_record(),
        },
        "metrics": metrics,
    }
    return Base(write_settings(folder, described), folder, work / "float32", described, stages, fitted)


def _fitted(wish: Wish, stages: Stages, judged: Judged) -> Fitted:
    """What --fit asks for. With a gate of 0.5 no temperature changes a verdict: softmax keeps the order."""
    seeds = tqdm(wish.films, "films", disable=not (wish.films and wish.show_progress))
    films = [judge_parts(stages, drawn(seed)) for seed in seeds]
    fitted = fit_thresholds(judged, films)
    kept = asdict(AS_IN_THE_REFERENCE)
    if wish.fit == "temperature":
        return Fitted(**{**kept, "temperature": fitted.temperature})
    return fitted if wish.fit == "all" else AS_IN_THE_REFERENCE


def _parity(trained: Trained, stages: Stages, samples: list[Sample], fitted: Fitted, show: bool) -> dict[str, Any]:
    """The ONNX files as stored against torch in float32, over pictures of both states. Raises Refused."""
    some = samples[:: -(-len(samples) // PARITY_PICTURES)]
    gate, marks = trained.classifier, trained.segmenter
    torch = Stages(doubting(gate, trained.doubt), gate.input, marks, marks.input, trained.doubt)
    ours, theirs = side(stages, some, fitted, "ONNX", show), side(torch, some, fitted, "torch", show)
    found = difference(theirs, ours, fitted)
    refuse_difference(found, "the exported networks are not those that torch runs")
    return found.record()


def _median_scale(samples: list[Sample], spec: InputSpec) -> float:
    shapes = [read_sample(sample)[0].shape for sample in samples]
    return round(float(np.median([network_scale(height, width, spec) for height, width, _ in shapes])), 3)
