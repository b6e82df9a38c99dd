"""The suite `memory`: whether a line that runs for long stays as it began, and whether one that is held up stays small.

A live line at 1080p30 on a recording that begins again and again, one frame in ten BAD. Of each role the median of the
last tenth of the time beside that of the second tenth (the first is for coming up): memory, descriptors, threads; and
the ages of all frames judged meanwhile.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import dropwhile
from pathlib import Path
from typing import Any

import av
from tqdm import tqdm

from detector.verdict import Box
from stream.metrics import Latencies

from .bench_record import Measured
from .bench_recording import FPS, draw
from .bench_rounds import Row, row_of
from .bench_watch import EVERYBODY, Reading, Use, watch

CLIP_S = 30.0
COMES_UP_S = 60.0  # the recording is longer by so much: a line that comes up slowly is measured as long as any
SAMPLES = 360  # of the whole time, a tenth of them in each tenth
EARLY, LATE = "second tenth", "last tenth"
QUANTITIES: dict[str, Callable[[Use], float]] = {
    "own memory MB": lambda use: use.own_mb,
    "PSS MB": lambda use: use.pss_mb,
    "descriptors": lambda use: use.descriptors,
    "threads": lambda use: use.threads,
}
SAID = "said.log"
COUNTED = ("captured", "good", "bad", "unknown", "dropped")
LIBRARIES = ("onnxruntime", "pyzmq", "opencv-python-headless")
SHARES = {"age p50 ms": 0.5, "age p99 ms": 0.99}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--minutes", type=float, default=60.0, help="how long the line runs (default: 60)")
    parser.add_argument("--size", default="1920x1080", help="of the pictures (default: 1920x1080)")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads of the inspector (default: 2)")


def measure(arguments: argparse.Namespace) -> Measured:
    width, height = (int(side) for side in arguments.size.split("x"))
    with tempfile.TemporaryDirectory() as name:
        folder, seconds = Path(name), arguments.minutes * 60
        clip_s = min(CLIP_S, seconds)
        region = draw(folder / "clip.mp4", width, height, round(clip_s * FPS))
        again_and_again(folder / "clip.mp4", folder / "belt.mp4", times=math.ceil((seconds + COMES_UP_S) / clip_s))
        with running(folder, region, arguments.threads) as line:
            seen = watch(line.pid, folder / "data", seconds / SAMPLES, _alive(line))
            readings = list(_shown(dropwhile(lambda reading: not reading.latencies, seen), seconds))
            summary = ended(line, folder)
    camera = summary["cameras"]["belt"]
    counted = {**camera, "dropped": sum(camera["dropped"].values())}
    frames = [row_of("belt", "whole time", f"frames {one}", [counted[one]]) for one in COUNTED]
    return Measured((*rows_of(readings), *frames), libraries=LIBRARIES)


def again_and_again(clip: Path, whole: Path, times: int) -> None:
    """The clip `times` over as one recording, its packets copied."""
    with av.open(str(whole), "w") as out:
        stream, start = None, 0
        for _ in range(times):
            with av.open(str(clip)) as source:
                pictures = source.streams.video[0]
                stream = stream or out.add_stream_from_template(pictures)
                for packet in source.demux(pictures):
                    if packet.pts is None or packet.dts is None:  # the empty one that ends it
                        continue
                    packet.pts, packet.dts, packet.stream = packet.pts + start, packet.dts + start, stream
                    out.mux(packet)
                assert pictures.duration is not None
                start += pictures.duration


@contextlib.contextmanager
def running(folder: Path, region: Box, threads: int, port: int = 0) -> Iterator[subprocess.Popen[str]]:
    """The line on the recording, at the recording's own pace."""
    file = folder / "line.yaml"
    file.write_text(
        f"data_dir: {folder / 'data'}\ndisplay: {{port: {port}}}\n"
        f"inspector: {{engine: onnxruntime, device: cpu, threads: {threads}}}\n"
        f"cameras: {{belt: {{source: {folder / 'belt.mp4'}, pace: recorded, policy: newest, "
        f"region: [{region.x0}, {region.y0}, {region.x1}, {region.y1}]}}}}\n"
    )
    command = [sys.executable, "-m", "stream", "run", str(file), "--until-end", "--json"]
    with (
        (folder / SAID).open("w") as said,
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said, text=True) as line,
    ):
        try:
            yield line
        finally:
            line.kill()


def rows_of(readings: Sequence[Reading]) -> Iterator[Row]:
    """What grew, and by how much. Pure."""
    tenth = max(1, len(readings) // 10)
    early, late = readings[tenth : 2 * tenth], readings[-tenth:]
    if not early or not late:
        raise SystemExit(f"the line ran too short to be measured: {len(readings)} readings; give more --minutes")
    for role in sorted(late[-1].uses, key=lambda name: (name == EVERYBODY, name)):
        for quantity, of in QUANTITIES.items():
            first, last = (_values(part, role, of) for part in (early, late))
            if first and last:
                yield from _beside(role, quantity, first, last)
    ages = [_between(part[0], part[-1]) for part in (early, late)]
    for quantity, share in SHARES.items():
        first, last = ([value] if (value := one.percentile(share)) is not None else [] for one in ages)
        if first and last:
            yield from _beside("belt", quantity, first, last)


def _beside(setting: str, quantity: str, first: Sequence[float], last: Sequence[float]) -> Iterator[Row]:
    """Two medians, and how much of the first the last is; readings are no rounds, so the ratio has no interval."""
    before, after = row_of(setting, EARLY, quantity, first), row_of(setting, LATE, quantity, last)
    yield before
    yield after if before.median == 0 else replace(after, ratio=after.median / before.median)


def _values(readings: Sequence[Reading], role: str, of: Callable[[Use], float]) -> list[float]:
    return [of(reading.uses[role]) for reading in readings if role in reading.uses]


def _between(first: Reading, last: Reading) -> Latencies:
    """Of the frames that were recorded from one reading to the other."""
    counts = {bucket: count - first.latencies.get(bucket, 0) for bucket, count in last.latencies.items()}
    return Latencies({bucket: count for bucket, count in counts.items() if count > 0})


def _alive(line: subprocess.Popen[str]) -> Callable[[float], bool]:
    def alive(most_s: float) -> bool:
        with contextlib.suppress(subprocess.TimeoutExpired):
            line.wait(most_s)
        return line.poll() is None

    return alive


def _shown(readings: Iterator[Reading], seconds: float) -> Iterator[Reading]:
    """The readings of the time that was asked for, with a bar."""
    began_s: float | None = None
    with tqdm(total=round(seconds), unit="s", disable=None) as bar:
        for reading in readings:
            began_s = reading.at_s if began_s is None else began_s
            if reading.at_s - began_s > seconds:
                return
            bar.update(round(reading.at_s - began_s) - bar.n)
            yield reading


def ended(line: subprocess.Popen[str], folder: Path) -> dict[str, Any]:
    """Stops it in order; its summary."""
    line.send_signal(signal.SIGTERM)
    out, _ = line.communicate()
    if line.returncode not in (0, 1) or not out.strip():
        raise SystemExit(f"the line failed with {line.returncode}:\n{(folder / SAID).read_text()}")
    summary: dict[str, Any] = json.loads(out.splitlines()[-1])
    return summary
