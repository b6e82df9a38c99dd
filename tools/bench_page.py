"""The suite `page`: a line that inspects 540p at 25 frames/s, with nobody, one or ten looking at its page.

A real Chromium says how long it is from capture to its canvas; the page's process, what it uses of a core; the
inspector, whether it notices. Slow viewers read one picture a second.
"""

from __future__ import annotations

import argparse
import socket
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from detector.engines.openvino_engine import computes_bf16
from detector.verdict import Box
from stream.messages import Judged

from .bench_page_viewers import Drawn, Viewers, browsing, reading, watching
from .bench_record import Measured
from .bench_recording import draw
from .bench_rounds import Contender, compare
from .bench_running import run_line
from .bench_stages import cpu_by_role, percentile
from .chromium import chromium_path

WIDTH, HEIGHT = 960, 540
NOBODY = "nobody looks"
BY_DEFAULT = "{engine: onnxruntime, device: cpu, threads: 1}"
BF16 = "{engine: openvino, precision: bf16, device: cpu, threads: 1}"
NOTES = (
    "capture to canvas: each picture's age when it was sent, its way (the page's clock against the server's, by echoes "
    "over the same socket) and the time until it was drawn, by the page itself; drawn is not yet lit",
    "verdict to canvas: the same since the verdict, which the page cannot make come sooner; BAD frames wait for the "
    "segmenter and are one in ten here, so p95 of all is about the middle of theirs",
    "page: cores: CPU time of the display's process, between a tenth and nine tenths of the verdicts",
    "a slow viewer reads one picture a second; ten of them are ten WebSockets of one process beside the line",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seconds", type=float, default=30.0, help="that each run lasts (default: 30)")
    parser.add_argument("--fps", type=float, default=25.0, help="of the camera (default: 25)")


def measure(arguments: argparse.Namespace) -> Measured:
    ways: dict[str, Callable[[str], Viewers] | None] = {
        NOBODY: None,
        "one viewer": partial(watching, count=1, seconds_each=0.0),
        "ten viewers": partial(watching, count=10, seconds_each=0.0),
        "ten slow viewers": partial(watching, count=10, seconds_each=1.0),
        "eight slow readers of MJPEG": partial(reading, count=8, seconds_each=1.0),
    }
    if path := chromium_path():
        ways["one browser"] = partial(browsing, path)
    with tempfile.TemporaryDirectory() as name:
        path_of_film = Path(name) / "belt.mp4"
        film = Film(path_of_film, arguments.fps, draw(path_of_film, WIDTH, HEIGHT, round(arguments.seconds * 30)))
        contenders = [Contender(said, partial(once, film, way)) for said, way in ways.items()]
        if path and computes_bf16():
            tuned = partial(once, replace(film, inspector=BF16), partial(browsing, path))
            contenders.append(Contender("one browser, OpenVINO bf16", tuned))
        rows = compare("", contenders, arguments.rounds, base=NOBODY)
    return Measured(tuple(rows), NOTES if path else (*NOTES, "no Chromium here: nothing is said of the canvas"))


@dataclass(frozen=True)
class Film:
    """What is played, as a camera would send it, and what inspects it."""

    path: Path
    fps: float
    region: Box
    inspector: str = BY_DEFAULT


def once(film: Film, way: Callable[[str], Viewers] | None) -> Mapping[str, float]:
    """One run of the line."""
    box = f"[{film.region.x0}, {film.region.y0}, {film.region.x1}, {film.region.y1}]"
    with tempfile.TemporaryDirectory(dir=film.path.parent) as name:
        file, data_dir, port = Path(name) / "line.yaml", Path(name) / "data", free_port()
        file.write_text(
            f"data_dir: {data_dir}\ndisplay: {{port: {port}, live_fps: {film.fps:g}}}\nclips: {{enabled: 'off'}}\n"
            f"inspector: {film.inspector}\n"
            f"cameras: {{belt: {{source: {film.path}, region: {box}, pace: recorded, policy: newest, "
            f"fps: {film.fps:g}}}}}\n"
        )
        viewers = way(f"http://127.0.0.1:{port}") if way else None
        try:
            ran = run_line(file, data_dir, 1)
        finally:
            seen = viewers.end() if viewers else []
    used = cpu_by_role(ran.cpu, ran.judged)
    age_ms = [(one.judged_mono_ns - one.frame.captured_mono_ns) / 1e6 for one in ran.judged]
    quantities = {
        "page: cores": used.get("display", {}).get("cores", 0.0),
        "verdict after, p50 ms": percentile(age_ms, 0.5),
        "verdict after, p99 ms": percentile(age_ms, 0.99),
    }
    return quantities | to_canvas(seen, ran.judged)


def to_canvas(seen: Sequence[Drawn], judged: Sequence[Judged]) -> dict[str, float]:
    """How old pictures were when they were drawn, and how long they had had their verdict by then; empty for none."""
    latency_ms = {one.frame.seq: (one.judged_mono_ns - one.frame.captured_mono_ns) / 1e6 for one in judged}
    bad = {one.frame.seq for one in judged if one.verdict.state == "BAD"}
    ages_ms = {
        "to canvas": [one.age_ms for one in seen],
        "BAD to canvas": [one.age_ms for one in seen if one.seq in bad],
        "verdict to canvas": [one.age_ms - latency_ms[one.seq] for one in seen if one.seq in latency_ms],
    }
    shares = {"p50": 0.5, "p95": 0.95}
    found = {f"{what}, {p} ms": percentile(ms, at) for what, ms in ages_ms.items() if ms for p, at in shares.items()}
    return {**found, "pictures drawn": len(seen)} if seen else {}


def free_port() -> int:
    """One that is free now."""
    with socket.socket() as trying:
        trying.bind(("127.0.0.1", 0))
        return int(trying.getsockname()[1])
