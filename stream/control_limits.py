"""What an industrial camera's settings may be, and what they exclude. Pure; knows no YAML and no camera.

What a camera of a certain model takes, only that camera knows: it is asked when it is opened (sources/control.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from stream.settings import CameraSettings, ControlSettings, Window

_NODE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
BALANCES = ("off", "once", "auto")


def name_of_a_node(name: str) -> str | None:
    """What is wrong with a word that goes to a camera as it stands."""
    return None if _NODE.fullmatch(name) else "must be a name as the camera's manual has it, e.g. Mono8 or Line1"


def ratios(balance: str | tuple[float, float, float]) -> str | None:
    if isinstance(balance, str):
        return None if balance in BALANCES else "must be off, once, auto, or three numbers [red, green, blue]"
    return None if all(0 < ratio <= 64 for ratio in balance) else "each ratio must be more than 0 and at most 64"


def sensor_window(window: Window) -> str | None:
    if min(window.x, window.y) < 0 or min(window.width, window.height) < 1:
        return "lies outside the sensor or is empty; it is [x, y, width, height]"
    return None


def control_conflicts(path: str, camera: CameraSettings) -> Iterator[tuple[str, str]]:
    """What the settings of one camera are together: path of one, what to do."""
    control = camera.control
    if not camera.industrial:
        if control != ControlSettings():
            yield (
                f"{path}.control",
                "this source has nothing to set; delete it, or name a basler:, genicam: or aravis: one",
            )
        return
    for name, given in (("width", camera.width), ("height", camera.height)):
        if given is not None:
            yield f"{path}.{name}", f"is for USB cameras, got {given}; an industrial one takes control.roi"
    if control.trigger == "hardware" and control.trigger_line is None:
        yield f"{path}.control.trigger", "which input? set trigger_line to its name, e.g. Line1"
    if control.trigger != "hardware" and control.trigger_line is not None:
        got = f"got {control.trigger_line} with trigger: {control.trigger}"
        yield f"{path}.control.trigger_line", f"is for trigger: hardware, {got}; set that, or delete trigger_line"
    if control.trigger == "free" and control.trigger_delay_us is not None:
        yield f"{path}.control.trigger_delay_us", "nothing triggers this camera; set trigger, or delete the delay"
    if camera.triggered and camera.policy == "newest":
        yield (
            f"{path}.policy",
            "each picture of a triggered camera is a part, and newest lets pictures go, got newest; set every or auto",
        )
