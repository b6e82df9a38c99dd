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
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from tqdm import tqdm

from detector.bundle import SETTINGS_FILE
from detector.engines.network import Network, NetworkRequest
from detector.engines.table import open_network
from detector.preprocess import network_input, network_scale
from detector.stages import InputSpec

from .dataset import DataError, Sample, folder_sha256, read_folder, read_sample, split
from .golden_samples import AREA_TOLERANCE, SCORE_TOLERANCE, write_golden
from .judging import Stages, fit_thresholds, judge, judge_parts, measured
from .networks import PRESETS, Plan
from .onnx_files import write_onnx
from .recordings import drawn
from .train import STAGES, VALIDATION_SHARE

MIN_AREA_PX = 8
PARITY_PICTURES = 24


def export(
    run_folder: Path,
    data: Path,
    out: Path,
    *,
    name: str,
    test: Path | None,
    films: tuple[int, ...] = (),
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
    parts = [judge_parts(stages, drawn(seed)) for seed in tqdm(films, desc="films", disable=not show_progress)]
    fitted = fit_thresholds(judged, parts)
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
        "golden": write_golden(beside, stages, judged, fitted),
        "tolerance": {"score": SCORE_TOLERANCE, "mask_area": AREA_TOLERANCE},
        "training": {
            **record,
            "films_fitted_on": list(films),
            "weights_stored_as": "float16" if half else "float32",
            "commit": _commit(),
        },
        "metrics": metrics,
    }
    (beside / SETTINGS_FILE).write_text(yaml.safe_dump(described, sort_keys=False, width=110))
    shutil.rmtree(out, ignore_errors=True)
    beside.rename(out)
    return described


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
    parser.add_argument("--films", type=int, nargs="*", default=[], help="seeds of drawn recordings to fit on too")
    parser.add_argument("--out", type=Path, required=True, help="the bundle's folder")
    parser.add_argument("--name", default="edge")
    parser.add_argument("--float32", action="store_true", help="store weights in full: twice the size")
    args = parser.parse_args(argv)
    try:
        described = export(
            args.run,
            args.data,
            args.out,
            name=args.name,
            test=args.test,
            films=tuple(args.films),
            half=not args.float32,
        )
    except DataError as error:
        print(error, file=sys.stderr)
        return 2
    print(yaml.safe_dump(described["metrics"], sort_keys=False))
    return 0


if __name__ == "__main__":
    raise SystemExit(run(sys.argv[1:]))
