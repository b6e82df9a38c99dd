"""Asks a broker once whether it would be heard, and says what is in the way; somebody listens at its port already.

A client says of a TLS that fails only that it failed, so that is tried by itself before. Nothing is announced: what the
topic brings meanwhile is let go.
"""

from __future__ import annotations

import contextlib
import secrets
import socket
import ssl
import time
from dataclasses import dataclass, field
from typing import Any

from paho.mqtt.client import Client, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion

from stream.secrets import SecretError, read_secret
from stream.settings import MqttSettings

ANSWER_S = 3.0  # to each question
TURN_S = 0.1
HEARD, FILES, NO_TLS, CERTIFICATE = "heard", "files", "no tls", "certificate"
LOGIN, REFUSES, ENDS, SILENT, TOPIC = "login", "refuses", "ends", "silent", "topic"
LOGINS = ("Bad user name or password", "Not authorized")  # MQTT 3.1.1, 3.2.2.3: return codes 4 and 5


@dataclass(frozen=True)
class Asked:
    """What came of it: one of the words above, and the broker's own words where there are any."""

    became: str
    words: str = ""


def ask_broker(mqtt: MqttSettings) -> Asked:
    """Takes ANSWER_S for each step, at most."""
    try:
        context = _context(mqtt)
        secret = read_secret(mqtt.password_file) if mqtt.username is not None and mqtt.password_file else None
    except (SecretError, OSError, ValueError) as error:
        return Asked(FILES, str(error))
    if context is not None and (wrong := _handshake(mqtt, context)) is not None:
        return wrong
    return _Question(mqtt, context, secret).answer()


def _context(mqtt: MqttSettings) -> ssl.SSLContext | None:
    """Raises OSError where the authority's certificate cannot be used."""
    if not mqtt.tls:
        return None
    try:
        return ssl.create_default_context(cafile=None if mqtt.authority is None else str(mqtt.authority))
    except OSError as error:  # ssl.SSLError is one
        raise OSError(f"{mqtt.authority} is no certificate that can be used ({error.strerror or error})") from None


def _handshake(mqtt: MqttSettings, context: ssl.SSLContext) -> Asked | None:
    """What is in the way of TLS; None where nothing is."""
    assert mqtt.host is not None
    try:
        with socket.create_connection((mqtt.host, mqtt.port), ANSWER_S) as plain:
            context.wrap_socket(plain, server_hostname=mqtt.host).close()
    except ssl.SSLCertVerificationError as error:
        return Asked(CERTIFICATE, error.verify_message)
    except TimeoutError:
        return Asked(SILENT)
    except OSError:
        return Asked(NO_TLS)
    return None


@dataclass
class _Question:
    """A client that logs in, asks for the topic, and goes."""

    mqtt: MqttSettings
    context: ssl.SSLContext | None
    secret: str | None
    asked: Asked | None = field(default=None, init=False)

    def answer(self) -> Asked:
        mqtt = self.mqtt
        assert mqtt.host is not None
        client = Client(CallbackAPIVersion.VERSION2, f"linewatch-{secrets.token_hex(6)}", protocol=MQTTv311)
        client.connect_timeout = ANSWER_S
        client.on_connect, client.on_subscribe, client.on_disconnect = self._connected, self._subscribed, self._ended
        if mqtt.username is not None:
            client.username_pw_set(mqtt.username, self.secret)
        if self.context is not None:
            client.tls_set_context(self.context)
        try:
            client.connect(mqtt.host, mqtt.port)
            until_s = time.monotonic() + ANSWER_S
            while self.asked is None and time.monotonic() < until_s:
                client.loop(TURN_S)
            self._is(Asked(SILENT))
        except OSError:
            self._is(Asked(ENDS))
        finally:
            with contextlib.suppress(OSError, ValueError):
                client.disconnect()
        assert self.asked is not None
        return self.asked

    def _connected(self, client: Client, _given: Any, _flags: Any, code: Any, _properties: Any) -> None:
        if code.is_failure:
            self._is(Asked(LOGIN if str(code) in LOGINS else REFUSES, str(code)))
            return
        assert self.mqtt.topic is not None
        client.subscribe(self.mqtt.topic, 1)

    def _subscribed(self, _client: Client, _given: Any, _number: int, codes: Any, _properties: Any) -> None:
        self._is(Asked(TOPIC if any(code.is_failure for code in codes) else HEARD))

    def _ended(self, *_: Any) -> None:
        self._is(Asked(ENDS))

    def _is(self, asked: Asked) -> None:
        """The first word stands: a broker that refuses ends the connection, too."""
        self.asked = self.asked or asked
