"""From a 1080p frame to its verdict: the reference pair's own way against the cascade, with how alike they are."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from detector.cascade import Cascade
from detector.examiner import Networks
from detector.stages import REFERENCE_CLASSIFIER, REFERENCE_DEFECT_KIND, REFERENCE_SEGMENTER
from detector.verdict import State

from .bench_engines_alike import Seen, alike
from .bench_engines_networks import NETWORKS, Way, opened, pair_in
from .bench_rounds import Contender, Row, compare
from .reference_pair import ReferencePair, drawings

REFERENCE = "the reference's way"
DRAWN_MOST = 8  # times as many frames as are wanted: the pair does not call each as it was drawn
Judge = Callable[[np.ndarray], object]


def measure_cascades(ways: Sequence[Way], threads: Sequence[int], count: int, rounds: int, folder: Path) -> list[Row]:
    """Speed on GOOD and on BAD frames for each number of threads, and how alike the verdicts are."""
    pair: ReferencePair = pair_in(folder / "reference")
    seen = _frames(pair, count)
    rows: list[Row] = []
    for number in threads:
        cascades = {way.name: _cascade(way, number, folder) for way in ways if way.engine != "torch"}
        judges: dict[str, Judge] = {REFERENCE: _with_threads(pair, number)}
        judges |= {name: cascade.judge for name, cascade in cascades.items()}
        plural = "" if number == 1 else "s"
        for state in (State.GOOD, State.BAD):
            frames = [frame for frame, said in seen if said.state is state]
            found = [Contender(name, _once(judge, frames)) for name, judge in judges.items()]
            rows += compare(f"1080p {state.value} frame, {number} thread{plural}", found, rounds, REFERENCE)
        setting = f"reference pair, verdicts on {len(seen)} frames, {number} thread{plural}"
        rows += [row for name, cascade in cascades.items() for row in alike(setting, name, cascade, seen)]
    return rows


def _frames(pair: ReferencePair, count: int) -> list[tuple[np.ndarray, Seen]]:
    """As many frames as the reference calls GOOD, and as many BAD."""
    found: dict[State, list[tuple[np.ndarray, Seen]]] = {State.GOOD: [], State.BAD: []}
    for drawing in drawings(DRAWN_MOST * count):
        said = pair.judge(drawing.frame)
        if len(found[said.state]) < count:
            found[said.state].append((drawing.frame, said))
        if all(len(some) == count for some in found.values()):
            break
    return [*found[State.GOOD], *found[State.BAD]]


def _cascade(way: Way, threads: int, folder: Path) -> Cascade:
    names = ("ConvNeXt-Tiny 224", "U-Net EfficientNet-B5 384")
    classifier, segmenter = (opened(way, NETWORKS[name], threads, folder) for name in names)
    return Cascade(
        Networks(classifier, REFERENCE_CLASSIFIER, segmenter, REFERENCE_SEGMENTER),
        defect_kind=REFERENCE_DEFECT_KIND,
        bundle_id="reference",
        settings_id="",
        clock=time.perf_counter,
    )


def _with_threads(pair: ReferencePair, threads: int) -> Judge:
    def judge(frame: np.ndarray) -> object:
        pair.torch.set_num_threads(threads)
        return pair.judge(frame)

    return judge


def _once(judge: Judge, frames: Sequence[np.ndarray]) -> Callable[[], dict[str, float]]:
    def once() -> dict[str, float]:
        began_s, began_cpu_s = time.perf_counter(), time.process_time()
        for frame in frames:
            judge(frame)
        took_s, cpu_s = time.perf_counter() - began_s, time.process_time() - began_cpu_s
        return {"frames/s": len(frames) / took_s, "CPU ms a frame": 1000 * cpu_s / len(frames)}

    return once
