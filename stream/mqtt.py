"""The file that knows MQTT: a broker says which part is before a camera.

The broker is heard in a thread of its own, for the camera waits for nobody. It is asked again for ever, with pauses
that grow. What it says while it is not heard is lost, so a lost connection ends the part that was before the camera:
its pictures are of no known part until the next message.
"""

from __future__ import annotations

import contextlib
import secrets
import ssl
import threading
import time
from collections.abc import Callable
from typing import Any

from paho.mqtt.client import Client, MQTTMessage, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion

from stream.messages import CameraAlarm
from stream.part_names import PartError, part_in
from stream.secrets import SecretError, read_secret
from stream.settings import MqttSettings

BACKOFF_FIRST_S, BACKOFF_MOST_S = 1, 15
CONNECT_S = 3.0
KEEPALIVE_S = 5  # a broker that is silent for half as long again is gone
PATIENCE_S = 2.0  # to come up, before it is an alarm
REFUSED_EVERY_S = 1.0  # what cannot be a part is said so often at most, and counted
JOIN_S = 2.0
AT_LEAST_ONCE = 1
REASONS_MAX = 16  # why it is not heard: each is said once
Announce = Callable[[str, str], object]  # part, who


class Broker:
    """Hears one topic of a broker."""

    def __init__(
        self, mqtt: MqttSettings, announce: Announce, nobody: Callable[[], None], tell: Callable[[str], None]
    ) -> None:
        """`nobody`: which part is before the camera is not known any more; `tell`: for people, in the log."""
        assert mqtt.host is not None
        assert mqtt.topic is not None
        self._mqtt, self._topic = mqtt, mqtt.topic
        self._name = f"{mqtt.host}:{mqtt.port}"
        self._announce, self._nobody, self._tell = announce, nobody, tell
        self._away_s: float | None = time.monotonic()  # since when it is not heard
        self._why = "not reached yet"
        self._said: set[str] = set()  # why it is not heard, in this time of its absence
        self._refused, self._refused_at_s = 0, 0.0
        self._client = Client(CallbackAPIVersion.VERSION2, f"linewatch-{secrets.token_hex(6)}", protocol=MQTTv311)
        self._client.connect_timeout = CONNECT_S
        self._client.reconnect_delay_set(BACKOFF_FIRST_S, BACKOFF_MOST_S)
        self._client.on_connect = self._connected
        self._client.on_connect_fail = self._not_reached
        self._client.on_disconnect = self._disconnected
        self._client.on_subscribe = self._subscribed
        self._client.on_message = self._heard
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begins to hear it; returns at once, whether or not it is there."""
        try:
            self._prepare()
        except (SecretError, OSError, ValueError) as error:
            self._why = str(error)
            self._tell(f"the broker {self._name} cannot be asked: {error}")
            return
        self._thread = threading.Thread(target=self._hear, name="mqtt", daemon=True)
        self._thread.start()

    @property
    def alarms(self) -> tuple[CameraAlarm, ...]:
        """That it is not heard, once it has had its time to come up."""
        away_s = self._away_s
        if away_s is None or time.monotonic() - away_s < PATIENCE_S:
            return ()
        return (CameraAlarm("NO BROKER", f"No part is announced by {self._name}: {self._why}. It is asked again."),)

    def close(self) -> None:
        if self._thread is not None:
            self._client.disconnect()
            self._thread.join(JOIN_S)
            self._thread = None

    def _prepare(self) -> None:
        """Raises SecretError, OSError or ValueError where a password or a certificate cannot be used."""
        mqtt = self._mqtt
        if mqtt.username is not None:
            self._client.username_pw_set(mqtt.username, read_secret(mqtt.password_file) if mqtt.password_file else None)
        if mqtt.tls:
            self._client.tls_set(ca_certs=None if mqtt.authority is None else str(mqtt.authority))
        assert mqtt.host is not None
        self._client.connect_async(mqtt.host, mqtt.port, KEEPALIVE_S)

    def _hear(self) -> None:
        """The thread's work: until `close`."""
        with contextlib.suppress(ssl.SSLError):
            self._client.loop_forever(retry_first_connection=True)

    def _connected(self, client: Client, _given: Any, _flags: Any, code: Any, _properties: Any) -> None:
        if code.is_failure:
            self._away(f"it refused: {code}")
        else:
            client.subscribe(self._topic, AT_LEAST_ONCE)

    def _subscribed(self, _client: Client, _given: Any, _number: int, codes: Any, _properties: Any) -> None:
        if any(code.is_failure for code in codes):
            self._away(f"it does not let this user hear {self._topic}")
            return
        self._away_s = None
        self._said.clear()
        self._tell(f"the broker {self._name} is heard, topic {self._topic}")

    def _not_reached(self, _client: Client, _given: Any) -> None:
        self._away("it cannot be reached")

    def _disconnected(self, _client: Client, _given: Any, _flags: Any, code: Any, _properties: Any) -> None:
        self._away(f"the connection ended: {code}")

    def _away(self, why: str) -> None:
        if self._away_s is None:
            self._away_s = time.monotonic()
            self._nobody()
        self._why = why
        if why not in self._said and len(self._said) < REASONS_MAX:
            self._said.add(why)
            self._tell(f"the broker {self._name} is not heard: {why}; it is asked again")

    def _heard(self, _client: Client, _given: Any, message: MQTTMessage) -> None:
        if message.retain:  # the broker keeps it for whoever comes: that part may have passed long ago
            return
        try:
            part = part_in(message.payload)
        except PartError as error:
            self._refuse(str(error))
            return
        self._announce(part, "mqtt")

    def _refuse(self, said: str) -> None:
        self._nobody()
        self._refused += 1
        if (now_s := time.monotonic()) >= self._refused_at_s:
            self._refused_at_s = now_s + REFUSED_EVERY_S
            self._tell(f"{self._refused} messages of {self._name} so far were no part; the last: {said}")
