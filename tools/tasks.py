"""What the two networks are to learn: which samples, which loss, which measures. Needs torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F

from detector.verdict import State

from .dataset import Arrays, Sample
from .measures import least_loss

GOOD_FOR_MASKS = 8  # the segmenter sees one GOOD picture in so many, so that it learns empty masks too


@dataclass(frozen=True)
class Task:
    """What the network is to learn."""

    name: str  # classifier | segmenter
    needs_masks: bool
    wants: Callable[[Sample], bool]
    loss: Callable[[torch.Tensor, torch.Tensor, torch.Tensor, float], torch.Tensor]
    measure: Callable[[np.ndarray, Arrays], dict[str, float]]  # from all logits; key "worse" is what is minimised


def classifier_task() -> Task:
    return Task("classifier", False, lambda sample: True, _classifier_loss, _classifier_measures)


def segmenter_task() -> Task:
    return Task("segmenter", True, _wanted_for_masks, _segmenter_loss, _segmenter_measures)


def _wanted_for_masks(sample: Sample) -> bool:
    """BAD pictures and a few GOOD ones, chosen by name."""
    return sample.state is State.BAD or sum(sample.path.name.encode()) % GOOD_FOR_MASKS == 0


def _classifier_loss(logits: torch.Tensor, bad: torch.Tensor, masks: torch.Tensor, weight: float) -> torch.Tensor:
    return F.cross_entropy(logits, bad, weight=logits.new_tensor([1.0, weight]), label_smoothing=0.01)


def _segmenter_loss(logits: torch.Tensor, bad: torch.Tensor, masks: torch.Tensor, weight: float) -> torch.Tensor:
    """Cross-entropy by pixel plus Dice over the batch: thin scratches are few pixels among many."""
    by_pixel = F.binary_cross_entropy_with_logits(logits, masks)
    seen = torch.sigmoid(logits)
    dice = 1 - (2 * (seen * masks).sum() + 1) / ((seen**2).sum() + (masks**2).sum() + 1)
    return by_pixel + dice


def _classifier_measures(logits: np.ndarray, validation: Arrays) -> dict[str, float]:
    margin = (logits[:, 1] - logits[:, 0]).astype(np.float64)
    truth = validation.bad.astype(bool)
    called = margin >= 0
    hits = float((called & truth).sum())
    return {
        "worse": least_loss(margin, truth),
        "accuracy": float((called == truth).mean()),
        "precision": hits / max(1.0, float(called.sum())),
        "recall": hits / max(1.0, float(truth.sum())),
    }


def _segmenter_measures(logits: np.ndarray, validation: Arrays) -> dict[str, float]:
    called, truth = logits[:, 0] > 0, validation.masks > 127
    hits = float((called & truth).sum())
    precision, recall = hits / max(1.0, float(called.sum())), hits / max(1.0, float(truth.sum()))
    dice = 2 * precision * recall / max(1e-9, precision + recall)
    return {"worse": 1 - dice, "pixel_precision": precision, "pixel_recall": recall, "dice": dice}
