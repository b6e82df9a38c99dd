"""Where a frame's time goes, and the processors': what was seen of a line, as quantities by kind of frame and by role.

Pure. Times are those of the line's own clocks: `until leased` is from capture to the moment at which the inspector has
the frame in hand; `rest` is what an inspector does around the four stages.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from stream.messages import Judged
from tools.bench_running import CpuSample

STAGES: dict[str, Callable[[Judged], float]] = {
    "until leased": lambda j: (j.taken_mono_ns - j.frame.captured_mono_ns) / 1e6,
    "preprocess": lambda j: j.verdict.stages_ms[0],
    "classify": lambda j: j.verdict.stages_ms[1],
    "segment": lambda j: j.verdict.stages_ms[2],
    "postprocess": lambda j: j.verdict.stages_ms[3],
    "rest": lambda j: (j.judged_mono_ns - j.taken_mono_ns) / 1e6 - sum(j.verdict.stages_ms),
    "in all": lambda j: (j.judged_mono_ns - j.frame.captured_mono_ns) / 1e6,
}
BEHIND_BAD = "GOOD behind BAD"
KINDS = ("GOOD", BEHIND_BAD, "BAD", "UNKNOWN")
ALL = "all together"


def kinds(judged: Sequence[Judged]) -> dict[str, list[Judged]]:
    """The verdicts by state; those GOOD ones apart that came straight behind a BAD frame. Empty kinds are left out."""
    bad = {(j.frame.camera, j.frame.run, j.frame.seq) for j in judged if j.verdict.state == "BAD"}
    found: dict[str, list[Judged]] = {kind: [] for kind in KINDS}
    for one in judged:
        behind = (one.frame.camera, one.frame.run, one.frame.seq - 1) in bad
        found[BEHIND_BAD if behind and one.verdict.state == "GOOD" else one.verdict.state].append(one)
    return {kind: some for kind, some in found.items() if some}


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` (0..1) of the values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(1, math.ceil(share * len(ordered))) - 1]


def stage_ms(judged: Sequence[Judged], share: float) -> dict[str, dict[str, float]]:
    """Kind of frame -> stage -> that percentile of its milliseconds. Each stage by itself: they need not add up."""
    return {
        kind: {f"{stage}, ms": percentile([took(one) for one in some], share) for stage, took in STAGES.items()}
        for kind, some in kinds(judged).items()
    }


def middle(judged: Sequence[Judged]) -> tuple[int, int]:
    """When (monotonic, ns) a tenth and nine tenths of the verdicts were there. Raises ValueError for under 20."""
    if len(judged) < 20:
        raise ValueError(f"{len(judged)} verdicts were seen; at least 20 are wanted: give more --seconds")
    times = sorted(one.judged_mono_ns for one in judged)
    return times[len(times) // 10], times[len(times) * 9 // 10]


def rate(judged: Sequence[Judged]) -> float:
    """Frames/s between a tenth and nine tenths of all."""
    since_ns, until_ns = middle(judged)
    frames = sum(since_ns < one.judged_mono_ns <= until_ns for one in judged)
    return frames / ((until_ns - since_ns) / 1e9)


def cpu_by_role(cpu: Sequence[CpuSample], judged: Sequence[Judged]) -> dict[str, dict[str, float]]:
    """Role -> cores in use, and CPU milliseconds a frame, from a tenth to nine tenths of all verdicts.

    By the samples that enclose these. Raises ValueError for under 20 verdicts, and for samples of one moment.
    """
    since_s, until_s = (at_ns / 1e9 for at_ns in middle(judged))
    first = max((one for one in cpu if one.at_s <= since_s), key=lambda one: one.at_s, default=cpu[0])
    last = min((one for one in cpu if one.at_s >= until_s), key=lambda one: one.at_s, default=cpu[-1])
    if last.at_s <= first.at_s:
        raise ValueError("the run was over too soon to measure its CPU time; give more --seconds")
    frames = sum(first.at_s < one.judged_mono_ns / 1e9 <= last.at_s for one in judged)
    used = {role: seconds - first.seconds.get(role, 0.0) for role, seconds in last.seconds.items()}
    used[ALL] = sum(used.values())
    return {
        role: {"cores": seconds / (last.at_s - first.at_s), "CPU ms a frame": seconds * 1e3 / max(1, frames)}
        for role, seconds in used.items()
    }
