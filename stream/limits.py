"""What each setting may be: ranges, choices, and which exclude each other. Pure; knows no YAML and no file."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator
from math import inf
from typing import Any

from detector.verdict import Box
from stream.secrets import has_password, is_address, user_of
from stream.settings import (
    CameraSettings,
    DisplaySettings,
    InspectorSettings,
    LineSettings,
    RecorderSettings,
    SupervisorSettings,
)

CAMERA_NAME = re.compile(r"[A-Za-z0-9_-]{1,32}")
Limit = Callable[[Any], "str | None"]  # a value of the setting's type → what is wrong with it


def one_of(*allowed: str) -> Limit:
    return lambda value: None if value in allowed else f"must be one of {', '.join(allowed)}"


def within(low: float, high: float) -> Limit:
    return lambda value: None if low <= value <= high else f"must be {low:g} to {high:g}"


def at_least(low: float) -> Limit:
    return lambda value: None if value >= low else f"must be {low:g} or more"


def above(low: float, high: float = inf) -> Limit:
    most = "" if high == inf else f" and at most {high:g}"
    return lambda value: None if low < value <= high else f"must be more than {low:g}{most}"


def rectangle(box: Box) -> str | None:
    if min(box.x0, box.y0) < 0:
        return "begins outside the picture, whose corner is [0, 0]; it is [x0, y0, x1, y1]"
    if box.width <= 0 or box.height <= 0:
        return "is empty; it is [x0, y0, x1, y1] with x1 above x0 and y1 above y0"
    return None


def camera_name(name: str) -> str | None:
    """What is wrong with the name; it becomes part of folders and of process names."""
    if CAMERA_NAME.fullmatch(name):
        return None
    for sign, said in (("/", "a `/`"), ("..", "`..`"), (" ", "a space")):
        if sign in name:
            return f"a camera's name may not hold {said}; use 1 to 32 of A-Z a-z 0-9 _ -"
    return "not a camera's name; use 1 to 32 of A-Z a-z 0-9 _ -"


LIMITS: dict[type, dict[str, Limit]] = {
    LineSettings: {},
    CameraSettings: {
        "name": camera_name,
        "policy": one_of("auto", "newest", "every"),
        "pace": one_of("fast", "recorded"),
        "fps": above(0, 1000),
        "width": within(1, 16384),
        "height": within(1, 16384),
        "region": rectangle,
        "slots": within(2, 1024),
        "waiting_max": within(1, 1023),
        "deadline_ms": above(0),
        "silent_after_s": above(0),
    },
    InspectorSettings: {
        "count": within(1, 64),
        "engine": one_of("auto", "onnxruntime", "torch"),
        "device": one_of("auto", "cpu", "cuda"),
        "threads": within(1, 256),
        "classifier_threshold": within(0, 1),
        "segmenter_threshold": within(0, 1),
        "min_area_px": at_least(0),
    },
    RecorderSettings: {
        "incident_gap_frames": at_least(1),
        "commit_ms": within(0, 10_000),
        "unrecorded_bad_max": at_least(0),
        "evidence_min_free_mb": at_least(0),
    },
    DisplaySettings: {
        "port": within(0, 65535),
        "width_px": within(16, 7680),
        "jpeg_quality": within(1, 100),
        "live_fps": above(0, 1000),
    },
    SupervisorSettings: {"silent_after_s": above(0), "judging_s": above(0), "starting_s": above(0), "stop_s": above(0)},
}


def conflicts(line: LineSettings) -> Iterator[tuple[str, str]]:
    """Settings that are each allowed and do not go together: path of one, what to do."""
    for camera in line.cameras:
        yield from _of_camera(f"cameras.{camera.name}", camera, line.recorder)
    yield from _of_inspector(line.inspector)
    display = line.display
    if display.enabled and display.token_file is None and not is_loopback(display.host):
        yield (
            "display.host",
            f"anybody on the network could open the page, got {display.host} without token_file; "
            "set display.token_file to a file with a long random word, or leave host at 127.0.0.1",
        )


def _of_camera(path: str, camera: CameraSettings, recorder: RecorderSettings) -> Iterator[tuple[str, str]]:
    for name, taken in (("waiting_max", camera.waiting_max), ("unrecorded_bad_max", recorder.unrecorded_bad_max)):
        if taken >= camera.slots:
            yield (
                f"{path}.slots",
                f"must be more than {name}, got {camera.slots} and {taken}; raise slots or lower {name}",
            )
    if is_address(camera.source) and camera.password_file is not None:
        if has_password(camera.source):
            yield f"{path}.password_file", "the address carries a password too; take it out of source"
        if camera.username is None and not user_of(camera.source):
            yield f"{path}.password_file", "a password needs a user; set username"


def _of_inspector(inspector: InspectorSettings) -> Iterator[tuple[str, str]]:
    classifier, segmenter = inspector.classifier, inspector.segmenter
    if (classifier is None) != (segmenter is None):
        given, missing = ("classifier", "segmenter") if segmenter is None else ("segmenter", "classifier")
        yield f"inspector.{given}", f"{given} without {missing}; name both .pth checkpoints, or none to use a bundle"
    if classifier is not None and inspector.bundle is not None:
        yield "inspector.bundle", "stands beside classifier, which takes a bundle's place; delete one of the two"
    if classifier is not None and inspector.engine == "onnxruntime":
        yield "inspector.engine", ".pth checkpoints need the engine torch, got onnxruntime; set torch or auto"
    if classifier is None and segmenter is None and inspector.engine == "torch":
        yield (
            "inspector.engine",
            "the engine torch needs .pth checkpoints, got torch; set classifier and segmenter, or auto",
        )


def is_loopback(host: str) -> bool:
    """Whether only this computer can reach the host."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"
