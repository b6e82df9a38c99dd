"""What the settings of announced parts may be, and what they do not go with. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from stream.host_limits import host_address
from stream.settings import CameraSettings

TOPIC_BYTES = 1024


def broker_host(host: str) -> str | None:
    if host_address(host) is None:
        return None
    return "not an address; write 192.168.1.5 or a name, without a port (port is a setting of its own)"


def mqtt_topic(topic: str) -> str | None:
    """What is wrong with a topic that a camera listens to: one of its own, without wildcards (MQTT 3.1.1, 4.7)."""
    if any(sign in topic for sign in "+#"):
        return "holds + or #; name one topic, whose messages are the parts of this camera"
    if not topic.isprintable() or not topic.strip() or len(topic.encode()) > TOPIC_BYTES:
        return f"is no topic; use 1 to {TOPIC_BYTES} printable characters, as in line7/belt/part"
    return None


def part_conflicts(path: str, camera: CameraSettings) -> Iterator[tuple[str, str]]:
    """Settings that are each allowed and do not go together: path of one, what to do."""
    parts, mqtt = camera.parts, camera.parts.mqtt
    if parts.told and not camera.live:
        yield (
            f"{path}.told_by",
            f"a recording has no part before it, got {parts.told_by}; delete it, or give a camera as source",
        )
    if camera.control.trigger == "software" and not parts.told:
        yield (
            f"{path}.told_by",
            "nobody would tell this camera when to take a picture (control.trigger: software), got nobody; "
            "set control or mqtt",
        )
    if parts.told_by == "mqtt":
        for name, given in (("host", mqtt.host), ("topic", mqtt.topic)):
            if given is None:
                yield f"{path}.mqtt.{name}", f"told_by: mqtt needs it, got nothing; set {name}, or told_by: control"
    if mqtt.password_file is not None and mqtt.username is None:
        yield f"{path}.mqtt.password_file", "a password needs a user; set username"
    if mqtt.authority is not None and not mqtt.tls:
        yield f"{path}.mqtt.authority", "is for TLS alone; set tls: true, or delete it"
