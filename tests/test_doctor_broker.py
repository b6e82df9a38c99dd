"""What the doctor complains of in brokers: each complaint is provoked, most by a real one, and its words are read."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from stream import mqtt_trial
from stream.doctor import broker, reach
from stream.doctor.complaint import Diagnosis
from stream.doctor.scene import Running, Scene
from stream.hosts import all_roles
from stream.settings import CameraSettings, LineSettings, MqttSettings, PartsSettings
from tests.line import wait_for
from tests.mqtt_broker import CERTIFICATE, PASSWORD, USER, Mosquitto, with_a_login
from tests.needs import need
from tests.ports import free_port

TOPIC = "line7/belt/part"
PATH = "cameras.belt.parts.mqtt"
DYNAMIC = Path("/usr/lib/x86_64-linux-gnu/mosquitto_dynamic_security.so")
OVER_TLS = f"allow_anonymous true\ncertfile {CERTIFICATE}\nkeyfile {CERTIFICATE}\n"


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that others use must not make a broker silent."""
    monkeypatch.setattr(mqtt_trial, "ANSWER_S", 60.0)
    monkeypatch.setattr(reach, "ANSWER_S", 60.0)
    monkeypatch.setattr(broker, "LIMIT_S", 200.0)


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    there = Mosquitto(tmp_path)
    yield there
    there.kill()


def at(port: int, **more: object) -> MqttSettings:
    return MqttSettings(host="127.0.0.1", port=port, topic=TOPIC, **more)  # type: ignore[arg-type]


def listens(there: Mosquitto) -> bool:
    with socket.socket() as knocks:
        return knocks.connect_ex(("127.0.0.1", there.port)) == 0


def started(there: Mosquitto, more: str | None = None) -> int:
    there.more = there.more if more is None else more
    there.start()
    wait_for(lambda: listens(there), "the broker")
    return there.port


def asked(mqtt: MqttSettings) -> Diagnosis:
    return broker.ask(PATH, mqtt)


def secret(folder: Path, text: str) -> Path:
    file = folder / "password"
    file.write_text(f"{text}\n")
    file.chmod(0o600)
    return file


def test_a_broker_that_lets_this_camera_hear_its_topic(tmp_path: Path, mosquitto: Mosquitto) -> None:
    port = started(mosquitto, with_a_login(tmp_path))
    found = asked(at(port, username=USER, password_file=secret(tmp_path, PASSWORD)))
    assert (found.complaint, found.severity) == ("broker-heard", "note")
    assert found.found == f"the broker 127.0.0.1:{port} takes the user {USER}, and its ear on {TOPIC}"


def test_a_name_that_nobody_knows() -> None:
    found = asked(replace(at(1883), host="a" * 70))
    assert (found.complaint, found.path) == ("broker-name-unknown", f"{PATH}.host")
    assert "getent hosts aaa" in found.todo


def test_a_port_on_which_nothing_listens() -> None:
    found = asked(at(port := free_port()))
    assert (found.complaint, found.path) == ("broker-port-closed", f"{PATH}.port")
    assert f"nothing listens on its port {port}" in found.found and "8883" in found.todo


def test_a_computer_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(*_: object) -> socket.socket:
        raise TimeoutError

    monkeypatch.setattr(reach.socket, "create_connection", nobody)
    found = asked(at(1883))
    assert found.complaint == "broker-no-answer" and "ping -c 3 127.0.0.1" in found.todo


def test_a_password_that_cannot_be_read_and_a_certificate_that_is_none(tmp_path: Path, mosquitto: Mosquitto) -> None:
    port = started(mosquitto)
    found = asked(at(port, username=USER, password_file=tmp_path / "none"))
    assert found.complaint == "broker-files" and "no such file" in found.found
    (tmp_path / "ca.pem").write_text("not a certificate")
    found = asked(at(port, tls=True, authority=tmp_path / "ca.pem"))
    assert found.complaint == "broker-files" and "ca.pem is no certificate that can be used" in found.found


@pytest.mark.parametrize("login", [{}, {"username": USER}], ids=["nobody", "wrong password"])
def test_a_login_that_the_broker_refuses(tmp_path: Path, mosquitto: Mosquitto, login: dict[str, str]) -> None:
    port = started(mosquitto, with_a_login(tmp_path))
    file = secret(tmp_path, "wr0ng-password") if login else None
    found = asked(at(port, password_file=file, **login))
    assert (found.complaint, found.path) == ("broker-login", f"{PATH}.username")
    assert "Not authorized" in found.found and "chmod 600" in found.todo
    assert f"the user {USER}" in found.found if login else "a client without a user" in found.found
    assert "wr0ng" not in found.found + found.todo


def test_over_tls_a_broker_whose_certificate_is_not_trusted_and_one_that_is(mosquitto: Mosquitto) -> None:
    port = started(mosquitto, OVER_TLS)
    found = asked(at(port, tls=True))
    assert (found.complaint, found.path) == ("broker-certificate", f"{PATH}.authority")
    assert "self" in found.found and f"s_client -connect 127.0.0.1:{port}" in found.todo
    assert asked(at(port, tls=True, authority=CERTIFICATE)).complaint == "broker-heard"


def test_tls_where_the_broker_has_none_and_none_where_it_wants_it(tmp_path: Path, mosquitto: Mosquitto) -> None:
    found = asked(at(started(mosquitto), tls=True))
    assert (found.complaint, found.path) == ("broker-no-tls", f"{PATH}.tls")
    mosquitto.kill()
    found = asked(at(started(mosquitto, OVER_TLS)))
    assert (found.complaint, found.path) == ("broker-ends", f"{PATH}.port") and "tls: true" in found.todo


def test_a_topic_that_the_broker_does_not_let_this_camera_hear(tmp_path: Path, mosquitto: Mosquitto) -> None:
    need(DYNAMIC.exists(), "needs mosquitto with its plugin for rights: see tests/debian-packages.txt")
    rights = {"publishClientSend": True, "publishClientReceive": True, "subscribe": False, "unsubscribe": True}
    (tmp_path / "rights.json").write_text(json.dumps({"defaultACLAccess": rights}))
    port = started(
        mosquitto, f"allow_anonymous true\nplugin {DYNAMIC}\nplugin_opt_config_file {tmp_path}/rights.json\n"
    )
    found = asked(at(port))
    assert (found.complaint, found.path) == ("broker-topic", f"{PATH}.topic")
    assert f"does not let a client without a user hear the topic {TOPIC}" in found.found


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [(b"\x20\x02\x00\x03", "broker-refuses"), (b"HTTP/1.1 400 Bad Request\r\n\r\n", "broker-ends")],
    ids=["server unavailable", "no broker"],
)
def test_a_broker_that_is_unwell_and_what_is_no_broker(answer: bytes, complaint: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(60)  # where the knock does not come the test fails, and does not hang

        def serve() -> None:
            listening.accept()[0].close()  # the knock
            guest, _ = listening.accept()
            with guest:
                guest.settimeout(60)
                guest.recv(1024)
                guest.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        found = asked(at(listening.getsockname()[1]))
        thread.join()
    assert found.complaint == complaint


def test_what_takes_the_connection_and_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt_trial, "ANSWER_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        for tls in (False, True):
            found = asked(at(listening.getsockname()[1], tls=tls))
            assert found.complaint == "broker-says-nothing" and "says nothing" in found.found


def test_brokers_are_asked_for_cameras_that_hear_one_and_never_beside_a_line_that_runs(mosquitto: Mosquitto) -> None:
    parts = PartsSettings("mqtt", at(started(mosquitto)))
    line = LineSettings(
        cameras=(CameraSettings("belt", "synthetic:", parts=parts), CameraSettings("lid", "synthetic:"))
    )
    scene = Scene(line, all_roles(line))
    assert [found.path for found in broker.look(scene)] == [f"{PATH}.host"]
    assert list(broker.look(replace(scene, running=Running(None, None, {})))) == []
