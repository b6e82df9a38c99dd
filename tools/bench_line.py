"""The suite `line`: a whole line in real processes on a drawn recording, against a plain loop with the same models.

live    the recording at its own 30 frames/s, policy newest, one frame in ten BAD: drops, latency by stage, cores
fast    the same recording as fast as it goes, policy every: frames/s, as a ratio to the plain loop, and as a share of
        what the processors allow: all cores, divided by the CPU time that all processes together use for a frame

Each with onnxruntime in fp32 and, where it is installed and the processor computes so, with OpenVINO in bf16.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import av

from detector.engines.openvino_engine import computes_bf16
from detector.opening import open_cascade
from detector.verdict import Box
from tools.bench_recording import draw
from tools.bench_running import Ran, run_line
from tools.bench_stages import ALL, cpu_by_role, percentile, rate, stage_ms

from .bench_record import Measured
from .bench_rounds import Contender, Row, compare, row_of

LINE, SPREAD, PLAIN = "the line", "the line, inspectors of one thread", "a plain loop"
LINE_BF16 = "the line, OpenVINO bf16"
NO_BF16 = "OpenVINO in bf16 is left out: not installed (`make setup-openvino`), or the processor does not compute so"
SPREAD_MOST = 4
NOTES = (
    "the plain loop: one process that decodes and judges in turn with the same networks, and keeps nothing",
    "inspectors of one thread: as many as cores, at most four; for recordings, where no single frame is in a hurry",
    "different digests: 1 where every run `every` gave the same verdicts, bit for bit",
    "until leased: from capture to the inspector's hand; rest: what an inspector does around the four stages; each "
    "stage's percentile is its own, so a row need not add up; GOOD behind BAD: the frame straight after a BAD one",
    "CPU time of the processes' own threads, between a tenth and nine tenths of the frames (proc(5), stat)",
    "of what the cores allow: frames/s times the CPU time that all processes together use for a frame, by the cores",
)
Table = Mapping[str, Mapping[str, float]]  # line of a table -> its columns


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rounds", type=int, default=2, help="runs of each contender (default: 2)")
    parser.add_argument("--seconds", type=float, default=30.0, help="length of the recording (default: 30)")
    parser.add_argument("--size", default="1920x1080", help="of the pictures (default: 1920x1080)")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads of an inspector (default: 2)")
    parser.add_argument("--inspectors", type=int, default=1, help="how many of them (default: 1)")
    parser.add_argument("--only", choices=("live", "fast"), help="leave the other out")


def measure(arguments: argparse.Namespace) -> Measured:
    width, height = (int(side) for side in arguments.size.split("x"))
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as name:
        region = draw(Path(name) / "belt.mp4", width, height, round(arguments.seconds * 30))
        bench = Bench(Path(name), region, arguments.threads, arguments.inspectors)
        lines = {LINE: bench}
        if computes_bf16():
            lines[LINE_BF16] = replace(bench, engine="openvino", precision="bf16", said="OpenVINO bf16: ")
        if arguments.only != "fast":
            live = [Contender(said, line.live) for said, line in lines.items()]
            rows += compare("live", live, arguments.rounds, base=LINE)
        if arguments.only != "live":
            lines[SPREAD] = replace(bench, threads=1, inspectors=min(SPREAD_MOST, _cores()), said="one thread each: ")
            fast = [Contender(said, line.fast) for said, line in lines.items()]
            rows += compare("fast", [*fast, Contender(PLAIN, bench.plain)], arguments.rounds, base=PLAIN)
            rows += [row_of("fast", said, "different digests", [len(one.digests)]) for said, one in lines.items()]
    tables = [table for line in lines.values() for table in line.tables.items()]
    rows += [row for setting, rounds in tables for row in _rows(setting, rounds)]
    return Measured(tuple(rows), NOTES if LINE_BF16 in lines else (*NOTES, NO_BF16))


@dataclass
class Bench:
    """The contenders on one drawn recording."""

    folder: Path
    region: Box
    threads: int
    inspectors: int
    engine: str = "onnxruntime"
    precision: str = "fp32"
    said: str = ""  # before the names of its tables
    digests: set[str] = field(default_factory=set, init=False)  # of the runs `every`
    tables: dict[str, list[Table]] = field(default_factory=dict, init=False)  # setting -> of each round

    def live(self) -> dict[str, float]:
        """The line on a live camera."""
        ran = self._run("pace: recorded, policy: newest", memory=False)
        camera = ran.summary["cameras"]["belt"]
        age_ms = [(one.judged_mono_ns - one.frame.captured_mono_ns) / 1e6 for one in ran.judged]
        used = cpu_by_role(ran.cpu, ran.judged)
        self._keep("live, p50 by stage", stage_ms(ran.judged, 0.5))
        self._keep("live, p99 by stage", stage_ms(ran.judged, 0.99))
        self._keep("live, CPU by role", used)
        return {
            "frames": camera["captured"],
            "dropped": sum(camera["dropped"].values()),
            "BAD": camera["bad"],
            "UNKNOWN": camera["unknown"],
            "p50 ms": percentile(age_ms, 0.5),
            "p99 ms": percentile(age_ms, 0.99),
            "cores": used[ALL]["cores"],
        }

    def fast(self) -> dict[str, float]:
        """The line on a recording, as fast as it goes."""
        ran = self._run("pace: fast, policy: every", memory=True)
        camera = ran.summary["cameras"]["belt"]
        self.digests.add(camera["digest"])
        used = cpu_by_role(ran.cpu, ran.judged)
        self._keep("fast, CPU by role", used)
        return {
            "frames/s": rate(ran.judged),
            "dropped": sum(camera["dropped"].values()),
            "of what the cores allow": rate(ran.judged) * used[ALL]["CPU ms a frame"] / 1e3 / _cores(),
            "all processes, MB PSS": ran.peak_pss / 1e6,
        }

    def plain(self) -> dict[str, float]:
        return {"frames/s": _plain_loop(self.folder / "belt.mp4", self.region, self.threads)}

    def _keep(self, setting: str, table: Table) -> None:
        self.tables.setdefault(self.said + setting, []).append(table)

    def _run(self, camera: str, *, memory: bool) -> Ran:
        box = f"[{self.region.x0}, {self.region.y0}, {self.region.x1}, {self.region.y1}]"
        with tempfile.TemporaryDirectory(dir=self.folder) as name:
            file, data_dir = Path(name) / "line.yaml", Path(name) / "data"
            file.write_text(
                f"data_dir: {data_dir}\ndisplay: {{port: 0}}\ninspector: {{engine: {self.engine}, device: cpu, "
                f"precision: {self.precision}, threads: {self.threads}, count: {self.inspectors}}}\n"
                f"cameras: {{belt: {{source: {self.folder / 'belt.mp4'}, region: {box}, {camera}}}}}\n"
            )
            return run_line(file, data_dir, self.inspectors, memory=memory)


def _cores() -> int:
    """How many this process, and so the line, may use."""
    return len(os.sched_getaffinity(0))


def _rows(setting: str, rounds: Sequence[Table]) -> list[Row]:
    """What every round has, as rows; a kind of frame that one round lacks is left out."""
    return [
        row_of(setting, name, quantity, [one[name][quantity] for one in rounds])
        for name, quantities in rounds[0].items()
        if all(name in one for one in rounds)
        for quantity in quantities
    ]


def _plain_loop(recording: Path, region: Box, threads: int) -> float:
    """Frames/s of one process that decodes and judges in turn, and keeps nothing."""
    cascade = open_cascade(clock=time.perf_counter, engine="onnxruntime", device="cpu", threads=threads)
    count, began = 0, time.perf_counter()
    with av.open(str(recording)) as container:
        container.streams.video[0].thread_type = "AUTO"
        for frame in container.decode(video=0):
            cascade.judge(frame.to_ndarray(format="bgr24"), region)
            count += 1
    return count / (time.perf_counter() - began)
