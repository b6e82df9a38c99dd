"""Both networks over labelled samples, as the line runs them: what they say, what to choose, what it is worth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from tqdm import tqdm

from detector.engines.network import Network
from detector.preprocess import network_input, to_picture
from detector.stages import Doubt, InputSpec
from detector.verdict import State

from .dataset import Sample, read_sample
from .measures import (
    average_precision,
    counts,
    expected_calibration_error,
    fewest_mistakes,
    fitted_temperature,
    scores,
)
from .recordings import Recording

MASK_THRESHOLDS = tuple(round(0.2 + 0.05 * i, 2) for i in range(11))


@dataclass(frozen=True)
class Stages:
    """The networks as the line will run them."""

    classifier: Network
    classifier_input: InputSpec
    segmenter: Network
    segmenter_input: InputSpec
    doubt: Doubt | None = None  # of the classifier's, which looks again by itself


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
    """What is chosen, or kept, for a bundle."""

    temperature: float
    threshold: float
    mask_threshold: float


# Argmax and 0.5, as the reference pipeline has them.
AS_IN_THE_REFERENCE = Fitted(temperature=1.0, threshold=0.5, mask_threshold=0.5)


@dataclass(frozen=True)
class Seen:
    """What both networks say of one labelled picture."""

    logits: np.ndarray  # (2,) float32: GOOD, BAD
    mask_logits: np.ndarray | None  # (h, w) float32, at the network's size; None for a GOOD picture


def judge(
    stages: Stages,
    samples: list[Sample],
    what: str,
    show_progress: bool = True,
    each: Callable[[Seen], None] = lambda seen: None,
) -> Judged:
    """Both networks over every sample; the segmenter over BAD ones, whether or not the gate lets them through.

    `each` is handed what was said of each, in order. Raises DataError.
    """
    margins = np.zeros(len(samples))
    pixels = np.zeros((len(MASK_THRESHOLDS), 3), np.int64)
    for i, sample in enumerate(tqdm(samples, desc=what, unit="picture", disable=not show_progress)):
        picture, mask = read_sample(sample)
        logits = stages.classifier.run(network_input(picture, stages.classifier_input))[0]
        margins[i] = float(logits[1]) - float(logits[0])
        mask_logits = None
        if mask is not None:
            mask_logits = stages.segmenter.run(network_input(picture, stages.segmenter_input))[0, 0]
            pixels += _pixels(_in_picture(mask_logits, mask.shape, stages.segmenter_input), mask)
        each(Seen(logits, mask_logits))
    truth = np.array([sample.state is State.BAD for sample in samples])
    return Judged(samples, margins, truth, pixels)


@dataclass(frozen=True)
class Parts:
    """What the gate says of the parts of recordings: of each part the surest frame, for one BAD frame stops it."""

    margins: np.ndarray  # (N,) logit BAD minus logit GOOD
    truth: np.ndarray  # (N,) bool, scratched


def judge_parts(stages: Stages, recording: Recording) -> Parts:
    """The gate over each frame in which a part, or its scratch, is inside the rectangle."""
    box = recording.truth.region
    margins = []
    for picture in recording.pictures():
        region = picture[box.y0 : box.y1, box.x0 : box.x1]
        logits = stages.classifier.run(network_input(region, stages.classifier_input))[0]
        margins.append(float(logits[1]) - float(logits[0]))
    parts = recording.truth.parts
    surest = [max(margins[part.first_seq : part.last_seq + 1]) for part in parts]
    return Parts(np.array(surest), np.array([part.scratched for part in parts], bool))


def fit_thresholds(judged: Judged, films: list[Parts]) -> Fitted:
    """Temperature, the gate's threshold and the mask's.

    The gate's comes from the parts of films where there are any: a part is seen in some twenty frames, and a threshold
    that is best for single pictures would stop the line for every tenth clean part. Without films, from the pictures.
    """
    temperature = fitted_temperature(judged.margins, judged.truth)
    margins = np.concatenate([film.margins for film in films]) if films else judged.margins
    truth = np.concatenate([film.truth for film in films]) if films else judged.truth
    hits, called, scratched = judged.pixels.T
    dice = 2 * hits / np.maximum(1, called + scratched)
    return Fitted(
        temperature,
        fewest_mistakes(margins, truth, temperature),
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


def probability(logits: np.ndarray) -> np.ndarray:
    """The sigmoid, as the line computes it."""
    return 0.5 * (1 + np.tanh(0.5 * logits))


def _in_picture(mask_logits: np.ndarray, size: tuple[int, ...], spec: InputSpec) -> np.ndarray:
    """(H, W) float32: the segmenter's probability in the picture's own size, as the line brings it there."""
    return to_picture(probability(mask_logits), size[0], size[1], spec)


def _pixels(found: np.ndarray, mask: np.ndarray) -> np.ndarray:
    rows = []
    for threshold in MASK_THRESHOLDS:
        called = found > threshold
        rows.append((int((called & (mask > 0)).sum()), int(called.sum()), int(mask.sum())))
    return np.array(rows, np.int64)
