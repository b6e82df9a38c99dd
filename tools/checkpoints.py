"""The torch modules that a bundle is made of: those of a run of tools.train, or two of the reference pipeline's.

Knows no ONNX and no data. Needs torch.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from detector.engines.architectures import Architecture, recognised
from detector.engines.network import NetworkRequest
from detector.engines.table import open_network
from detector.opening import read_checkpoint
from detector.stages import REFERENCE_CLASSIFIER, REFERENCE_SEGMENTER, Doubt, InputSpec

from .dataset import DataError
from .networks import PRESETS, Plan

MIN_AREA_PX = 8  # smaller pieces are no scratch that the trained networks of tools.train could vouch for


@dataclass(frozen=True)
class Stage:
    """One network as it was trained, and what it is fed."""

    module: Any  # torch.nn.Module in evaluation mode, (N, 3, h, w) -> logits
    input: InputSpec
    description: str = "torch"

    def run(self, batch: np.ndarray) -> np.ndarray:
        """The logits, float32, of batch (N, 3, h, w) float32: so that a stage is a Network, too."""
        with torch.inference_mode():
            return np.asarray(self.module(torch.from_numpy(batch)).float().numpy())


@dataclass(frozen=True)
class Trained:
    """Both stages and what is on record of how they came to be."""

    classifier: Stage
    segmenter: Stage
    min_area_px: int
    record: Mapping[str, Any]
    run: Path | None  # the folder of tools.train, which knows what was kept from training; None: nobody here does
    doubt: Doubt | None = None  # where the classifier looks again


def of_run(folder: Path) -> Trained:
    """What tools.train left in `folder`. Raises DataError."""
    path = folder / "training.json"
    try:
        record = json.loads(path.read_text())
        preset = PRESETS[record["preset"]]
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); --run wants the --out of tools.train") from error
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path}: no record of tools.train ({error!r}); train again") from error
    return Trained(
        _of_plan(preset.classifier, folder / "classifier.pth"),
        _of_plan(preset.segmenter, folder / "segmenter.pth"),
        MIN_AREA_PX,
        record,
        folder,
        preset.classifier.doubt,
    )


def of_reference(classifier: Path, segmenter: Path) -> Trained:
    """Two of the reference pipeline's checkpoints, fed as they are there. Raises EngineError."""
    one = _of_reference(classifier, "classifier", REFERENCE_CLASSIFIER.input, (1, 2))
    shape = (1, 1, REFERENCE_SEGMENTER.input.height, REFERENCE_SEGMENTER.input.width)
    two = _of_reference(segmenter, "segmenter", REFERENCE_SEGMENTER.input, shape)
    record = {
        "checkpoints": "of the reference pipeline; trained elsewhere",
        "classifier": _on_record(classifier, one),
        "segmenter": _on_record(segmenter, two),
    }
    return Trained(one, two, REFERENCE_SEGMENTER.min_area_px, record, None)


def _of_plan(plan: Plan, path: Path) -> Stage:
    if not path.is_file():
        raise DataError(f"{path}: missing; python -m tools.train writes it")
    module = plan.build()
    try:
        module.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    except Exception as error:  # a damaged file can make the unpickler raise nearly anything
        why = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
        raise DataError(f"{path}: no weights of {plan.name} ({why}); train that stage again") from error
    return Stage(module.eval(), plan.input)


def _of_reference(path: Path, kind: str, spec: InputSpec, output: tuple[int, ...]) -> Stage:
    """Opened by the detector first, which refuses what is no such checkpoint; then built once more to be exported."""
    raw = read_checkpoint(path, kind)
    shape = (1, 3, spec.height, spec.width)
    open_network("torch", NetworkRequest(path, kind, lambda: raw, shape, output, "cpu", threads=1))
    weights = torch.load(path, map_location="cpu", weights_only=True)
    architecture = _known(weights)
    module = architecture.build()
    module.load_state_dict(weights)
    return Stage(module.eval(), spec, architecture.name)


def _known(weights: Mapping[str, Any]) -> Architecture:
    found = recognised(weights)
    assert found is not None  # the detector has opened it
    return found


def _on_record(path: Path, stage: Stage) -> dict[str, str]:
    return {
        "network": stage.description,
        "checkpoint": path.name,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }
