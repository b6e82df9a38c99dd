"""The brokers that announce parts: whether each can be reached, lets the line in, and lets it hear its topic."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from stream.doctor.bounded import in_time
from stream.doctor.complaint import Complaint, Diagnosis
from stream.doctor.reach import ANSWER_S, SHUT, SILENT, UNKNOWN, knock
from stream.doctor.scene import Scene
from stream.mqtt_trial import CERTIFICATE, ENDS, FILES, HEARD, LOGIN, NO_TLS, REFUSES, TOPIC, ask_broker
from stream.mqtt_trial import SILENT as SAYS_NOTHING
from stream.problem import ERROR, NOTE
from stream.settings import MqttSettings

LIMIT_S = 15.0  # for name, port, TLS, login and topic together
WHY = "no part is announced: pictures are of no part, and a camera that waits for orders takes none"

NAME_UNKNOWN = Complaint(
    "broker-name-unknown",
    ERROR,
    "nobody knows the name {host} of the broker",
    WHY,
    "write its number (192.168.1.5) into mqtt.host, or ask the name server: getent hosts {host}",
)
NO_ANSWER = Complaint(
    "broker-no-answer",
    ERROR,
    "nothing answers at {host}, port {port}, within {limit:g} s",
    WHY,
    "see whether the broker is on and in this network: ping -c 3 {host}; ip route get {host}",
)
CLOSED = Complaint(
    "broker-port-closed",
    ERROR,
    "a computer answers at {host}, but nothing listens on its port {port}",
    WHY,
    "start the broker there, or correct mqtt.port: most listen on 1883, with TLS on 8883",
)
UNREADABLE = Complaint("broker-files", ERROR, "{words}", WHY, "correct that file, then run the doctor again")
SPEAKS_NO_TLS = Complaint(
    "broker-no-tls",
    ERROR,
    "tls: true is set, and what listens at {host}, port {port}, speaks no TLS",
    WHY,
    "correct mqtt.port (with TLS most listen on 8883), or delete tls where the broker has none",
)
UNTRUSTED = Complaint(
    "broker-certificate",
    ERROR,
    "the broker shows a certificate that is not trusted: {words}",
    WHY,
    "set mqtt.authority to the certificate of who signed it, and mqtt.host to the name that stands in it; see: openssl "
    "s_client -connect {host}:{port}",
)
BAD_LOGIN = Complaint(
    "broker-login",
    ERROR,
    "the broker refuses {user}: {words}",
    WHY,
    "set mqtt.username and mqtt.password_file, a file with the password in its first line (chmod 600), as the broker "
    "knows them",
)
REFUSED = Complaint(
    "broker-refuses",
    ERROR,
    "the broker refuses the connection: {words}",
    WHY,
    "see to what is said there, and in what the broker says: journalctl -u mosquitto",
)
ENDED = Complaint(
    "broker-ends",
    ERROR,
    "what listens at {host}, port {port}, ends the connection without a word",
    WHY,
    "where it wants TLS set tls: true (mostly port 8883); else it is no MQTT broker: correct mqtt.port",
)
MUTE = Complaint(
    "broker-says-nothing",
    ERROR,
    "what listens at {host}, port {port}, takes the connection and says nothing",
    WHY,
    "it hangs, wants TLS (tls: true, mostly port 8883), or is no MQTT broker: correct mqtt.port",
)
NOT_ALLOWED = Complaint(
    "broker-topic",
    ERROR,
    "the broker does not let {user} hear the topic {topic}",
    WHY,
    "allow it to read that topic in the broker's access list, or correct mqtt.topic",
)
LISTENS = Complaint(
    "broker-heard",
    NOTE,
    "the broker {host}:{port} takes {user}, and its ear on {topic}",
    "some brokers let everybody listen and pass nothing on: only a part that is announced shows that",
    "nothing",
)
COMPLAINTS = (
    NAME_UNKNOWN,
    NO_ANSWER,
    CLOSED,
    UNREADABLE,
    SPEAKS_NO_TLS,
    UNTRUSTED,
    BAD_LOGIN,
    REFUSED,
    ENDED,
    MUTE,
    NOT_ALLOWED,
    LISTENS,
)
KNOCKED = {UNKNOWN: (NAME_UNKNOWN, "host"), SHUT: (CLOSED, "port"), SILENT: (NO_ANSWER, "host")}
BECAME = {  # the complaint, and the setting that it is about
    FILES: (UNREADABLE, "authority"),
    NO_TLS: (SPEAKS_NO_TLS, "tls"),
    CERTIFICATE: (UNTRUSTED, "authority"),
    LOGIN: (BAD_LOGIN, "username"),
    REFUSES: (REFUSED, "host"),
    ENDS: (ENDED, "port"),
    SAYS_NOTHING: (MUTE, "port"),
    TOPIC: (NOT_ALLOWED, "topic"),
    HEARD: (LISTENS, "host"),
}


def look(scene: Scene) -> Iterator[Diagnosis]:
    """Each broker of a camera here, all at once; a line that runs says by itself whether it hears them."""
    if scene.running is not None:
        return
    told = [camera for camera in scene.captured_here if camera.parts.told_by == "mqtt"]
    works = [partial(ask, f"cameras.{camera.name}.parts.mqtt", camera.parts.mqtt) for camera in told]
    for camera, found in zip(told, in_time(works, LIMIT_S), strict=True):
        mqtt = camera.parts.mqtt
        yield found or MUTE.told(f"cameras.{camera.name}.parts.mqtt.port", host=mqtt.host, port=mqtt.port)


def ask(path: str, mqtt: MqttSettings) -> Diagnosis:
    """What came of it."""
    assert mqtt.host is not None
    figures = {
        "host": mqtt.host,
        "port": mqtt.port,
        "topic": mqtt.topic,
        "user": f"the user {mqtt.username}" if mqtt.username else "a client without a user",
    }
    if fails := knock(mqtt.host, mqtt.port).fails:
        kind, setting = KNOCKED[fails]
        return kind.told(f"{path}.{setting}", limit=ANSWER_S, **figures)
    asked = ask_broker(mqtt)
    kind, setting = BECAME[asked.became]
    return kind.told(f"{path}.{setting}", words=asked.words, **figures)
