"""An industrial camera's settings: written in its own names, read back, and an error where they did not take."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.settings import CameraSettings, ControlSettings, Window
from stream.sources.control import apply, steps
from stream.sources.nodes import Allowed
from stream.sources.source import SourceError
from tests.camera_nodes import Node, NodesInMemory

SWITCH = Allowed(choices=("Off", "On"))
SOURCES = Allowed(choices=("Software", "Line1", "Line2"))


def camera(control: ControlSettings, fps: float | None = None) -> CameraSettings:
    return CameraSettings("belt", "basler:", control=control, fps=fps)


def modern() -> NodesInMemory:
    """As SFNC has it; left by another program waiting for a trigger, with an offset and automatic exposure."""
    triggers = Allowed(choices=("FrameStart", "FrameBurstStart"))
    return NodesInMemory(
        {
            "AcquisitionMode": Node("SingleFrame", Allowed(choices=("SingleFrame", "Continuous"))),
            "TriggerSelector": Node("FrameBurstStart", triggers),
            "TriggerSelector=FrameStart/TriggerMode": Node("On", SWITCH),
            "TriggerSelector=FrameBurstStart/TriggerMode": Node("On", SWITCH),
            "TriggerSelector=FrameStart/TriggerSource": Node("Line2", SOURCES),
            "TriggerSelector=FrameBurstStart/TriggerSource": Node("Line2", SOURCES),
            "TriggerDelay": Node(0.0, Allowed(0, 1e6)),
            "PixelFormat": Node("Mono8", Allowed(choices=("Mono8", "BayerRG8"))),
            "OffsetX": Node(64, Allowed(0, 1024, 16)),
            "OffsetY": Node(64, Allowed(0, 1024, 2)),
            "Width": Node(640, Allowed(16, 1920, 16)),
            "Height": Node(480, Allowed(2, 1200, 2)),
            "ExposureAuto": Node("Continuous", Allowed(choices=("Off", "Continuous"))),
            "ExposureTime": Node(20_000.0, Allowed(20, 1e6)),
            "GainAuto": Node("Continuous", Allowed(choices=("Off", "Continuous"))),
            "Gain": Node(0.0, Allowed(0, 24)),
            "BalanceWhiteAuto": Node(
                "Continuous", Allowed(choices=("Off", "Once", "Continuous")), becomes={"Once": "Off"}
            ),
            "BalanceRatioSelector": Node("Blue", Allowed(choices=("Red", "Green", "Blue"))),
            **{f"BalanceRatioSelector={c}/BalanceRatio": Node(1.0, Allowed(0, 8)) for c in ("Red", "Green", "Blue")},
            "AcquisitionFrameRateEnable": Node(False),
            "AcquisitionFrameRate": Node(30.0, Allowed(0.1, 200)),
            "GevSCPSPacketSize": Node(1500, Allowed(220, 9000, 4)),
        }
    )


def old() -> NodesInMemory:
    """As GigE cameras were before SFNC 2: other names, no selector."""
    return NodesInMemory(
        {
            "TriggerMode": Node("On", SWITCH),
            "TriggerSource": Node("Line2", SOURCES),
            "TriggerDelayAbs": Node(0.0, Allowed(0, 1e6)),
            "PixelFormat": Node("Mono8", Allowed(choices=("Mono8",))),
            "Width": Node(640, Allowed(1, 640)),
            "Height": Node(480, Allowed(1, 480)),
            "ExposureTimeAbs": Node(20_000.0, Allowed(20, 1e6)),
            "GainAbs": Node(0.0, Allowed(0, 24)),
            "AcquisitionFrameRateAbs": Node(30.0, Allowed(0.1, 200)),
        }
    )


def values(nodes: NodesInMemory) -> dict[str, object]:
    return {name: node.value for name, node in nodes.nodes.items()}


def refusal(nodes: NodesInMemory, control: ControlSettings, fps: float | None = None) -> SourceError:
    with pytest.raises(SourceError) as caught:
        apply(nodes, steps(camera(control, fps)))
    assert caught.value.final
    return caught.value


FULL = ControlSettings(
    exposure_us=5000,
    gain_db=6,
    white_balance=(1.5, 1.0, 2.0),
    roi=Window(32, 8, 320, 240),
    pixel_format="BayerRG8",
    packet_size=8192,
)


def test_every_setting_arrives_under_its_name() -> None:
    nodes = modern()
    apply(nodes, steps(camera(FULL, fps=50)))
    now = values(nodes)
    wanted = {"ExposureTime": 5000, "ExposureAuto": "Off", "Gain": 6, "GainAuto": "Off", "PixelFormat": "BayerRG8"}
    wanted |= {"OffsetX": 32, "OffsetY": 8, "Width": 320, "Height": 240, "GevSCPSPacketSize": 8192}
    wanted |= {"AcquisitionMode": "Continuous", "AcquisitionFrameRate": 50, "AcquisitionFrameRateEnable": True}
    wanted |= {f"BalanceRatioSelector={c}/BalanceRatio": r for c, r in (("Red", 1.5), ("Green", 1), ("Blue", 2))}
    assert {name: now[name] for name in wanted} == wanted


def test_older_names_are_tried_where_the_new_ones_are_not_there() -> None:
    nodes = old()
    control = ControlSettings(
        exposure_us=5000, gain_db=6, trigger="hardware", trigger_line="Line1", trigger_delay_us=100
    )
    apply(nodes, steps(camera(control, fps=20)))
    now = values(nodes)
    assert (now["ExposureTimeAbs"], now["GainAbs"], now["AcquisitionFrameRateAbs"]) == (5000, 6, 20)
    assert (now["TriggerMode"], now["TriggerSource"], now["TriggerDelayAbs"]) == ("On", "Line1", 100)


@pytest.mark.parametrize("make", [modern, old])
def test_a_free_camera_waits_for_no_trigger_that_another_program_left(make) -> None:
    nodes = make()
    apply(nodes, steps(camera(ControlSettings())))
    assert {node.value for name, node in nodes.nodes.items() if name.endswith("TriggerMode")} == {"Off"}


@pytest.mark.parametrize(
    ("trigger", "line", "source"), [("hardware", "Line1", "Line1"), ("software", None, "Software")]
)
def test_a_triggered_camera_waits_for_that_alone(trigger: str, line: str | None, source: str) -> None:
    nodes = modern()
    apply(nodes, steps(camera(ControlSettings(trigger=trigger, trigger_line=line))))
    now = values(nodes)
    assert now["TriggerSelector=FrameStart/TriggerMode"] == "On"
    assert now["TriggerSelector=FrameStart/TriggerSource"] == source
    assert now["TriggerSelector=FrameBurstStart/TriggerMode"] == "Off"


def test_a_white_balance_that_is_found_once_is_not_held_against_the_camera() -> None:
    nodes = modern()
    apply(nodes, steps(camera(ControlSettings(white_balance="once"))))
    assert ("BalanceWhiteAuto", "Once") in nodes.written and values(nodes)["BalanceWhiteAuto"] == "Off"


REFUSED = [
    ("too short", ControlSettings(exposure_us=5), ["control.exposure_us", "not allowed", "20 to 1000000"]),
    ("no such format", ControlSettings(pixel_format="RGB8"), ["control.pixel_format", "one of Mono8, BayerRG8"]),
    (
        "between steps",
        ControlSettings(roi=Window(0, 0, 330, 240)),
        ["control.roi (width)", "330", "320", "steps of 16"],
    ),
    ("outside", ControlSettings(roi=Window(2000, 0, 320, 240)), ["control.roi (x)", "2000", "0 to 1024"]),
    ("no such line", ControlSettings(trigger="hardware", trigger_line="Line7"), ["trigger_line", "Line7", "Line2"]),
]


@pytest.mark.parametrize(("control", "words"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_a_setting_that_did_not_take_says_what_was_asked_got_and_allowed(
    control: ControlSettings, words: list[str]
) -> None:
    nodes = modern()
    nodes.nodes["Width"].becomes = {330: 320}
    said = str(refusal(nodes, control))
    assert all(word in said for word in words), said


def test_a_camera_without_the_node_says_so() -> None:
    said = str(refusal(old(), ControlSettings(white_balance="auto")))
    assert "control.white_balance: this camera has no BalanceWhiteAuto" in said


def test_a_locked_setting_that_is_right_already_is_right() -> None:
    nodes = modern()
    nodes.nodes["PixelFormat"].locked = True
    apply(nodes, steps(camera(ControlSettings(pixel_format="Mono8"))))
    assert "not writable" in str(refusal(nodes, ControlSettings(pixel_format="BayerRG8")))


def test_a_setting_that_a_later_one_changes_is_an_error() -> None:
    nodes = modern()

    class Coupled(NodesInMemory):
        def write(self, name, value) -> None:
            super().write(name, value)
            if name == "AcquisitionFrameRate":
                self.nodes["ExposureTime"].value = 1e6 / value

    coupled = Coupled(nodes.nodes)
    said = str(refusal(coupled, ControlSettings(exposure_us=50_000), fps=100))
    assert "control.exposure_us" in said and "another setting changed it" in said


@given(
    asked=st.floats(20, 1e6),
    error=st.floats(-1000, 1000),
)
def test_an_exposure_passes_exactly_when_it_is_within_a_hundredth(asked: float, error: float) -> None:
    """Cameras set whole lines; what is further off is another setting."""
    nodes = modern()
    nodes.nodes["ExposureTime"].becomes = {asked: asked + error}
    wanted = steps(camera(ControlSettings(exposure_us=asked)))
    off = abs((asked + error) - asked)
    if off <= max(1.0, asked / 100):
        apply(nodes, wanted)
    elif off > max(1.0, asked / 100) * 1.001:
        with pytest.raises(SourceError, match=r"control\.exposure_us"):
            apply(nodes, wanted)


def numbers(least: int, step: int) -> st.SearchStrategy[int]:
    """Any, or one that the camera can set: of any four hardly one in a thousand would be a window that it takes."""
    return st.integers(least, 60) | st.integers(1, 60 // step).map(lambda steps: steps * step)


@given(st.builds(Window, numbers(0, 16), numbers(0, 2), numbers(1, 16), numbers(1, 2)))
def test_a_window_is_taken_as_it_is_asked_or_refused(window: Window) -> None:
    nodes = modern()
    for name, place in (
        ("OffsetX", window.x),
        ("OffsetY", window.y),
        ("Width", window.width),
        ("Height", window.height),
    ):
        step = int(nodes.nodes[name].allowed.step or 1)
        nodes.nodes[name].becomes = {place: place - place % step}
    if window.x % 16 or window.y % 2 or window.width % 16 or window.height % 2:
        assert "control.roi" in str(refusal(nodes, ControlSettings(roi=window)))
        return
    apply(nodes, steps(camera(ControlSettings(roi=window))))
    now = values(nodes)
    assert Window(now["OffsetX"], now["OffsetY"], now["Width"], now["Height"]) == window
