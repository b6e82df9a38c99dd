"""The suite `line`: a whole line in real processes on a drawn recording, against a plain loop with the same models.

live    the recording at its own 30 frames/s, policy newest, one frame in ten BAD: drops, latency, memory
fast    the same recording as fast as it goes, policy every: frames/s, as a ratio to the plain loop
"""

from __future__ import annotations

import argparse
import contextlib
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from tqdm import tqdm

from detector.cascade import Cascade
from detector.opening import open_cascade
from detector.verdict import Box, State
from stream.defect_log import LogError, open_for_reading
from stream.sources.synthetic.belt import Belt

FPS = 30
BAD_EVERY = 10
SAMPLE_S = 0.2
SEEDS = range(50)  # belts looked through for a scratched part that the bundle calls BAD


@dataclass(frozen=True)
class LiveFigures:
    """The line on a live camera."""

    frames: int
    bad: int
    dropped: int
    unknown: int
    p50_ms: float
    p99_ms: float
    peak_pss_mb: float  # all processes of the line together


@dataclass(frozen=True)
class FastFigures:
    """The line on a recording, and the plain loop on the same."""

    frames: int
    dropped: int
    frames_per_s: float
    plain_loop_frames_per_s: float
    ratio: float
    same_digest_twice: bool


def measure_line(arguments: argparse.Namespace) -> dict[str, object]:
    width, height = (int(side) for side in arguments.size.split("x"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        region = draw(folder / "belt.mp4", width, height, round(arguments.seconds * FPS))
        live = measure_live(folder, region, arguments.threads)
        print(
            f"live   {live.frames} frames at {FPS}/s, {live.bad} BAD: {live.dropped} dropped, {live.unknown} UNKNOWN, "
            f"capture to verdict p50 {live.p50_ms:.1f} ms, p99 {live.p99_ms:.1f} ms, "
            f"all processes {live.peak_pss_mb:.0f} MB (PSS)"
        )
        fast = measure_fast(folder, region, arguments.threads)
        print(
            f"fast   {fast.frames} frames: {fast.dropped} dropped, {fast.frames_per_s:.0f} frames/s; plain loop "
            f"{fast.plain_loop_frames_per_s:.0f} frames/s; ratio {fast.ratio:.2f}; "
            f"same digest twice: {'yes' if fast.same_digest_twice else 'NO'}"
        )
    return {"live": asdict(live), "fast": asdict(fast)}


def draw(path: Path, width: int, height: int, frames: int) -> Box:
    """Writes the recording: nine pictures of a clean part, then one of a scratched part, and so on."""
    cascade = open_cascade(clock=time.perf_counter, engine="onnxruntime", device="cpu", threads=1)
    good, bad, region = _pictures(width, height, cascade)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS, options={"preset": "veryfast", "crf": "20"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for index in tqdm(range(frames), desc="drawing", unit="frame"):
            picture = bad if index % BAD_EVERY == BAD_EVERY - 1 else np.roll(good, index % 3, axis=1)
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="bgr24")
            frame.pts, frame.time_base = index, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return region


def _pictures(width: int, height: int, cascade: Cascade) -> tuple[np.ndarray, np.ndarray, Box]:
    """A picture that the shipped bundle calls GOOD, one that it calls BAD, of one belt, and the judged rectangle."""
    for seed in SEEDS:
        belt = Belt(width, height, float(FPS), seed, 0.5)
        found: dict[State, np.ndarray] = {}
        for part in belt.parts(0, 40 * FPS):
            middle = (part.first_seq + part.last_seq) // 2
            picture = belt.frame(middle)
            state = cascade.judge(picture, belt.region).state
            if (state is State.BAD) == part.scratched:
                found.setdefault(state, picture)
        if {State.GOOD, State.BAD} <= found.keys():
            return found[State.GOOD], found[State.BAD], belt.region
    raise SystemExit("no drawn belt has both a part judged GOOD and one judged BAD; is the shipped bundle whole?")


def measure_live(folder: Path, region: Box, threads: int) -> LiveFigures:
    ran = _run(folder, region, threads, "pace: recorded, policy: newest")
    camera, latency = ran.summary["cameras"]["belt"], ran.summary["latency_ms"]
    dropped = sum(camera["dropped"].values())
    return LiveFigures(
        camera["captured"],
        camera["bad"],
        dropped,
        camera["unknown"],
        latency["p50"],
        latency["p99"],
        ran.peak_pss / 1e6,
    )


def measure_fast(folder: Path, region: Box, threads: int) -> FastFigures:
    plain = _plain_loop(folder / "belt.mp4", region, threads)
    first, second = (_run(folder, region, threads, "pace: fast, policy: every") for _ in range(2))
    camera, again = (ran.summary["cameras"]["belt"] for ran in (first, second))
    rate = (first.frames_per_s + second.frames_per_s) / 2
    same = camera["digest"] == again["digest"]
    return FastFigures(camera["captured"], sum(camera["dropped"].values()), rate, plain, rate / plain, same)


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


@dataclass(frozen=True)
class Ran:
    """One run of the line."""

    summary: dict[str, Any]  # what `--json` printed
    frames_per_s: float  # recorded, between the first and the last tenth of the recording
    peak_pss: float  # bytes, all processes together


def _run(folder: Path, region: Box, threads: int, camera: str) -> Ran:
    """Runs the line on the drawn recording, and watches it from outside."""
    with tempfile.TemporaryDirectory(dir=folder) as data_dir:
        box = f"[{region.x0}, {region.y0}, {region.x1}, {region.y1}]"
        file = Path(data_dir) / "line.yaml"
        file.write_text(
            f"data_dir: {data_dir}/data\ndisplay: {{port: 0}}\n"
            f"inspector: {{engine: onnxruntime, device: cpu, threads: {threads}}}\n"
            f"cameras: {{belt: {{source: {folder / 'belt.mp4'}, region: {box}, {camera}}}}}\n"
        )
        command = [sys.executable, "-m", "stream", "run", str(file), "--until-end", "--json"]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        seen: list[tuple[float, int]] = []
        peak = 0.0
        while process.poll() is None:
            seen.append((time.monotonic(), _recorded(Path(data_dir) / "data")))
            peak = max(peak, _pss(process.pid))
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(SAMPLE_S)
        out, said = process.communicate()
        if process.returncode:
            raise SystemExit(f"the line failed:\n{said.decode()}")
        return Ran(json.loads(out.splitlines()[-1]), _slope(seen), peak)


def _recorded(data_dir: Path) -> int:
    """Frames that the log accounts for so far."""
    try:
        db = open_for_reading(data_dir)
    except LogError:
        return 0
    with contextlib.closing(db):
        return int(db.execute("SELECT coalesce(sum(stop - start), 0) FROM ledger").fetchone()[0])


def _slope(seen: list[tuple[float, int]]) -> float:
    """Frames/s between the samples nearest to a tenth and to nine tenths of all frames."""
    total = seen[-1][1]
    middle = [(at, count) for at, count in seen if 0.1 * total <= count <= 0.9 * total]
    if len(middle) < 2:
        raise SystemExit("the recording was over too soon to measure; give more --seconds")
    return (middle[-1][1] - middle[0][1]) / (middle[-1][0] - middle[0][0])


def _pss(parent: int) -> float:
    """Proportional set size of a process and its children, in bytes (proc(5), smaps_rollup)."""
    total = 0.0
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, IndexError, ValueError):
            stat = (folder / "stat").read_text().rpartition(")")[2].split()
            if parent in (int(folder.name), int(stat[1])):
                lines = (folder / "smaps_rollup").read_text().splitlines()
                total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024
    return total
