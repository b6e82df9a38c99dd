"""Evaluates on a labelled folder: opens what judges, judges every picture, counts."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tqdm import tqdm

from detector.cascade import Cascade
from detector.opening import open_cascade
from detector.verdict import State

from .dataset import DataError, folder_sha256, read_folder
from .evaluation import Fact
from .evaluation_facts import Judge, describe
from .judged_folder import judge_folder, name_of, open_cascades, read_kinds
from .outcomes import Outcome
from .picture_evaluation import evaluate_pictures
from .report_gallery import Evaluated, from_folder, gallery


@dataclass(frozen=True)
class How:
    """What runs the networks, and at which thresholds."""

    engine: str
    device: str
    threads: int  # of the CPU
    threshold: float | None  # the gate's, over its own
    precision: str = "fp32"  # fp32 | bf16


def evaluate_folder(
    data: Path, judge: Judge, how: How, asked: Sequence[Fact], wanted_recall: float, show_progress: bool
) -> Evaluated:
    """The evaluation of a labelled folder. Raises DataError, OpenError, OSError."""
    samples, kinds = read_folder(data), read_kinds(data)
    cascades = open_cascades(partial(_opened, judge, how), how.threshold)
    described = describe(judge)
    threshold = described.threshold if how.threshold is None else how.threshold
    judged = judge_folder(cascades, samples, kinds)
    outcomes = list(tqdm(judged, "judging", len(samples), unit="picture", disable=not show_progress))
    _refuse_one_sided(outcomes, data)
    facts = [
        *described.facts,
        Fact("threshold", f"{threshold:g} of the gate, {described.mask_threshold:g} of the mask"),
        Fact("engine", cascades.line.engine_name),
        Fact("data", f"{data}, {len(samples)} pictures in {len({s.group for s in samples})} groups"),
        Fact("data sha256", folder_sha256(samples)),
        *asked,
    ]
    evaluation = evaluate_pictures(facts, outcomes, threshold, wanted_recall)
    show = from_folder(samples, cascades.ungated, name_of)
    return Evaluated(evaluation, lambda: gallery(outcomes, lambda _: show))


def _opened(judge: Judge, how: How, threshold: float | None) -> Cascade:
    return open_cascade(
        clock=time.monotonic,
        bundle=judge.bundle,
        classifier=judge.classifier,
        segmenter=judge.segmenter,
        engine=how.engine,
        device=how.device,
        threads=how.threads,
        precision=how.precision,
        classifier_threshold=threshold,
    )


def _refuse_one_sided(outcomes: list[Outcome], data: Path) -> None:
    for state in (State.GOOD, State.BAD):
        mine = [outcome for outcome in outcomes if outcome.truth is state]
        if not any(outcome.judged for outcome in mine):
            why = mine[0].reason if mine else "there is none"
            raise DataError(f"{data / state.value.lower()}: no picture here could be judged; the first: {why}")
