"""Settings that are each allowed and do not go together. Pure; knows no YAML and no file."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from stream.challenge_limits import challenge_conflicts
from stream.control_limits import control_conflicts
from stream.host_limits import host_conflicts
from stream.part_limits import part_conflicts
from stream.recipes import recipe_conflicts
from stream.region_limits import region_conflicts
from stream.secrets import has_password, is_address, user_of
from stream.settings import CameraSettings, InspectorSettings, LineSettings, RecorderSettings


def conflicts(line: LineSettings) -> Iterator[tuple[str, str]]:
    """Settings that are each allowed and do not go together: path of one, what to do."""
    for camera in line.cameras:
        yield from _of_camera(f"cameras.{camera.name}", camera, line.recorder)
        yield from region_conflicts(f"cameras.{camera.name}", camera)
        yield from control_conflicts(f"cameras.{camera.name}", camera)
        yield from challenge_conflicts(f"cameras.{camera.name}.challenge", camera.challenge)
        yield from part_conflicts(f"cameras.{camera.name}.parts", camera)
    yield from _of_inspector(line.inspector)
    yield from host_conflicts(line)
    yield from recipe_conflicts(line)
    for recipe in line.recipes:
        for own in recipe.cameras:
            yield from region_conflicts(f"recipes.{recipe.name}.cameras.{own.name}", own)
    display = line.display
    if display.enabled and not (display.token_file or display.users_file or is_loopback(display.host)):
        yield (
            "display.host",
            f"anybody on the network could open the page, got {display.host} without token_file or "
            "users_file; set display.token_file to a file with a long random word, display.users_file to one of "
            "`python -m stream users`, or leave host at 127.0.0.1",
        )


def _of_camera(path: str, camera: CameraSettings, recorder: RecorderSettings) -> Iterator[tuple[str, str]]:
    for name, taken in (("waiting_max", camera.waiting_max), ("unrecorded_bad_max", recorder.unrecorded_bad_max)):
        if taken >= camera.slots:
            yield (
                f"{path}.slots",
                f"must be more than {name}, got {camera.slots} and {taken}; raise slots or lower {name}",
            )
    if camera.watched and camera.pace != "fast":
        yield f"{path}.pace", f"a watched folder has no pace of its own, got {camera.pace}; set fast, or delete it"
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
    if classifier is not None and inspector.engine not in ("auto", "torch"):
        yield "inspector.engine", f".pth checkpoints need the engine torch, got {inspector.engine}; set torch or auto"
    if classifier is None and segmenter is None and inspector.engine == "torch":
        yield (
            "inspector.engine",
            "the engine torch needs .pth checkpoints, got torch; set classifier and segmenter, or auto",
        )
    if inspector.precision == "bf16" and (classifier is not None or inspector.engine in ("onnxruntime", "torch")):
        yield (
            "inspector.precision",
            "the engine openvino alone computes in bf16, got bf16; set engine: openvino, or fp32",
        )
    if inspector.precision == "bf16" and inspector.device == "cuda" and classifier is None:
        yield (
            "inspector.device",
            "bf16 is computed on the CPU alone, got cuda; set cpu, or precision: fp32 and engine: onnxruntime",
        )
    elif inspector.engine == "openvino" and inspector.device == "cuda":
        yield (
            "inspector.device",
            "the engine openvino judges on the CPU alone, got cuda; set cpu, or engine: onnxruntime",
        )


def is_loopback(host: str) -> bool:
    """Whether only this computer can reach the host."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"
