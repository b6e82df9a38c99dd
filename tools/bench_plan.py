"""`python -m tools.bench plan`: what hardware N cameras need, by the model of cost of docs/scaling.md.

The figures are those that `python -m tools.bench cameras --json` kept on the host that is asked about, or on one like
it; each can be given instead. Nothing is measured here.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .bench_costs import COST_MODEL
from .bench_record import RecordError, read_record
from .bench_rounds import Row

KEPT = Path("docs/benchmarks/cameras.json")
EXAMPLE = """example:
  python -m tools.bench plan --cameras 12 --fps 15 --size 1920x1080 --bad 0.01
  python -m tools.bench plan --cameras 12 --fps 15 --set 'judge: ms a GOOD frame=2.5' --cores 8

exit code: 0 the host suffices; 1 it does not; 2 a figure is missing"""
ROLES = ("capture", "inspect", "record", "display", "supervise")


@dataclass(frozen=True)
class Demand:
    """What is to be watched."""

    cameras: int
    fps: float  # of each
    megapixels: float  # of a picture
    bad: float  # share of the frames
    coded: bool  # the pictures come as H.264 and must be decoded
    slots: int  # pictures in each camera's ring


@dataclass(frozen=True)
class Host:
    """A machine, and how much of it may be used: what is left keeps the oldest frame young."""

    cores: int
    load: float  # 0..1
    threads: int  # of each inspector


@dataclass(frozen=True)
class Plan:
    """What that takes."""

    cores: Mapping[str, float]  # by role, on average
    inspectors: int
    memory_mb: float  # of all processes, without the rings
    rings_mb: float  # in /dev/shm
    machines: int  # like the host
    cameras_most: int  # that one such machine carries
    link_mbit_s: float  # of one camera, where its frames travel raw to an inspector on another host


class MissingError(Exception):
    """A figure that the model needs is not there; the text names it."""


def planned(figures: Mapping[str, float], demand: Demand, host: Host) -> Plan:
    """Pure. Raises MissingError."""
    cores = cores_of(figures, demand)
    usable = host.cores * host.load
    inspectors = max(1, math.ceil(cores["inspect"] / (host.load * host.threads)))
    pixels_mb = demand.megapixels * 3
    captures_mb = demand.cameras * _figure(figures, "capture: MB") + inspectors * _figure(figures, "judge: MB")
    others_mb = sum(_figure(figures, f"{role}: MB") for role in ("record", "display", "supervise", "spare"))
    return Plan(
        cores,
        inspectors,
        captures_mb + others_mb,
        demand.cameras * demand.slots * pixels_mb,
        max(1, math.ceil(sum(cores.values()) / usable)),
        int(demand.cameras * usable / sum(cores.values())),
        demand.fps * pixels_mb * 8,
    )


def cores_of(figures: Mapping[str, float], demand: Demand) -> dict[str, float]:
    """Processors by role, on average. Pure. Raises MissingError."""
    frames, bad = demand.cameras * demand.fps, demand.bad
    found = {}
    for role in ROLES:
        rest_ms = demand.cameras * _figure(figures, f"{role}: ms a second and camera, at rest")
        found[role] = rest_ms + frames * (_figure(figures, f"{role}: ms a frame") + _by_role(role, figures, demand))
        if role != "inspect":
            found[role] += frames * bad * _figure(figures, f"{role}: ms a BAD frame")
    return {role: ms / 1000 for role, ms in found.items()}


def _by_role(role: str, figures: Mapping[str, float], demand: Demand) -> float:
    """What a frame costs by its size and verdict beside the role's own work, in ms."""
    if role == "capture":
        decode = _figure(figures, "decode: ms a megapixel") if demand.coded else 0.0
        return demand.megapixels * (decode + _figure(figures, "copy: ms a megapixel"))
    if role == "inspect":
        good, marked = (_figure(figures, f"judge: ms a {state} frame") for state in ("GOOD", "BAD"))
        return (1 - demand.bad) * good + demand.bad * marked
    if role == "record":
        return demand.bad * demand.megapixels * _figure(figures, "evidence: ms a megapixel")
    return 0.0


def figures_in(rows: Iterable[Row]) -> dict[str, float]:
    """The figures of the model among the rows of a record. Pure."""
    return {row.name: row.median for row in rows if row.setting == COST_MODEL}


def main(words: Sequence[str]) -> int:
    arguments = _parser().parse_args(words)
    width, height = (int(side) for side in arguments.size.split("x"))
    size = width * height / 1e6
    demand = Demand(arguments.cameras, arguments.fps, size, arguments.bad, not arguments.not_coded, arguments.slots)
    try:
        figures, where = _known(arguments)
        host = Host(arguments.cores or where, arguments.load, arguments.threads)
        plan = planned(figures, demand, host)
    except (RecordError, MissingError) as error:
        print(error)
        return 2
    print(told(plan, demand, host))
    return 0 if plan.machines == 1 else 1


def told(plan: Plan, demand: Demand, host: Host) -> str:
    """The plan for people. Pure."""
    roles = [f"  {role:<12}{cores:6.2f} cores" for role, cores in plan.cores.items()]
    enough = "carries them" if plan.machines == 1 else f"does not carry them: {plan.machines} such machines do"
    return "\n".join(
        [
            f"{demand.cameras} cameras at {demand.fps:g} frames/s, {demand.megapixels:.2f} megapixels, "
            f"{demand.bad:.1%} BAD",
            *roles,
            f"  {'all':<12}{sum(plan.cores.values()):6.2f} cores on average",
            f"  inspectors  {plan.inspectors} (inspector.count), {host.threads} threads each",
            f"  memory      {plan.memory_mb:.0f} MB, and {plan.rings_mb:.0f} MB of rings in /dev/shm",
            f"A host with {host.cores} cores, used to {host.load:.0%}, {enough}; it carries up to {plan.cameras_most} "
            "such cameras.",
            f"To an inspector on another host one camera's frames take {plan.link_mbit_s:.0f} Mbit/s raw.",
        ]
    )


def _known(arguments: argparse.Namespace) -> tuple[dict[str, float], int]:
    """The figures, and the cores of the machine that they were measured on. Raises RecordError, MissingError."""
    kept = read_record(arguments.figures)
    figures = figures_in(kept.rows)
    for text in arguments.set:
        name, _, value = text.rpartition("=")
        if name not in figures:
            raise MissingError(f"--set {text}: unknown figure; known: {'; '.join(figures)}")
        figures[name] = float(value)
    return figures, kept.machine.cores


def _figure(figures: Mapping[str, float], name: str) -> float:
    if name not in figures:
        raise MissingError(f"`{name}` is not known; measure it: python -m tools.bench cameras --json {KEPT}")
    return figures[name]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.bench plan",
        description="What hardware N cameras need, by the model of cost in docs/scaling.md.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--cameras", type=int, required=True)
    parser.add_argument("--fps", type=float, default=30.0, help="frames a second of each camera (default: 30)")
    parser.add_argument("--size", default="1920x1080", help="of the pictures (default: 1920x1080)")
    parser.add_argument("--bad", type=float, default=0.01, help="share of BAD frames (default: 0.01)")
    parser.add_argument("--not-coded", action="store_true", help="the camera gives pixels: nothing is decoded")
    parser.add_argument("--slots", type=int, default=16, help="pictures in a camera's ring (default: 16)")
    parser.add_argument("--cores", type=int, help="of the host (default: of the one that was measured)")
    parser.add_argument("--load", type=float, default=0.7, help="how much of them may be used (default: 0.7)")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads of an inspector (default: 1)")
    parser.add_argument("--figures", type=Path, default=KEPT, help=f"what `cameras --json` kept (default: {KEPT})")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="another value of a figure")
    return parser
