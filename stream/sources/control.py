"""A camera's settings, written into it, read back and compared. A setting that did not take is an error.

Pure but for the nodes that it is given.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from stream.settings import CameraSettings, ControlSettings
from stream.sources.nodes import Allowed, NodeError, Nodes, Value
from stream.sources.source import SourceError

TRIGGERS = ("FrameStart", "FrameBurstStart", "AcquisitionStart")  # each may hold a camera back
BALANCE = {"off": "Off", "once": "Once", "auto": "Continuous"}


@dataclass(frozen=True)
class Step:
    """One value for one node."""

    setting: str  # what the user calls it
    names: tuple[str, ...]  # of the node: as SFNC has it, then as older cameras do; the first that is there counts
    value: Value
    needed: bool = True  # False: a camera without the node, or without such an entry, is as it should be
    slack: float = 0.0  # a camera sets what its sensor can do: so far off is not refused
    selector: tuple[str, str] | None = None  # node and entry by which the camera knows which of several is meant
    stays: bool = True  # False: the camera changes it again by itself


@dataclass(frozen=True)
class Taken:
    """What the camera has now."""

    step: Step
    node: str
    value: Value


def steps(camera: CameraSettings) -> Iterator[Step]:
    """Everything to be written, in the order in which cameras take it."""
    control = camera.control
    yield Step("trigger", ("AcquisitionMode",), "Continuous", needed=False)
    yield from _free()
    if control.pixel_format is not None:
        yield Step("pixel_format", ("PixelFormat",), control.pixel_format)
    yield from _window(control)
    if control.packet_size is not None:
        yield Step("packet_size", ("GevSCPSPacketSize",), control.packet_size)
    yield from _light(control)
    if camera.fps is not None:
        yield Step("fps", ("AcquisitionFrameRateEnable",), True, needed=False)
        slack = max(0.05, camera.fps * 0.02)
        yield Step("fps", ("AcquisitionFrameRate", "AcquisitionFrameRateAbs"), camera.fps, slack=slack)
    if camera.triggered:
        yield from _triggered(control)


def apply(nodes: Nodes, wanted: Iterable[Step]) -> tuple[Taken, ...]:
    """Writes each step and reads it back; at the end once more, for a setting may change another.

    Raises SourceError (final) for the first that the camera did not take.
    """
    last: dict[tuple[str, object], Taken] = {}
    for step in wanted:
        if (taken := _write(nodes, step)) is not None:
            last[taken.node, step.selector] = taken
    for taken in last.values():
        if taken.step.selector is None and taken.step.stays:
            _compare(nodes, taken.step, taken.node)
    return tuple(last.values())


def _free() -> Iterator[Step]:
    """Another program may have left the camera waiting for a trigger."""
    yield Step("trigger", ("TriggerMode",), "Off", needed=False)
    for trigger in TRIGGERS:
        selector = ("TriggerSelector", trigger)
        yield Step("trigger", ("TriggerMode",), "Off", needed=False, selector=selector)


def _window(control: ControlSettings) -> Iterator[Step]:
    """First to the corner: with an offset, the sensor has no room for its whole width."""
    if (roi := control.roi) is None:
        return
    yield Step("roi", ("OffsetX",), 0, needed=False)
    yield Step("roi", ("OffsetY",), 0, needed=False)
    yield Step("roi (width)", ("Width",), roi.width)
    yield Step("roi (height)", ("Height",), roi.height)
    yield Step("roi (x)", ("OffsetX",), roi.x, needed=roi.x > 0)
    yield Step("roi (y)", ("OffsetY",), roi.y, needed=roi.y > 0)


def _light(control: ControlSettings) -> Iterator[Step]:
    if control.exposure_us is not None:
        yield Step("exposure_us", ("ExposureAuto",), "Off", needed=False)
        yield Step("exposure_us", ("ExposureMode",), "Timed", needed=False)
        slack = max(1.0, control.exposure_us * 0.01)
        yield Step("exposure_us", ("ExposureTime", "ExposureTimeAbs"), control.exposure_us, slack=slack)
    if control.gain_db is not None:
        yield Step("gain_db", ("GainAuto",), "Off", needed=False)
        yield Step("gain_db", ("Gain", "GainAbs"), control.gain_db, slack=0.1)
    balance = control.white_balance
    if isinstance(balance, str):
        yield Step("white_balance", ("BalanceWhiteAuto",), BALANCE[balance], stays=balance != "once")
    elif balance is not None:
        yield Step("white_balance", ("BalanceWhiteAuto",), "Off", needed=False)
        for colour, ratio in zip(("Red", "Green", "Blue"), balance, strict=True):
            names, selector = ("BalanceRatio", "BalanceRatioAbs"), ("BalanceRatioSelector", colour)
            yield Step("white_balance", names, ratio, slack=0.02, selector=selector)


def _triggered(control: ControlSettings) -> Iterator[Step]:
    software = control.trigger == "software"
    setting, source = ("trigger", "Software") if software else ("trigger_line", str(control.trigger_line))
    yield Step("trigger", ("TriggerSelector",), "FrameStart", needed=False)
    yield Step(setting, ("TriggerSource",), source)
    if not software:
        yield Step("trigger", ("TriggerActivation",), "RisingEdge", needed=False)
    if control.trigger_delay_us is not None:
        yield Step("trigger_delay_us", ("TriggerDelay", "TriggerDelayAbs"), control.trigger_delay_us, slack=1.0)
    yield Step("trigger", ("TriggerMode",), "On")


def _write(nodes: Nodes, step: Step) -> Taken | None:
    """None: the camera lacks what is not needed."""
    name = next((name for name in step.names if nodes.has(name)), None)
    if name is None or not _selected(nodes, step.selector):
        if step.needed:
            lacking = " nor ".join(step.names) if name is None else " ".join(step.selector or ())
            raise _refused(step, f"this camera has no {lacking}; delete the setting")
        return None
    allowed = nodes.allowed(name)
    said = ""
    if allowed.refuses(step.value):
        said = "not allowed"
    else:
        try:
            nodes.write(name, step.value)
        except NodeError as error:
            said = str(error)
    got = nodes.read(name)
    if _same(step, got) or (not step.needed if said else not step.stays):
        return Taken(step, name, got)
    raise _other(step, name, got, allowed, said)


def _compare(nodes: Nodes, step: Step, name: str) -> None:
    got, allowed = nodes.read(name), nodes.allowed(name)
    if step.needed and not _same(step, got):
        raise _other(step, name, got, allowed, "another setting changed it")


def _selected(nodes: Nodes, selector: tuple[str, str] | None) -> bool:
    if selector is None:
        return True
    name, entry = selector
    if not nodes.has(name) or entry not in nodes.allowed(name).choices:
        return False
    try:
        nodes.write(name, entry)
    except NodeError:
        return False
    return nodes.read(name) == entry


def _same(step: Step, got: Value) -> bool:
    if isinstance(step.value, str | bool) or isinstance(got, str | bool):
        return got == step.value
    # A step of a node is no slack: a width is set in whole steps, and one that was clamped to such is another width.
    return abs(got - step.value) <= step.slack + 1e-9 * abs(step.value)


def _other(step: Step, name: str, got: Value, allowed: Allowed, said: str) -> SourceError:
    why = f" ({said})" if said else ""
    return _refused(
        step, f"the camera did not take {_shown(step.value)}{why}: {name} is {_shown(got)}, it takes {allowed}"
    )


def _refused(step: Step, why: str) -> SourceError:
    place = step.setting if step.setting == "fps" else f"control.{step.setting}"
    return SourceError(f"{place}: {why}", final=True)


def _shown(value: Value) -> str:
    return f"{value:.10g}" if isinstance(value, float) else str(value)
