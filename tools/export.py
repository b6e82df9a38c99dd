"""Makes a bundle (docs/bundle.md) of what tools.train left, and measures it.

    python -m tools.export --run out/edge --data out/codes --test out/held --out out/bundle --name edge

Temperature and thresholds are fitted on the validation part of --data; --test is only measured, never fitted to.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
import yaml
from tqdm import tqdm

from detector.bundle import SETTINGS_FILE
from detector.engines.network import Network, NetworkRequest
from detector.engines.table import open_network
from detector.preprocess import network_input, network_scale, to_picture
from detector.stages import InputSpec
from detector.verdict import State

from .dataset import DataError, Sample, folder_sha256, read_folder, read_sample, split
from .measures import (
    average_precision,
    counts,
    expected_calibration_error,
    fewest_mistakes,
    fitted_temperature,
    scores,
)
from .networks import PRESETS, Plan
from .onnx_files import write_onnx
from .train import VALIDATION_SHARE

MASK_THRESHOLDS = tuple(round(0.2 + 0.05 * i, 2) for i in range(11))
MIN_AREA_PX = 8
PARITY_PICTURES = 24
SCORE_TOLERANCE, AREA_TOLERANCE = 0.02, 0.003


@dataclass(frozen=True)
class Judged:
    """What the networks of a bundle say of labelled samples, by the sample."""

    samples: list[Sample]
    margins: np.ndarray  # (N,) logit BAD minus logit GOOD
    truth: np.ndarray  # (N,) bool, BAD
    pixels: (
        np.ndarray
    )  # (len(MASK_THRESHOLDS), 3): hits, called, scratched pixels of the BAD pictures, in their own size


@dataclass(frozen=True)
class Fitted:
    """What is chosen on the validation part."""

    temperature: float
    threshold: float
    mask_threshold: float


@dataclass(frozen=True)
class Stages:
    """The networks as the line will run them."""

    classifier: Network
    classifier_input: InputSpec
    segmenter: Network
    segmenter_input: InputSpec


def export(
    run_folder: Path,
    data: Path,
    out: Path,
    *,
    name: str,
    test: Path | None,
    half: bool = True,
    show_progress: bool = True,
) -> dict[str, Any]:
    """Write the bundle's folder, in place of what is there; gives what bundle.yaml holds. Raises DataError."""
    record = json.loads((run_folder / "training.json").read_text())
    preset = PRESETS[record["preset"]]
    beside = out.with_name(out.name + ".part")
    shutil.rmtree(beside, ignore_errors=True)
    (beside / "golden").mkdir(parents=True)
    modules = {stage: _trained(getattr(preset, stage), run_folder / f"{stage}.pth") for stage in STAGES}
    for stage, module in modules.items():
        write_onnx(module, getattr(preset, stage).input, beside / f"{stage}.onnx", half=half)
    stages = _open(preset.classifier, preset.segmenter, beside)
    samples = read_folder(data)
    _, validation = split(samples, VALIDATION_SHARE, record["seed"])
    judged = judge(stages, validation, "validation", show_progress)
    fitted = fit_thresholds(judged)
    metrics = {
        "parity_with_torch": _parity(modules, stages, validation[:: max(1, len(validation) // PARITY_PICTURES)]),
        "validation": measured(judged, fitted),
    }
    if test is not None:
        held = read_folder(test)
        metrics["test"] = {
            **measured(judge(stages, held, "test", show_progress), fitted),
            "data_sha256": folder_sha256(held),
        }
    described = {
        "format": 1,
        "name": name,
        "classes": ["GOOD", "BAD"],
        "defect_kind": "scratch",
        "trained_scale": _median_scale(validation, preset.classifier.input),
        "classifier": {
            **_stage(beside / "classifier.onnx", preset.classifier.input),
            "temperature": fitted.temperature,
            "threshold": fitted.threshold,
        },
        "segmenter": {
            **_stage(beside / "segmenter.onnx", preset.segmenter.input),
            "threshold": fitted.mask_threshold,
            "min_area_px": MIN_AREA_PX,
        },
        "golden": _golden(beside, stages, judged, fitted),
        "tolerance": {"score": SCORE_TOLERANCE, "mask_area": AREA_TOLERANCE},
        "training": {**record, "weights_stored_as": "float16" if half else "float32", "commit": _commit()},
        "metrics": metrics,
    }
    (beside / SETTINGS_FILE).write_text(yaml.safe_dump(described, sort_keys=False, width=110))
    shutil.rmtree(out, ignore_errors=True)
    beside.rename(out)
    return described


STAGES = ("classifier", "segmenter")


def judge(stages: Stages, samples: list[Sample], what: str, show_progress: bool = True) -> Judged:
    """Both networks over every sample; the segmenter over BAD ones, whether or not the gate lets them through."""
    margins = np.zeros(len(samples))
    pixels = np.zeros((len(MASK_THRESHOLDS), 3), np.int64)
    for i, sample in enumerate(tqdm(samples, desc=what, unit="picture", disable=not show_progress)):
        picture, mask = read_sample(sample)
        logits = stages.classifier.run(network_input(picture, stages.classifier_input))[0]
        margins[i] = float(logits[1]) - float(logits[0])
        if mask is not None:
            pixels += _pixels(_probability(stages, picture), mask)
    truth = np.array([sample.state is State.BAD for sample in samples])
    return Judged(samples, margins, truth, pixels)


def fit_thresholds(judged: Judged) -> Fitted:
    """Temperature, the gate's threshold and the mask's, best on these samples."""
    temperature = fitted_temperature(judged.margins, judged.truth)
    hits, called, scratched = judged.pixels.T
    dice = 2 * hits / np.maximum(1, called + scratched)
    return Fitted(
        temperature,
        fewest_mistakes(judged.margins, judged.truth, temperature),
        MASK_THRESHOLDS[int(np.argmax(dice))],
    )


def measured(judged: Judged, fitted: Fitted) -> dict[str, Any]:
    """Pictures and pixels at the fitted thresholds; pixels pooled over the BAD pictures, in their own size."""
    score = scores(judged.margins, fitted.temperature)
    hits, called, scratched = judged.pixels[MASK_THRESHOLDS.index(fitted.mask_threshold)]
    return {
        "pictures": len(judged.samples),
        "of_bad": counts(score >= fitted.threshold, judged.truth).summary(),
        "average_precision": round(average_precision(score, judged.truth), 5),
        "calibration_error": round(expected_calibration_error(score, judged.truth), 5),
        "pixel_precision": round(float(hits / max(1, called)), 4),
        "pixel_recall": round(float(hits / max(1, scratched)), 4),
    }


def _trained(plan: Plan, path: Path) -> Any:
    if not path.is_file():
        raise DataError(f"{path}: missing; python -m tools.train writes it")
    module = plan.build()
    module.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    return module.eval()


def _open(classifier: Plan, segmenter: Plan, folder: Path) -> Stages:
    def network(stage: str, spec: InputSpec, output: tuple[int, ...]) -> Network:
        path = folder / f"{stage}.onnx"
        shape = (1, 3, spec.height, spec.width)
        return open_network("onnxruntime", NetworkRequest(path, stage, path.read_bytes, shape, output, "cpu", 1))

    one, two = classifier.input, segmenter.input
    return Stages(
        network("classifier", one, (1, 2)), one, network("segmenter", two, (1, 1, two.height, two.width)), two
    )


def _probability(stages: Stages, picture: np.ndarray) -> np.ndarray:
    """(H, W) float32: the segmenter's, in the picture's own size, as the line brings it there."""
    logits = stages.segmenter.run(network_input(picture, stages.segmenter_input))[0, 0]
    height, width = picture.shape[:2]
    return to_picture(0.5 * (1 + np.tanh(0.5 * logits)), height, width, stages.segmenter_input)


def _pixels(probability: np.ndarray, mask: np.ndarray) -> np.ndarray:
    rows = []
    for threshold in MASK_THRESHOLDS:
        called = probability > threshold
        rows.append((int((called & (mask > 0)).sum()), int(called.sum()), int(mask.sum())))
    return np.array(rows, np.int64)


def _parity(modules: Mapping[str, Any], stages: Stages, samples: list[Sample]) -> dict[str, float]:
    """How far the ONNX files, as stored, are from torch in float32, over real pictures."""
    margin, area, flips = 0.0, 0.0, 0
    with torch.inference_mode():
        for sample in samples:
            picture, _ = read_sample(sample)
            batch = network_input(picture, stages.classifier_input)
            ours, theirs = stages.classifier.run(batch)[0], modules["classifier"](torch.from_numpy(batch))[0].numpy()
            margin = max(margin, float(np.abs(ours - theirs).max()))
            flips += int((ours[1] > ours[0]) != (theirs[1] > theirs[0]))
            batch = network_input(picture, stages.segmenter_input)
            one = stages.segmenter.run(batch)[0, 0] > 0
            two = modules["segmenter"](torch.from_numpy(batch))[0, 0].numpy() > 0
            area = max(area, float((one != two).mean()))
    return {
        "pictures": len(samples),
        "classifier_logits_max_difference": round(margin, 5),
        "classifier_verdicts_changed": flips,
        "segmenter_pixels_changed_share_max": round(area, 6),
    }


def _median_scale(samples: list[Sample], spec: InputSpec) -> float:
    shapes = [read_sample(sample)[0].shape for sample in samples]
    found = [network_scale(height, width, spec) for height, width, _ in shapes]
    return round(float(np.median(found)), 3)


def _stage(path: Path, spec: InputSpec) -> dict[str, Any]:
    return {
        "file": path.name,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "input": [spec.height, spec.width],
        "resize": spec.resize,
        "filter": spec.filter,
        "colour": "RGB",
        "scale": spec.scale,
        "mean": list(spec.mean),
        "std": list(spec.std),
    }


def _golden(folder: Path, stages: Stages, judged: Judged, fitted: Fitted) -> list[dict[str, Any]]:
    """Samples that are judged right, from plain to faint, the plainest GOOD (an empty belt, where there is one) too."""
    score = scores(judged.margins, fitted.temperature)
    clear = np.abs(score - fitted.threshold) > 2 * SCORE_TOLERANCE
    right = clear & ((score >= fitted.threshold) == judged.truth)
    good, bad = np.flatnonzero(right & ~judged.truth), np.flatnonzero(right & judged.truth)
    good, bad = good[np.argsort(score[good])], bad[np.argsort(score[bad])]
    if len(good) == 0 or len(bad) == 0:
        raise DataError("no picture of GOOD or of BAD is judged right with some margin; train longer")
    plainest = min(good, key=lambda i: float(read_sample(judged.samples[i])[0].std()))
    chosen = {
        "good_empty": plainest,
        "good_plain": good[len(good) // 2],
        "good_close": good[-1],
        "bad_plain": bad[len(bad) // 2],
        "bad_fainter": bad[len(bad) // 20],
        "bad_faintest": bad[0],
    }
    return [_golden_sample(folder, name, judged.samples[i], stages, fitted) for name, i in chosen.items()]


def _golden_sample(folder: Path, name: str, sample: Sample, stages: Stages, fitted: Fitted) -> dict[str, Any]:
    picture, _ = read_sample(sample)
    path = folder / "golden" / f"{name}.png"
    cv2.imwrite(str(path), picture, [cv2.IMWRITE_PNG_COMPRESSION, 9])
    logits = stages.classifier.run(network_input(picture, stages.classifier_input))[0].astype(np.float64)
    row: dict[str, Any] = {
        "file": f"golden/{path.name}",
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "state": sample.state.value,
        "score": round(float(scores(logits[1] - logits[0], fitted.temperature)), 5),
    }
    if sample.state is State.BAD:
        logits = stages.segmenter.run(network_input(picture, stages.segmenter_input))[0, 0]
        mask = 0.5 * (1 + np.tanh(0.5 * logits)) > fitted.mask_threshold
        row["mask_area"] = round(float(mask.mean()), 5)
    return row


def _commit() -> str:
    """The commit of the code, or "unknown" outside a clone."""
    found = subprocess.run(
        ["git", "rev-parse", "HEAD"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
        timeout=10,
    )
    return found.stdout.strip() or "unknown"


def run(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tools.export", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--run", type=Path, required=True, help="the --out of tools.train")
    parser.add_argument("--data", type=Path, required=True, help="the --data of tools.train")
    parser.add_argument("--test", type=Path, help="a data folder that was never trained on, to be measured")
    parser.add_argument("--out", type=Path, required=True, help="the bundle's folder")
    parser.add_argument("--name", default="edge")
    parser.add_argument("--float32", action="store_true", help="store weights in full: twice the size")
    args = parser.parse_args(argv)
    try:
        described = export(args.run, args.data, args.out, name=args.name, test=args.test, half=not args.float32)
    except DataError as error:
        print(error, file=sys.stderr)
        return 2
    print(yaml.safe_dump(described["metrics"], sort_keys=False))
    return 0


if __name__ == "__main__":
    raise SystemExit(run(sys.argv[1:]))
