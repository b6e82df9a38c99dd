"""`python -m tests.time_loss [ROUNDS]`: how soon a lost network camera is found, and how soon it is back. By hand.

A whole line in real processes, on a camera that is killed or frozen and comes back, so many times each; the times are
those of the log: the event `source`, and the name of the next run, which is the microsecond of its first picture; of
one that waits for its trigger the event `gap`, as it takes no picture. Back counts from when the camera listens again,
or goes on. Needs what tests/debian-packages.txt lists for RTSP and GigE Vision.

    python -m tests.time_loss 3 trigger     those alone whose name has that word in it
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stream.asking import ask
from stream.places import places_for
from tests.gige_camera import GigeCamera
from tests.http_camera import HttpCamera, endless
from tests.line import RunningLine, rows, running, wait_for, write_line
from tests.recordings import numbered_frames, write_recording
from tests.rtsp import RtspServer
from tools.soak_gige import HOST

FPS = 25
ANSWER_S = 10.0
FIRST_PICTURE = "SELECT run FROM runs WHERE captured > 0 ORDER BY run"
WAITS_AGAIN = "SELECT utc_ns / 1000 FROM events WHERE kind = 'gap' ORDER BY id"  # one that waits takes no picture
TRIGGERED = "control: {trigger: hardware, trigger_line: Line0}"


@dataclass(frozen=True)
class Loss:
    """A way in which a camera is lost, and in which it comes back."""

    name: str
    camera: Callable[[Path], AbstractContextManager[Any]]
    breaks: Callable[[Any], None]
    comes_back: Callable[[Any], None]
    settings: str = ""  # of the camera, a line each
    back: str = FIRST_PICTURE  # SQL: when it was back, µs UTC, of all times that it was


def rtsp(folder: Path) -> RtspServer:
    """A key picture every half second: to wait for the next one is part of coming back."""
    return RtspServer(write_recording(folder / "belt.mp4", numbered_frames(60), FPS, gop=12), fps=FPS)


def web(_folder: Path) -> HttpCamera:
    return HttpCamera(endless(fps=FPS))


def gige_by_address(_folder: Path) -> GigeCamera:
    return GigeCamera("LW1", address=f"aravis:{HOST}")


def gige_by_serial(_folder: Path) -> GigeCamera:
    return GigeCamera("LW1")


LOSSES = (
    Loss("RTSP, killed", rtsp, RtspServer.kill, RtspServer.start),
    Loss("RTSP, frozen", rtsp, RtspServer.freeze, RtspServer.thaw),
    Loss("HTTP, killed", web, HttpCamera.die, HttpCamera.start),
    Loss("GigE Vision by its address, killed", gige_by_address, GigeCamera.kill, GigeCamera.start),
    Loss("GigE Vision by its serial number, killed", gige_by_serial, GigeCamera.kill, GigeCamera.start),
    Loss(
        "GigE Vision that waits for its trigger, killed",
        gige_by_serial,
        GigeCamera.kill,
        GigeCamera.start,
        TRIGGERED,
        WAITS_AGAIN,
    ),
)


def state(line: RunningLine) -> str:
    answer = ask(places_for(line.data_dir), "status", ANSWER_S)
    return answer.cameras[0].state if answer is not None and answer.cameras else ""


def times(line: RunningLine, loss: Loss) -> list[int]:
    return [at_us for (at_us,) in rows(line.data_dir, loss.back)]


def once(line: RunningLine, camera: Any, loss: Loss) -> tuple[float, float]:
    """Seconds until it was found lost, and until it was back."""
    known = len(times(line, loss))
    query = "SELECT utc_ns FROM events WHERE kind = 'source' AND utc_ns > {} ORDER BY id"
    broke_ns = time.time_ns()
    loss.breaks(camera)
    ((found_ns,), *_) = wait_for(lambda: rows(line.data_dir, query.format(broke_ns)), "the loss on record")
    time.sleep(3.0)  # long enough for the tries to have become as rare as they get
    began_ns = time.time_ns()
    loss.comes_back(camera)
    listens_ns = time.time_ns() if loss.breaks is not RtspServer.freeze else began_ns
    wait_for(lambda: len(times(line, loss)) > known, "the camera to be back")
    return (found_ns - broke_ns) / 1e9, (times(line, loss)[-1] * 1000 - listens_ns) / 1e9


def many(line: RunningLine, camera: Any, loss: Loss, rounds: int) -> list[tuple[float, float]]:
    wait_for(lambda: state(line) in ("running", "waiting"), "the camera to be well")
    found = []
    for _ in range(rounds):
        time.sleep(1.0)
        found.append(once(line, camera, loss))
    return found


def main(rounds: int, word: str = "") -> None:
    print("| | found lost, s: median, most | back, s: median, most |\n|---|---|---|")
    for loss in (one for one in LOSSES if word in one.name):
        with (
            tempfile.TemporaryDirectory() as folder,
            loss.camera(Path(folder)) as camera,
            running(write_line(Path(folder), camera.address, camera=loss.settings)) as line,
        ):
            measured = many(line, camera, loss, rounds)
        found, back = zip(*measured, strict=True)
        told = (f"{statistics.median(one):.2f}, {max(one):.2f}" for one in (found, back))
        print(f"| {loss.name} | {' | '.join(told)} |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5, *sys.argv[2:3])
