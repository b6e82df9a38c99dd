"""The suite `clips`: a line with and without clips, on a drawn belt: CPU time by role, and the age of judged frames.

The recording is played as a camera would send it, one frame in ten BAD: so a clip lasts as long as the line does. As
H.264 it is copied; as motion JPEG it must be encoded.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import av

from detector.verdict import Box

from .bench_record import Measured
from .bench_recording import draw
from .bench_rounds import Contender, Row, compare
from .bench_running import run_line
from .bench_stages import cpu_by_role, percentile

SIZES = "960x540,1920x1080"
WITHOUT = "no clips"
NOTES = (
    "CPU time of all processes by role, a frame of the recording; `clips` encodes and cuts, the capture writes copies",
    "age: from capture to verdict, of every judged frame",
)


@dataclass(frozen=True)
class Film:
    """What is played, and what is judged of it."""

    path: Path
    region: Box


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--sizes", default=SIZES, help=f"of the pictures (default: {SIZES})")
    parser.add_argument("--seconds", type=float, default=20.0, help="that each run lasts (default: 20)")


def measure(arguments: argparse.Namespace) -> Measured:
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as name:
        for size in arguments.sizes.split(","):
            width, height = (int(side) for side in size.split("x"))
            coded = Path(name) / f"{size}.mp4"
            region = draw(coded, width, height, round(arguments.seconds * 30))
            jpegs = as_jpegs(coded, Path(name) / f"{size}.mkv")
            for kind, path in (("copied", coded), ("encoded", jpegs)):
                film = Film(path, region)
                ways = {WITHOUT: "off", kind: "on"}
                contenders = [Contender(said, partial(once, film, word)) for said, word in ways.items()]
                rows += compare(f"{size}, {kind}", contenders, arguments.rounds, base=WITHOUT)
    return Measured(tuple(rows), NOTES)


def once(film: Film, enabled: str) -> Mapping[str, float]:
    """One run: CPU time by role, and the ages of judged frames."""
    box = f"[{film.region.x0}, {film.region.y0}, {film.region.x1}, {film.region.y1}]"
    with tempfile.TemporaryDirectory(dir=film.path.parent) as name:
        file, data_dir = Path(name) / "line.yaml", Path(name) / "data"
        file.write_text(
            f"data_dir: {data_dir}\ndisplay: {{port: 0}}\nclips: {{enabled: {enabled}}}\n"
            "inspector: {engine: onnxruntime, device: cpu, threads: 1}\n"
            f"cameras: {{belt: {{source: {film.path}, region: {box}, pace: recorded, policy: newest}}}}\n"
        )
        ran = run_line(file, data_dir, 1)
        films = sum(path.stat().st_size for path in (data_dir / "clips").glob("*/*/*.mp4"))
    age_ms = [(one.judged_mono_ns - one.frame.captured_mono_ns) / 1e6 for one in ran.judged]
    used = cpu_by_role(ran.cpu, ran.judged)
    each = {f"{role}: CPU ms a frame": figures["CPU ms a frame"] for role, figures in used.items()}
    return each | {
        "age p50 ms": percentile(age_ms, 0.5),
        "age p99 ms": percentile(age_ms, 0.99),
        "clips, MB": films / 1e6,
    }


def as_jpegs(coded: Path, path: Path) -> Path:
    """The same recording as motion JPEG."""
    with av.open(str(coded)) as source, av.open(str(path), "w") as out:
        given = source.streams.video[0]
        stream = out.add_stream("mjpeg", rate=given.average_rate, options={"qscale": "3"})
        stream.width, stream.height, stream.pix_fmt = given.width, given.height, "yuvj420p"
        for frame in source.decode(given):
            out.mux(stream.encode(frame.reformat(format="yuvj420p")))
        out.mux(stream.encode(None))
    return path
