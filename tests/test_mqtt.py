"""A broker that announces parts: heard, lost, killed, brought back, and what it says that is no part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from stream.mqtt import Broker
from stream.settings import MqttSettings
from tests.line import wait_for
from tests.mqtt_broker import CERTIFICATE, PASSWORD, USER, Mosquitto, with_a_login

TOPIC = "line7/belt/part"


@dataclass
class Heard:
    """What a camera would get of its broker."""

    parts: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    nobody: int = 0

    def broker(self, mqtt: MqttSettings) -> Broker:
        broker = Broker(mqtt, lambda part, _: self.parts.append(part), self._nobody, self.said.append)
        broker.start()
        return broker

    def _nobody(self) -> None:
        self.nobody += 1

    def has_said(self, words: str) -> bool:
        return any(words in said for said in self.said)


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    broker = Mosquitto(tmp_path)
    yield broker
    broker.kill()


@pytest.fixture
def heard() -> Heard:
    return Heard()


def at(mosquitto: Mosquitto, **more: object) -> MqttSettings:
    return MqttSettings(host="127.0.0.1", port=mosquitto.port, topic=TOPIC, **more)  # type: ignore[arg-type]


def test_each_message_is_a_part_and_what_is_none_is_said_and_ends_the_one_before(
    mosquitto: Mosquitto, heard: Heard
) -> None:
    mosquitto.start()
    broker = heard.broker(at(mosquitto))
    wait_for(lambda: heard.has_said("is heard"), "the broker")
    assert broker.alarms == ()
    for payload in (b"A-1", b'{"part": "A-2"}', b"=1+1", b"", b"x" * 4000, b"A-3"):
        mosquitto.say(TOPIC, payload)
    wait_for(lambda: "A-3" in heard.parts, "the last part")
    assert heard.parts == ["A-1", "A-2", "", "A-3"]
    assert heard.nobody == 2
    assert heard.has_said("were no part; the last: not a part's name, got '=1+1'")
    broker.close()


def test_what_a_broker_keeps_for_whoever_comes_is_no_part_that_is_here_now(mosquitto: Mosquitto, heard: Heard) -> None:
    mosquitto.start()
    wait_for(lambda: published(mosquitto, "old", retain=True), "the broker")
    broker = heard.broker(at(mosquitto))
    wait_for(lambda: heard.has_said("is heard"), "the broker")
    mosquitto.say(TOPIC, "new")
    wait_for(lambda: heard.parts, "a part")
    assert heard.parts == ["new"]
    broker.close()


def published(mosquitto: Mosquitto, part: str, *, retain: bool = False) -> bool:
    try:
        mosquitto.say(TOPIC, part, retain=retain)
    except OSError:
        return False
    return True


def test_a_broker_that_dies_is_an_alarm_ends_the_part_and_is_heard_again_when_it_is_back(
    mosquitto: Mosquitto, heard: Heard
) -> None:
    broker = heard.broker(at(mosquitto))
    wait_for(lambda: any("cannot be reached" in alarm.text for alarm in broker.alarms), "the alarm that there is none")
    assert broker.alarms[0].word == "NO BROKER"
    mosquitto.start()
    wait_for(lambda: not broker.alarms, "the broker")
    assert heard.nobody == 0
    mosquitto.kill()
    wait_for(lambda: broker.alarms, "the alarm that it is gone")
    assert heard.nobody == 1
    mosquitto.start()
    wait_for(lambda: not broker.alarms, "the broker again")
    mosquitto.say(TOPIC, "A-1")
    wait_for(lambda: heard.parts == ["A-1"], "a part")
    assert sum("is heard" in said for said in heard.said) == 2
    assert sum("cannot be reached" in said for said in heard.said) <= 2, "however often it is tried"
    broker.close()


def test_a_login_that_the_broker_refuses_is_said_and_the_right_one_hears(
    tmp_path: Path, mosquitto: Mosquitto, heard: Heard
) -> None:
    password = tmp_path / "password"
    password.write_text("wrong\n")
    password.chmod(0o600)
    mosquitto.more = with_a_login(tmp_path)
    mosquitto.start()
    broker = heard.broker(at(mosquitto, username=USER, password_file=password))
    wait_for(lambda: heard.has_said("it refused"), "the refusal")
    assert not any("wrong" in said.replace("wrong password", "") for said in heard.said), "no password is ever said"
    broker.close()
    password.write_text(f"{PASSWORD}\n")
    broker = heard.broker(at(mosquitto, username=USER, password_file=password))
    wait_for(lambda: heard.has_said("is heard"), "the broker")
    broker.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # paho lets go of a refused socket late
def test_over_tls_a_broker_is_heard_whose_certificate_is_known_and_no_other(
    tmp_path: Path, mosquitto: Mosquitto, heard: Heard
) -> None:
    mosquitto.more = f"allow_anonymous true\ncertfile {CERTIFICATE}\nkeyfile {CERTIFICATE}\n"
    mosquitto.start()
    known = heard.broker(at(mosquitto, tls=True, authority=CERTIFICATE))
    wait_for(lambda: heard.has_said("is heard"), "the broker")
    known.close()
    stranger = Heard()
    unknown = stranger.broker(at(mosquitto, tls=True))
    wait_for(lambda: unknown.alarms, "the alarm that it is not heard")
    assert not stranger.has_said("is heard")
    unknown.close()


def test_a_password_that_cannot_be_read_is_said_and_the_camera_goes_on(
    tmp_path: Path, mosquitto: Mosquitto, heard: Heard
) -> None:
    broker = heard.broker(at(mosquitto, username=USER, password_file=tmp_path / "none"))
    assert heard.has_said("cannot be asked")
    wait_for(lambda: broker.alarms, "the alarm")
    broker.close()
