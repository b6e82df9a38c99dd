"""The suite `line`: what is made of verdicts and samples, and one tiny run of all of it. Nothing about speed."""

from __future__ import annotations

import argparse
import itertools
import os
import time

import pytest
from msgspec.structs import replace

from detector.engines.openvino_engine import computes_bf16
from stream.messages import Judged
from tests.frames import judged
from tools import bench_line
from tools.bench_running import SUPERVISOR, CpuSample, CpuWatch, pss
from tools.bench_stages import ALL, BEHIND_BAD, STAGES, cpu_by_role, kinds, percentile, rate, stage_ms

MS = 1_000_000
SECOND = 1_000_000_000


def shown(seq: int, state: str, at_ns: int, stages_ms: tuple[float, float, float, float] = (1, 2, 0, 0)) -> Judged:
    """A frame that was captured 10 ms before its verdict, and in the inspector's hand 4 ms after that."""
    one = judged(seq, state)
    frame = replace(one.frame, captured_mono_ns=at_ns - 10 * MS)
    verdict = replace(one.verdict, stages_ms=stages_ms)
    return replace(one, frame=frame, verdict=verdict, judged_mono_ns=at_ns, taken_mono_ns=at_ns - 6 * MS)


def test_the_frame_behind_a_bad_one_is_looked_at_apart() -> None:
    states = ["GOOD", "BAD", "GOOD", "GOOD", "BAD", "BAD", "UNKNOWN"]
    found = kinds([shown(seq, state, SECOND + seq) for seq, state in enumerate(states)])
    assert {kind: [j.frame.seq for j in some] for kind, some in found.items()} == {
        "GOOD": [0, 3],
        BEHIND_BAD: [2],
        "BAD": [1, 4, 5],
        "UNKNOWN": [6],
    }


def test_the_stages_of_one_frame_add_up_to_its_latency() -> None:
    took = {stage: take(shown(0, "BAD", SECOND, (0.5, 1.5, 2.0, 0.25))) for stage, take in STAGES.items()}
    assert took.pop("in all") == pytest.approx(10.0)
    assert took["until leased"] == pytest.approx(4.0) and took["rest"] == pytest.approx(1.75)
    assert sum(took.values()) == pytest.approx(10.0)


def test_each_kind_has_each_stage() -> None:
    table = stage_ms([shown(0, "GOOD", SECOND), shown(1, "BAD", SECOND, (1, 2, 3, 4))], 0.99)
    assert table["BAD"]["segment, ms"] == 3 and table["GOOD"]["segment, ms"] == 0
    assert list(table["GOOD"]) == list(table["BAD"]) == [f"{stage}, ms" for stage in STAGES]


@pytest.mark.parametrize(("share", "value"), [(0.0, 1), (0.5, 5), (0.9, 9), (0.91, 10), (1.0, 10)], ids=str)
def test_a_percentile_is_one_of_the_values(share: float, value: float) -> None:
    assert percentile([10, 3, 1, 2, 5, 4, 7, 6, 9, 8], share) == value


def test_rate_and_cpu_are_those_of_the_middle() -> None:
    """100 frames a second; what is used before the first tenth and after nine tenths counts for nothing."""
    some = [shown(seq, "GOOD", 10 * SECOND + seq * 10 * MS) for seq in range(1000)]
    used = {11.0: (9.0, 1.0), 19.0: (13.0, 3.0), 30.0: (99.0, 99.0)}
    cpu = [CpuSample(at_s, {"inspect 1": two[0], "record": two[1]}) for at_s, two in used.items()]
    assert rate(some) == pytest.approx(100.0)
    found = cpu_by_role(cpu, some)
    assert found["inspect 1"] == pytest.approx({"cores": 0.5, "CPU ms a frame": 5.0})
    assert found[ALL] == pytest.approx({"cores": 0.75, "CPU ms a frame": 7.5})


def test_too_few_verdicts_are_no_measurement() -> None:
    with pytest.raises(ValueError, match="19 verdicts were seen; at least 20 are wanted"):
        rate([shown(seq, "GOOD", SECOND + seq) for seq in range(19)])


def test_the_cpu_time_of_a_process_is_that_of_all_its_threads() -> None:
    watch = CpuWatch(os.getpid())
    before = watch.sample().seconds[SUPERVISOR]
    until_s = time.process_time() + 0.05
    while time.process_time() < until_s:
        sum(itertools.repeat(1, 10_000))
    assert watch.sample().seconds[SUPERVISOR] >= before + 0.03  # the kernel counts in hundredths
    assert pss([os.getpid()]) > 1e6


def test_the_suite_runs_and_its_rows_are_well_formed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its live camera, too, is a recording that waits: on a slow machine a live one would drop what is wanted here."""
    real = bench_line.Bench._run
    waits = "pace: fast, policy: every"
    monkeypatch.setattr(bench_line.Bench, "_run", lambda bench, camera, *, memory: real(bench, waits, memory=memory))
    parser = argparse.ArgumentParser()
    bench_line.add_arguments(parser)
    measured = bench_line.measure(parser.parse_args(["--rounds", "1", "--seconds", "2", "--size", "640x480"]))
    rows = {(row.setting, row.name, row.quantity): row.median for row in measured.rows}
    assert rows["live", "the line", "frames"] == 60
    known = {bench_line.LINE, bench_line.SPREAD, *([bench_line.LINE_BF16] if computes_bf16() else [])}
    assert {name for setting, name, _ in rows if setting == "fast"} == {*known, bench_line.PLAIN}
    for line in known:
        assert (rows["fast", line, "different digests"], rows["fast", line, "dropped"]) == (1, 0)
    assert rows["live, p99 by stage", "BAD", "segment, ms"] > 0
    assert rows["fast, CPU by role", "inspect 1", "CPU ms a frame"] > 0
    assert all(row.low <= row.median <= row.high for row in measured.rows) and measured.notes
