"""Tries the cameras for a moment, all at once: they share the cables, as they will when the line runs."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from stream.doctor.bounded import in_time
from stream.doctor.camera import CLOSED, HANGS, judge
from stream.doctor.complaint import Diagnosis
from stream.doctor.network import interface_to, received_bytes, wired
from stream.doctor.reach import Reached, reach
from stream.doctor.scene import MB, SeenCamera
from stream.doctor.tally import Tally, seen_in
from stream.secrets import SecretError, redact, with_credentials
from stream.settings import WATCH_PREFIX, CameraSettings
from stream.sources.pacing import due_s
from stream.sources.source import LeftOut, Picture, SourceError, Waiting
from stream.sources.table import open_source

MEASURE_S = 3.0  # pictures are taken for so long, from the first one on
HANGS_S = 11.0  # with its name, its port and its opening it may take so long; longer is a camera that hangs
ENOUGH = 300  # pictures; a file gives them faster than it is worth


@dataclass(frozen=True)
class Tried:
    """What came of a camera, and what is to be said of it."""

    seen: SeenCamera
    diagnoses: tuple[Diagnosis, ...]


def try_all(cameras: tuple[CameraSettings, ...], root: Path) -> dict[str, Tried]:
    """What came of each camera, after a few seconds."""
    tallies = [Tally() for _ in cameras]
    works = [partial(_try, camera, tally, root) for camera, tally in zip(cameras, tallies, strict=True)]
    found = in_time(works, HANGS_S)
    return {camera.name: tried or _hung(camera) for camera, tried in zip(cameras, found, strict=True)}


def _hung(camera: CameraSettings) -> Tried:
    return Tried(SeenCamera(), (HANGS.told(f"cameras.{camera.name}.source", limit=HANGS_S),))


def _try(camera: CameraSettings, tally: Tally, root: Path) -> Tried:
    path = f"cameras.{camera.name}.source"
    if camera.watched:  # to open it would take its pictures away from the line
        return Tried(SeenCamera(), tuple(_look_at_folder(path, camera.source.removeprefix(WATCH_PREFIX))))
    reached = reach(path, camera.source)
    if reached.diagnosis is not None:
        return Tried(SeenCamera(), (reached.diagnosis,))
    names = _interfaces(camera, reached, root)
    before, began_s = [received_bytes(name, root) for name in names], time.monotonic()
    _take(camera, tally)
    took_s = max(time.monotonic() - began_s, 1e-3)
    came = {name: received_bytes(name, root) - was for name, was in zip(names, before, strict=True)}
    busiest = max(names, key=lambda name: came[name], default="")
    seen = replace(seen_in(tally), wire_mb_s=came.get(busiest, 0) / MB / took_s, interface=busiest)
    return Tried(seen, tuple(judge(camera, tally)))


def _interfaces(camera: CameraSettings, reached: Reached, root: Path) -> list[str]:
    """Where its pictures may come in: at the one that leads to its address; an industrial one may hang on any."""
    if reached.address:
        return [name for name in [interface_to(reached.address, root)] if name]
    return [one.name for one in wired(root)] if camera.industrial else []


def _look_at_folder(path: str, folder: str) -> Iterator[Diagnosis]:
    """Whether it may be read; that it is not there now `check` says, and the line waits for it."""
    try:
        os.listdir(folder)  # noqa: PTH208
    except FileNotFoundError:
        return
    except OSError as error:
        yield CLOSED.told(path, reason=f"{folder}: {error.strerror}")


def _take(camera: CameraSettings, tally: Tally) -> None:
    """Opens it, and takes pictures for a moment."""
    source, began_s = None, time.monotonic()
    try:
        source = open_source(camera, with_credentials(camera))
        for picture in source.pictures():
            if isinstance(picture, Waiting):
                tally.waits = picture.text
            elif isinstance(picture, LeftOut):
                tally.left_out += picture.pictures
            elif isinstance(picture, Picture):
                recorded_s = None if camera.live else due_s(picture.index, picture.pts_s, camera.fps)
                tally.take(picture, time.monotonic() if recorded_s is None else recorded_s)
                began_s = began_s if tally.pictures > 1 else time.monotonic()
            if time.monotonic() - began_s > MEASURE_S or tally.pictures >= ENOUGH:
                break
    except (SourceError, SecretError) as error:
        tally.reason = redact(str(error))
    finally:
        if source is not None:
            source.close()
