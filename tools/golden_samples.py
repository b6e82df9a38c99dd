"""Chooses the pictures by which a bundle proves itself at load, and writes them with what must come out."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from detector.preprocess import network_input
from detector.verdict import State

from .dataset import DataError, Sample, read_sample
from .judging import Fitted, Judged, Stages, probability
from .measures import scores

SCORE_TOLERANCE, AREA_TOLERANCE = 0.03, 0.003  # bf16 differs by an eighth of a logit: 0.026 of a score of 0.72
CLEAR_LOGITS = 0.7  # a sample nearer to the gate could fall to the other side on another device


def write_golden(folder: Path, stages: Stages, judged: Judged, fitted: Fitted) -> list[dict[str, Any]]:
    """Samples that are judged right, from plain to faint, the plainest GOOD (an empty belt, where there is one) too."""
    score = scores(judged.margins, fitted.temperature)
    gate = np.log(fitted.threshold / (1 - fitted.threshold))
    clear = np.abs(judged.margins / fitted.temperature - gate) > CLEAR_LOGITS
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
        mask = probability(logits) > fitted.mask_threshold
        row["mask_area"] = round(float(mask.mean()), 5)
    return row
