"""Writes a bundle's folder (docs/bundle.md): the rows of bundle.yaml, and the folder into its place."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml

from detector.bundle import SETTINGS_FILE
from detector.doubting import doubting
from detector.engines.network import Network, NetworkRequest
from detector.engines.table import open_network
from detector.opening import open_cascade
from detector.stages import Doubt, InputSpec

from .dataset import DataError
from .golden_samples import AREA_TOLERANCE, SCORE_TOLERANCE
from .judging import Fitted, Stages

THREADS = 1


def open_stages(folder: Path, classifier: InputSpec, segmenter: InputSpec, doubt: Doubt | None = None) -> Stages:
    """The folder's two ONNX files, as a line on a CPU runs them. Raises EngineError."""

    def network(stage: str, spec: InputSpec, output: tuple[int, ...]) -> Network:
        path = folder / f"{stage}.onnx"
        shape = (1, 3, spec.height, spec.width)
        return open_network("onnxruntime", NetworkRequest(path, stage, path.read_bytes, shape, output, "cpu", THREADS))

    one = network("classifier", classifier, (1, 2))
    two = network("segmenter", segmenter, (1, 1, segmenter.height, segmenter.width))
    return Stages(doubting(one, doubt), classifier, two, segmenter, doubt)


def stage_rows(folder: Path, stages: Stages, fitted: Fitted, min_area_px: int) -> dict[str, Any]:
    """The sections `classifier` and `segmenter`, and the tolerance of the golden samples."""
    return {
        "classifier": {
            **_stage(folder / "classifier.onnx", stages.classifier_input),
            "temperature": fitted.temperature,
            "threshold": fitted.threshold,
            **({} if stages.doubt is None else {"doubt": asdict(stages.doubt)}),
        },
        "segmenter": {
            **_stage(folder / "segmenter.onnx", stages.segmenter_input),
            "threshold": fitted.mask_threshold,
            "min_area_px": min_area_px,
        },
        "tolerance": {"score": SCORE_TOLERANCE, "mask_area": AREA_TOLERANCE},
    }


def write_settings(folder: Path, described: dict[str, Any]) -> str:
    """bundle.yaml; gives the bundle's id, by opening it as a line will. Raises OpenError."""
    plain = json.loads(json.dumps(described))  # YAML would write what stands in two places as an alias; none are read
    (folder / SETTINGS_FILE).write_text(yaml.safe_dump(plain, sort_keys=False, width=110))
    return open_cascade(clock=time.monotonic, bundle=folder, device="cpu", threads=THREADS).bundle_id


def refuse_foreign(out: Path) -> None:
    """Raises DataError where `out` holds something that is no bundle: it would be removed."""
    if out.exists() and not (out / SETTINGS_FILE).is_file() and not (out.is_dir() and not any(out.iterdir())):
        raise DataError(f"{out}: exists and is no bundle; it would be replaced: choose another --out, or remove it")


def put_in_place(made: Path, out: Path) -> None:
    """The folder becomes `out`, in place of the bundle that is there."""
    shutil.rmtree(out, ignore_errors=True)
    made.rename(out)


def code_on_record() -> dict[str, Any]:
    """The commit of the code that exports, and whether its files were as committed; "unknown" outside a clone."""
    commit, changed = _git("rev-parse", "HEAD"), _git("status", "--porcelain", "--untracked-files=no")
    if commit is None:
        return {"commit": "unknown"}
    return {"commit": commit, "uncommitted_changes": bool(changed)}


def _git(*words: str) -> str | None:
    try:
        found = subprocess.run(
            ["git", *words], cwd=Path(__file__).parent, capture_output=True, text=True, check=False, timeout=10
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return found.stdout.strip() if found.returncode == 0 else None


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
