"""Settings of announced parts: what each may be, what they do not go with, and which host hears whom."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from stream.conflicts import conflicts
from stream.hosts import listening
from stream.part_limits import broker_host, mqtt_topic
from stream.settings import CameraSettings, ControlSettings, HostSettings, LineSettings, MqttSettings, PartsSettings

CAMERA = CameraSettings("belt", "rtsp://192.168.1.20/", parts=PartsSettings("control"))
BROKER = MqttSettings(host="127.0.0.1", topic="line7/belt/part")


def complaints(camera: CameraSettings) -> dict[str, str]:
    return dict(conflicts(LineSettings((camera,))))


@pytest.mark.parametrize("topic", ["a", "line7/belt/part", "/", "Teil/ä", "x" * 1024])
def test_a_topic_of_the_cameras_own_is_taken(topic: str) -> None:
    assert mqtt_topic(topic) is None


@pytest.mark.parametrize("topic", ["", " ", "line7/+/part", "line7/#", "a\0b", "a\nb", "x" * 1025])
def test_what_is_no_topic_of_its_own_is_refused(topic: str) -> None:
    assert mqtt_topic(topic) is not None


@pytest.mark.parametrize(
    ("host", "taken"), [("192.168.1.5", True), ("broker.plant", True), ("::1", True), ("a b", False)]
)
def test_a_broker_has_an_address(host: str, taken: bool) -> None:
    assert (broker_host(host) is None) == taken


ALL_WELL = [
    pytest.param(CAMERA, id="by-control"),
    pytest.param(replace(CAMERA, parts=PartsSettings("mqtt", BROKER)), id="by-mqtt"),
    pytest.param(replace(CAMERA, source="belt.mp4", parts=PartsSettings()), id="a-recording-without"),
]


@pytest.mark.parametrize("camera", ALL_WELL)
def test_what_goes_together_is_taken(camera: CameraSettings) -> None:
    assert complaints(camera) == {}


ON_ORDER = CameraSettings("belt", "basler:", control=ControlSettings(trigger="software"))
CLASHES = [
    (replace(CAMERA, source="belt.mp4"), "told_by", "a recording has no part before it"),
    (ON_ORDER, "told_by", "nobody would tell this camera when to take a picture"),
    (replace(CAMERA, parts=PartsSettings("mqtt", replace(BROKER, host=None))), "mqtt.host", "needs it"),
    (replace(CAMERA, parts=PartsSettings("mqtt", replace(BROKER, topic=None))), "mqtt.topic", "needs it"),
    (
        replace(CAMERA, parts=PartsSettings("mqtt", replace(BROKER, password_file=Path("p")))),
        "mqtt.password_file",
        "set username",
    ),
    (replace(CAMERA, parts=PartsSettings("mqtt", replace(BROKER, authority=Path("p")))), "mqtt.authority", "TLS alone"),
]


@pytest.mark.parametrize(
    ("camera", "where", "says"), CLASHES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_what_does_not_go_together_says_what_to_do(camera: CameraSettings, where: str, says: str) -> None:
    assert says in complaints(camera)[f"cameras.belt.parts.{where}"]


def test_a_capture_on_another_host_hears_the_supervisor_where_its_camera_is_told_of_parts() -> None:
    hosts = (HostSettings("office", "10.0.0.1"), HostSettings("line", "10.0.0.2", ("capture", "inspect", "display")))
    for camera, heard in ((CAMERA, True), (replace(CAMERA, parts=PartsSettings()), False)):
        line = LineSettings((camera,), hosts=hosts)
        assert ("capture-belt" in [service.name for service in listening(line, "line")]) == heard
