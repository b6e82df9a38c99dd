"""The suite `cameras`: 1, 2, 4, 8 … live cameras on one inspector and on several, until it breaks.

What broke first is said. Each step is a whole line in real processes, measured once all captures are up, over a window
of its own: frames judged and dropped, ages, and what each role uses. Then three small lines tell apart what a camera
costs at rest, by the frame and by the BAD frame: the model of cost (docs/scaling.md) that `tools.bench plan` reads.
"""

from __future__ import annotations

import argparse
import itertools
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace

from tqdm import tqdm

from .bench_camera_line import Load, Step, StepError, observe
from .bench_cameras_plot import curves
from .bench_cameras_why import Bounds, broken
from .bench_costs import COST_MODEL, JUDGING, costs, parts
from .bench_record import Measured
from .bench_rounds import Row, row_of

MOST = 64
MODEL_SIZE = (96, 64)
REST_FPS, MODEL_FPS, MODEL_CAMERAS, MODEL_BAD = 0.2, 5.0, 8, 0.2
LIBRARIES = ("onnxruntime", "pyzmq", "opencv-python-headless", "av")
CORES, PSS = ", CPU cores", ", PSS MB"  # behind the setting
plot = curves


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rounds", type=int, default=1, help="runs of each step (default: 1)")
    parser.add_argument("--most", type=int, default=MOST, help=f"cameras at most (default: {MOST})")
    parser.add_argument("--inspectors", type=int, nargs="+", default=[1, 2], help="processes (default: 1 2)")
    parser.add_argument("--fps", type=float, default=2.0, help="frames a second of each camera (default: 2)")
    parser.add_argument("--size", default="400x400", help="of the pictures, which are judged whole (default: 400x400)")
    parser.add_argument("--bad", type=float, default=0.01, help="share of BAD frames (default: 0.01)")
    parser.add_argument(
        "--bundle", default="shipped", help="shipped or `soak`, whose networks are tiny: the line alone"
    )
    parser.add_argument("--threads", type=int, default=1, help="CPU threads of an inspector (default: 1)")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="that judges (default: cpu)")
    parser.add_argument("--batch", type=int, default=1, help="frames judged at once (default: 1)")
    parser.add_argument("--seconds", type=float, default=15.0, help="that each step is measured (default: 15)")
    parser.add_argument("--starting", type=float, default=180.0, help="seconds that a step may take to come up")
    parser.add_argument("--p99", type=float, default=250.0, help="capture to verdict in ms, at most (default: 250)")
    parser.add_argument("--no-model", action="store_true", help="without the lines that tell the costs apart")


def measure(arguments: argparse.Namespace) -> Measured:
    width, height = (int(side) for side in arguments.size.split("x"))
    load = Load(
        1,
        1,
        arguments.fps,
        width,
        height,
        arguments.bad,
        arguments.bundle,
        arguments.threads,
        arguments.device,
        arguments.batch,
    )
    bounds = Bounds(arguments.p99, len(os.sched_getaffinity(0)))
    rows: list[Row] = []
    notes = [
        f"A step breaks at the first dropped frame, at p99 over {arguments.p99:g} ms, or where a role ends by itself. "
        f"Cameras are `numbered:`, {arguments.fps:g} frames/s each, {arguments.size}, judged whole with the "
        f"{arguments.bundle} bundle, {bounds.cores} processors for all of it."
    ]
    for count in arguments.inspectors:
        said = f"{count} inspector{'s' * (count > 1)}"
        for step_rows, why in _until_it_breaks(replace(load, inspectors=count), arguments, bounds, said):
            rows.extend(step_rows)
            notes.extend(why)
    if not arguments.no_model:
        rows.extend(_model(load, arguments, rows))
    return Measured(tuple(rows), tuple(notes), LIBRARIES)


def _until_it_breaks(
    load: Load, arguments: argparse.Namespace, bounds: Bounds, said: str
) -> Iterator[tuple[list[Row], list[str]]]:
    doubling = itertools.takewhile(lambda n: n < arguments.most, (2**power for power in itertools.count()))
    for cameras in tqdm([*doubling, arguments.most], desc=said, unit="step", disable=None):
        try:
            steps = [observe(replace(load, cameras=cameras), arguments) for _ in range(arguments.rounds)]
        except StepError as error:
            yield [], [f"{said}: broke at {cameras} cameras: {error}"]
            return
        yield list(rows_of(said, f"{cameras} camera{'s' * (cameras > 1)}", steps)), []
        if why := next(filter(None, (broken(step, bounds) for step in steps)), None):
            yield [], [f"{said}: broke at {cameras} cameras: {why}"]
            return
    yield [], [f"{said}: did not break at {arguments.most} cameras"]


def rows_of(setting: str, name: str, steps: Sequence[Step]) -> Iterator[Row]:
    """Three tables of each step: frames, processors by role, memory by role. Pure."""
    reasons = sorted({reason for step in steps for reason in step.dropped})
    frames = {
        "judged a second": [step.judged_per_s for step in steps],
        "BAD a second": [step.bad_per_s for step in steps],
        "p50 ms": [step.p50_ms for step in steps],
        "p99 ms": [step.p99_ms for step in steps],
        "dropped": [float(sum(step.dropped.values())) for step in steps],
        **{f"dropped: {reason}": [float(step.dropped.get(reason, 0)) for step in steps] for reason in reasons},
        "CPU ms a frame": [step.cpu_ms_a_frame for step in steps],
        "descriptors": [float(step.descriptors) for step in steps],
        "up after s": [step.up_s for step in steps],
    }
    yield from (row_of(setting, name, quantity, values) for quantity, values in frames.items())
    for title, of in ((CORES, [step.cores for step in steps]), (PSS, [step.pss_mb for step in steps])):
        for role in sorted({role for one in of for role in one}):
            yield row_of(f"{setting}{title}", name, role, [one.get(role, 0.0) for one in of])


def _model(load: Load, arguments: argparse.Namespace, rows: Sequence[Row]) -> Iterator[Row]:
    """What a camera costs at rest, by the frame and by the BAD frame, told apart by three lines."""
    cameras = min(MODEL_CAMERAS, arguments.most)
    # Pictures so small that neither copying nor drawing them counts: what goes by size is measured alone.
    base = replace(load, cameras=cameras, bundle="soak", bad=0.0, width=MODEL_SIZE[0], height=MODEL_SIZE[1])
    loads = [replace(base, fps=REST_FPS), replace(base, fps=MODEL_FPS), replace(base, fps=MODEL_FPS, bad=MODEL_BAD)]
    try:
        seen = [observe(one, arguments) for one in tqdm(loads, desc="model", unit="line", disable=None)]
    except StepError as error:
        raise SystemExit(f"no model of cost: {error}") from error
    for name, value in {**costs(*zip(loads, seen, strict=True)), **parts(load.threads)}.items():
        yield row_of(COST_MODEL, name, "value", [value])
    judging = [row.median for row in rows if row.setting.endswith(PSS) and row.quantity == JUDGING]
    yield from (row_of(COST_MODEL, "judge: MB", "value", [value / arguments.inspectors[0]]) for value in judging[:1])
