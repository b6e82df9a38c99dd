"""The suite `engines`: the same networks on each engine, and the reference pair from a 1080p frame to its verdict.

Each network alone: milliseconds a picture, batch 1, against torch eager, and how far each engine is from the fastest
that was measured. The pair as a cascade: against the reference pipeline's own way (reference_pair.py), with how many
verdicts are the same and how well the masks overlap. The pair's networks are random but for their last layers.
"""

from __future__ import annotations

import argparse
import contextlib
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import cv2

from detector.engines.openvino_engine import computes_bf16, is_here

from .bench_engines_alike import shipped_alike
from .bench_engines_networks import NETWORKS, WAYS, Way, contenders
from .bench_record import Measured
from .bench_rounds import Row, compare

TORCH = ("torch", "timm", "segmentation_models_pytorch", "onnxscript")
BASE = "torch eager"
MS = "ms a picture"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--networks", nargs="*", choices=list(NETWORKS), default=list(NETWORKS), help="default: all of them")
    add("--ways", nargs="*", choices=list(WAYS), default=list(WAYS), help="engine and precision (default: all)")
    add("--threads", nargs="*", type=int, default=[1, 2], help="numbers of CPU threads (default: 1 2)")
    add(
        "--frames",
        type=int,
        default=8,
        help="1080p frames of each state; 0: no cascades (default: 8)",
    )
    add("--models", type=Path, metavar="DIR", help="keep the networks made for this there, and take them from there")


def measure(arguments: argparse.Namespace) -> Measured:
    """Every network on every engine, then the cascades."""
    ways, notes = _present([WAYS[name] for name in arguments.ways])
    with_torch = all(find_spec(package) for package in TORCH)
    cv2.setNumThreads(1)
    rows: list[Row] = []
    with _folder(arguments.models) as folder:
        for name in arguments.networks:
            network = NETWORKS[name]
            if network.needs_torch and not with_torch:
                notes.append(f"{name}: needs torch; `make setup-torch`")
                continue
            for threads in arguments.threads:
                setting = f"{name}, {threads} thread{'' if threads == 1 else 's'}"
                found = contenders(network, ways, threads, folder)
                base = BASE if any(one.name == BASE for one in found) else None
                rows += _with_distance(compare(setting, found, arguments.rounds, base))
        if arguments.frames:
            rows += shipped_alike(ways)
        if arguments.frames and with_torch:
            from .bench_engines_cascade import measure_cascades

            rows += measure_cascades(ways, arguments.threads, arguments.frames, arguments.rounds, folder)
    notes.append("the distance from the floor is that to the fastest measured engine: `times the fastest`")
    notes.append("int8 here shows speed alone: what it costs is known on labelled pictures only (docs/export.md)")
    return Measured(tuple(rows), tuple(notes))


def _present(ways: list[Way]) -> tuple[list[Way], list[str]]:
    """The ways that can be gone here, and a note for each of the others."""
    notes = []
    if not all(find_spec(package) for package in TORCH):
        notes.append("torch and what exports are not installed; `make setup-torch`")
        ways = [way for way in ways if way.engine != "torch" and way.file != "int8"]
    if not is_here():
        notes.append("OpenVINO is not installed; `make setup-openvino`")
        ways = [way for way in ways if way.engine != "openvino"]
    elif not computes_bf16():
        notes.append("this processor does not compute in bf16")
        ways = [way for way in ways if way.precision != "bf16"]
    return ways, notes


def _with_distance(rows: list[Row]) -> list[Row]:
    """The same, and how many times the time of the fastest each takes."""
    times = [row for row in rows if row.quantity == MS]
    floor = min(row.median for row in times)
    far = [
        Row(row.setting, row.name, "times the fastest", row.median / floor, row.low / floor, row.high / floor)
        for row in times
    ]
    return [*rows, *far]


@contextlib.contextmanager
def _folder(kept: Path | None) -> Iterator[Path]:
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept
        return
    with tempfile.TemporaryDirectory(prefix="linewatch-engines-") as name:
        yield Path(name)
