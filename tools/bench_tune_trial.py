"""One setup of the networks on trial: golden samples, labelled pictures, time. Knows no command line."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

import numpy as np
from tqdm import tqdm

from detector.bundle import SHIPPED, open_bundle
from detector.cascade import Cascade
from detector.engines.onnxruntime_engine import offers_cuda
from detector.engines.openvino_engine import computes_bf16, is_here
from detector.errors import OpenError
from detector.opening import open_cascade
from detector.pictures import decode
from detector.verdict import State
from stream.judge import open_judge
from stream.settings import InspectorSettings

from .bench_rounds import Contender, Row
from .golden_set import Labelled
from .tuning import Setup, Times, too_much_lost

GOOD, BAD, WEIGHTED = "ms a GOOD picture", "ms a BAD picture", "ms, weighted"


@dataclass(frozen=True)
class Passed:
    """A setup that may judge."""

    setup: Setup
    cascade: Cascade  # with the bundle's own thresholds, under which its samples come out as they are labelled
    pictures: Mapping[State, Sequence[np.ndarray]]
    accuracy: float | None  # on the labelled pictures, with the line's thresholds; None without any


def able_here() -> list[tuple[str, str, str]]:
    """Engine, device and precision of all that this computer has, the plainest first."""
    able = [("onnxruntime", "cpu", "fp32")]
    if offers_cuda():
        able.append(("onnxruntime", "cuda", "fp32"))
    if is_here():
        able.append(("openvino", "cpu", "fp32"))
    if computes_bf16():
        able.append(("openvino", "cpu", "bf16"))
    return able


def tried(
    wanted: InspectorSettings, setup: Setup, samples: Sequence[Labelled], before: Iterable[Passed]
) -> Passed | str:
    """The setup, opened, with what it gets right; or why it must not judge."""
    bundle = wanted.bundle or SHIPPED
    try:
        cascade = open_cascade(
            clock=time.perf_counter,
            bundle=bundle,
            engine=setup.engine,
            device=setup.device,
            threads=setup.threads,
            precision=setup.precision,
            batch=wanted.batch,
        )
        pictures = {
            state: [decode(one.file.read()) for one in open_bundle(bundle).golden if one.state is state]
            for state in (State.GOOD, State.BAD)
        }
        return Passed(setup, cascade, pictures, _accuracy(wanted, setup, samples, before))
    except OpenError as error:
        return str(error)


def refused_by_accuracy(one: Passed, before: Sequence[Passed], most_lost: float) -> str:
    """Why it gets too much wrong, against the plainest; empty where it does not."""
    plainest = next(iter(before), one)
    if one.accuracy is None or plainest.accuracy is None:
        return ""
    if not too_much_lost(one.accuracy, plainest.accuracy, most_lost):
        return ""
    return (
        f"gets {one.accuracy:.4f} of the labelled pictures right, {plainest.setup} {plainest.accuracy:.4f}: more than "
        f"{most_lost:g} lost"
    )


def contender(one: Passed, bad_share: float) -> Contender:
    """One round: every golden picture once."""

    def once() -> dict[str, float]:
        times = Times(*(_median_ms(one.cascade, one.pictures[state]) for state in (State.GOOD, State.BAD)))
        return {GOOD: times.good_ms, BAD: times.bad_ms, WEIGHTED: times.weighted_ms(bad_share)}

    return Contender(str(one.setup), once)


def times_of(rows: Iterable[Row], setup: Setup) -> Times:
    """The medians that the rounds came to."""
    found = {row.quantity: row.median for row in rows if row.name == str(setup)}
    return Times(found[GOOD], found[BAD])


def _median_ms(cascade: Cascade, pictures: Sequence[np.ndarray]) -> float:
    taken = []
    for picture in pictures:
        began_s = time.perf_counter()
        cascade.judge(picture)
        taken.append(1000.0 * (time.perf_counter() - began_s))
    return median(taken)


def _accuracy(
    wanted: InspectorSettings, setup: Setup, samples: Sequence[Labelled], before: Iterable[Passed]
) -> float | None:
    """The share of labelled pictures that the line would judge right; measured once for all counts of threads."""
    if not samples:
        return None
    alike = (setup.engine, setup.device, setup.precision)
    for other in before:
        if (other.setup.engine, other.setup.device, other.setup.precision) == alike:
            return other.accuracy
    settings = replace(
        wanted, engine=setup.engine, device=setup.device, precision=setup.precision, threads=setup.threads
    )
    cascade = open_judge(settings)
    shown = tqdm(samples, f"labelled pictures, {setup}", unit="picture", disable=None)
    right = [cascade.judge(sample.picture()).state is sample.truth for sample in shown]
    return sum(right) / len(right)
