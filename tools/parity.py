"""How far two pairs of networks are apart on the same labelled pictures: logits, verdicts and masks. Needs no torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from .dataset import Sample
from .judging import Fitted, Judged, Seen, Stages, judge, probability
from .measures import scores

FLIP_MARGIN_LOGITS = 0.1  # a verdict nearer to the gate than this may fall to the other side: rounding is no fault
LEAST_MASK_IOU = 0.99  # mean over pictures: in a mask of 70 pixels a single one is more than a hundredth


class Refused(Exception):
    """What came out is not to be used; the message has the figures."""


@dataclass(frozen=True)
class Side:
    """What one pair of networks says of labelled pictures, in their order."""

    judged: Judged
    logits: np.ndarray  # (N, 2) float32
    masks: tuple[np.ndarray, ...]  # of the BAD ones, bits of the network-size mask (np.packbits)


@dataclass(frozen=True)
class Difference:
    """Two sides, compared. Masks are compared at the network's size, where either side has a pixel."""

    pictures: int
    classifier_logits_max_difference: float
    classifier_verdicts_changed: int
    verdicts_changed_beyond_margin: int  # of them, those FLIP_MARGIN_LOGITS and more from the gate on the first side
    masks: int
    mask_iou_min: float
    mask_iou_mean: float
    segmenter_pixels_changed_share_max: float

    def record(self) -> dict[str, Any]:
        """For bundle.yaml."""
        return {**asdict(self), "margin_logits": FLIP_MARGIN_LOGITS}


def side(stages: Stages, samples: list[Sample], fitted: Fitted, what: str, show_progress: bool = True) -> Side:
    """Both networks over every sample. Raises DataError."""
    logits: list[np.ndarray] = []
    masks: list[np.ndarray] = []
    judged = judge(stages, samples, what, show_progress, _keep(logits, masks, fitted))
    return Side(judged, np.array(logits), tuple(masks))


def _keep(logits: list[np.ndarray], masks: list[np.ndarray], fitted: Fitted) -> Callable[[Seen], None]:
    def keep(seen: Seen) -> None:
        logits.append(seen.logits)
        if seen.mask_logits is not None:
            masks.append(np.packbits(probability(seen.mask_logits) > fitted.mask_threshold))

    return keep


def difference(one: Side, other: Side, fitted: Fitted) -> Difference:
    """How far `other` is from `one` over the same samples. Pure."""
    states = [scores(each.judged.margins, fitted.temperature) >= fitted.threshold for each in (one, other)]
    changed = states[0] != states[1]
    gate = np.log(fitted.threshold / (1 - fitted.threshold))
    from_gate = np.abs(one.judged.margins / fitted.temperature - gate)
    ious = [found for a, b in zip(one.masks, other.masks, strict=True) if (found := _iou(a, b)) is not None]
    shares = [_ones(a ^ b) / (8 * a.size) for a, b in zip(one.masks, other.masks, strict=True)]
    return Difference(
        pictures=len(changed),
        classifier_logits_max_difference=round(float(np.abs(one.logits - other.logits).max()), 5),
        classifier_verdicts_changed=int(changed.sum()),
        verdicts_changed_beyond_margin=int((changed & (from_gate > FLIP_MARGIN_LOGITS)).sum()),
        masks=len(ious),
        mask_iou_min=round(min(ious, default=1.0), 5),
        mask_iou_mean=round(float(np.mean(ious)) if ious else 1.0, 5),
        segmenter_pixels_changed_share_max=round(max(shares, default=0.0), 6),
    )


def refuse_difference(found: Difference, what: str) -> None:
    """Raises Refused where a verdict changed that stood clear of the gate, or masks are not the same."""
    if found.verdicts_changed_beyond_margin or found.mask_iou_mean < LEAST_MASK_IOU:
        raise Refused(
            f"{what}: {found.verdicts_changed_beyond_margin} of {found.pictures} verdicts changed that stood more than "
            f"{FLIP_MARGIN_LOGITS:g} logits from the gate (none may); mean IoU of {found.masks} masks "
            f"{found.mask_iou_mean:.4f}, the worst {found.mask_iou_min:.4f} (a mean of {LEAST_MASK_IOU:g} is wanted); "
            f"logits up to {found.classifier_logits_max_difference:g} apart; nothing was written"
        )


def _iou(one: np.ndarray, other: np.ndarray) -> float | None:
    """Of two masks of bits; None where neither has any."""
    union = _ones(one | other)
    return _ones(one & other) / union if union else None


def _ones(bits: np.ndarray) -> int:
    return int(np.bitwise_count(bits).sum(dtype=np.int64))
