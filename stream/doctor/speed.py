"""How many frames a second this computer judges, against how many the cameras bring."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from detector.regions import Where
from detector.verdict import Verdict
from stream.chosen import THREADS
from stream.doctor.complaint import Complaint, Diagnosis
from stream.doctor.machine import quota_at
from stream.doctor.scene import Scene
from stream.hosts import inspectors_of
from stream.problem import NOTE, WARNING
from stream.settings import CameraSettings

Judge = Callable[[np.ndarray, Where], Verdict]
TRIES = 20  # frames that are judged, at most
TRY_S = 2.0  # for all cameras together
UNSEEN = (720, 1280)  # height, width of a picture where no camera showed one
TIGHT_SHARE = 0.8  # of what can be judged: above it there is nothing left for BAD frames, which take longer

SLOW = Complaint(
    "judging-too-slow",
    WARNING,
    "this computer judges {can:.0f} frames a second, the cameras bring {brought:.0f}",
    "the oldest waiting frame gives way, and its part is not judged",
    "measure the fastest engine: python -m tools.bench tune FILE.yaml; or a GPU (docs/gpu.md), a lower fps, another "
    "computer (docs/remote.md)",
)
TIGHT = Complaint(
    "judging-tight",
    WARNING,
    "this computer judges {can:.0f} frames a second, the cameras bring {brought:.0f}: it just suffices",
    "BAD frames take longer than GOOD ones: when several come in a row, frames are late",
    "measure the fastest engine: python -m tools.bench tune FILE.yaml",
)
FITS = Complaint(
    "judging-speed",
    NOTE,
    "this computer judges {can:.0f} frames a second, the cameras bring {brought:.0f}",
    "one frame took {ms:.0f} ms here just now, the best of {tries}",
    "nothing",
)
COMPLAINTS = (SLOW, TIGHT, FITS)


@dataclass(frozen=True)
class Pace:
    """What was measured of the detector."""

    frame_ms: float  # that one frame takes, at best
    tries: int
    beside: float  # frames that are judged beside each other


def look(scene: Scene, judge: Judge | None) -> Iterator[Diagnosis]:
    """Nothing is tried while the line runs, or where other hosts judge, too."""
    here = [role for role in inspectors_of(scene.line) if role in scene.roles]
    if judge is None or scene.running is not None or len(here) < len(inspectors_of(scene.line)):
        return
    live = [camera for camera in scene.line.cameras if camera.live or camera.pace == "recorded"]
    brought = sum(scene.rate(camera) for camera in live)
    if not brought:
        return
    took_ms = measured_ms(judge, live, scene)
    cores = min(len(os.sched_getaffinity(0)), quota_at(scene.root) or float("inf"))
    beside = min(len(here), max(1.0, cores / (scene.line.inspector.threads or THREADS)))
    yield from compare(Pace(min(took_ms), len(took_ms), beside), brought)


def compare(pace: Pace, brought: float) -> Iterator[Diagnosis]:
    """Pure."""
    can = pace.beside * 1000 / pace.frame_ms
    kind = SLOW if brought > can else TIGHT if brought > TIGHT_SHARE * can else FITS
    yield kind.told("inspector", can=can, brought=brought, ms=pace.frame_ms, tries=pace.tries)


def measured_ms(judge: Judge, cameras: Sequence[CameraSettings], scene: Scene) -> list[float]:
    """Milliseconds that each of some frames took; the first of each camera warms up, and is not counted."""
    found: list[float] = []
    until_s = time.perf_counter() + TRY_S
    for camera in cameras:
        picture = _picture(scene, camera)
        judge(picture, camera.where)
        while len(found) < TRIES:
            began_s = time.perf_counter()
            judge(picture, camera.where)
            found.append((time.perf_counter() - began_s) * 1000)
            if time.perf_counter() > until_s:
                break
    return found


def _picture(scene: Scene, camera: CameraSettings) -> np.ndarray:
    """What the camera showed; else a grey one of the size that it is to have."""
    seen = scene.cameras.get(camera.name)
    if seen is not None and seen.last is not None:
        return seen.last
    width, height = scene.size(camera)
    shape = (height, width, 3) if width and height else (*UNSEEN, 3)
    return np.random.default_rng(0).integers(100, 156, shape, dtype=np.uint8)
