"""The suite `stalled`: what a role that stands still costs the memory of the others.

A live line at 1080p30, one frame in ten BAD. By turns nobody is held and somebody is, each for as long: a role is
stopped as soon as it lives (its supervisor kills it, starts it anew, and that one is stopped, too); viewers connect and
read nothing. Of each other role: the most memory of its own in either time. docs/scaling.md states the bound.
"""

from __future__ import annotations

import argparse
import contextlib
import math
import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tqdm import tqdm

from .bench_memory import again_and_again, ended, running
from .bench_page import free_port
from .bench_page_viewers import Viewers, reading, watching
from .bench_record import Measured
from .bench_recording import FPS, draw
from .bench_rounds import Row, row_of
from .bench_watch import EVERYBODY, latencies_in, uses_of
from .soak_processes import roles_of

CLIP_S = 30.0
COMES_UP_S = 60.0
LOOK_S = 0.5
HOLD_S = 0.02
LOOKS_COST = 1.5  # looks take their time, too
VIEWERS = 10
NEVER_S = 3600.0  # a viewer takes so long over a picture
NOBODY = "nobody"
BEFORE, MEANWHILE, MORE = "just before, MB", "meanwhile, MB", "more, MB"
NOTES = (
    "own memory: anonymous, of nobody else; the most at any of two looks a second",
    "a role that was started anew meanwhile counts by its name",
)


@dataclass(frozen=True)
class Line:
    """A line that runs, and how its roles can be got hold of."""

    supervisor: int
    address: str


Hold = Callable[[Line], contextlib.AbstractContextManager[None]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--seconds", type=float, default=60.0, help="that each is held, and nobody before (default: 60)"
    )
    parser.add_argument("--size", default="1920x1080", help="of the pictures (default: 1920x1080)")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads of the inspector (default: 2)")


def measure(arguments: argparse.Namespace) -> Measured:
    width, height = (int(side) for side in arguments.size.split("x"))
    with tempfile.TemporaryDirectory() as name:
        folder, whole_s = Path(name), arguments.seconds * 2 * len(HELD) * LOOKS_COST
        clip_s = min(CLIP_S, whole_s)
        region = draw(folder / "clip.mp4", width, height, round(clip_s * FPS))
        again_and_again(folder / "clip.mp4", folder / "belt.mp4", times=math.ceil((whole_s + COMES_UP_S) / clip_s))
        port = free_port()
        with running(folder, region, arguments.threads, port) as process:
            line = Line(process.pid, f"http://127.0.0.1:{port}")
            _wait_until_judging(folder / "data")
            rows: list[Row] = []
            for held, one in HELD.items():
                before = _most(line, arguments.seconds, NOBODY)
                with one.hold(line):
                    rows += rows_of(held, before, _most(line, arguments.seconds, held))
            ended(process, folder)
    return Measured(tuple(rows), NOTES)


def rows_of(held: str, before: Mapping[str, float], meanwhile: Mapping[str, float]) -> Iterator[Row]:
    """Of each role but the held one that was there all the time. Pure."""
    for role in sorted(before.keys() & meanwhile.keys() - {HELD[held].role}):
        more = max(0.0, meanwhile[role] - before[role])
        for quantity, mb in ((BEFORE, before[role]), (MEANWHILE, meanwhile[role]), (MORE, more)):
            yield row_of(held, role, quantity, [mb])


def _most(line: Line, seconds: float, says: str) -> dict[str, float]:
    """The most that each role had at any look; the sums say nothing where one of them is stopped."""
    most: dict[str, float] = {}
    for _ in tqdm(range(round(seconds / LOOK_S)), desc=says, unit="look", disable=None):
        time.sleep(LOOK_S)
        for role, use in uses_of(line.supervisor).items():
            most[role] = max(most.get(role, 0.0), use.own_mb)
    del most[EVERYBODY]
    return most


@contextlib.contextmanager
def _stopped(line: Line, role: str) -> Iterator[None]:
    """The role never gets to work: whatever process takes its name is stopped."""
    over = threading.Event()

    def hold() -> None:
        while not over.wait(HOLD_S):
            _signal(line, role, signal.SIGSTOP)

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        _signal(line, role, signal.SIGCONT)


def _signal(line: Line, role: str, number: signal.Signals) -> None:
    if (pid := roles_of(line.supervisor).get(role)) is not None:
        with contextlib.suppress(ProcessLookupError):  # its supervisor was quicker
            os.kill(pid, number)


@contextlib.contextmanager
def _deaf(line: Line, viewers: Callable[[str, int, float], Viewers]) -> Iterator[None]:
    there = viewers(line.address, VIEWERS, NEVER_S)
    try:
        yield
    finally:
        there.end()


def _wait_until_judging(data_dir: Path) -> None:
    """Raises SystemExit where the line does not come to it."""
    until = time.monotonic() + COMES_UP_S
    while not latencies_in(data_dir):
        if time.monotonic() > until:
            raise SystemExit(f"the line judged nothing within {COMES_UP_S:g} s")
        time.sleep(LOOK_S)


@dataclass(frozen=True)
class Held:
    """What stands still for a while."""

    hold: Hold
    role: str = ""  # whose own memory says nothing meanwhile


HELD: dict[str, Held] = {
    f"{VIEWERS} viewers": Held(partial(_deaf, viewers=watching)),
    f"{VIEWERS} readers of MJPEG": Held(partial(_deaf, viewers=reading)),
    "inspect 1": Held(partial(_stopped, role="inspect 1"), "inspect 1"),
    "record": Held(partial(_stopped, role="record"), "record"),
    "display": Held(partial(_stopped, role="display"), "display"),
}
