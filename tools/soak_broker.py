"""`python -m tools.soak_broker`: a broker that announces parts, and whose words are known: MQTT 3.1.1, one way.

A process of its own, so that the soak can kill, stop and start it again. Whoever subscribes to soak/CAMERA is told of a
part every so often, the next once it has acknowledged the one before. DIR/told.jsonl says of each message what it was,
a line before it is sent and a line once it is acknowledged. On SIGUSR1 it says to everybody what is no MQTT.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import signal
import socket
import struct
import threading
import time
from collections.abc import Callable
from pathlib import Path

from .soak_announced import KEPT, TOLD, TOPIC, Told

CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK, PINGREQ, PINGRESP, GOODBYE = 1, 2, 3, 4, 8, 9, 12, 13, 14
SILENT_S = 8.0  # who says nothing for so long, no ping either, is gone
LOOK_S = 0.05
PACKET_MAX = 1 << 16
EXAMPLE = """example:
  python -m tools.soak_broker --port 1899 --seed 1 --out DIR --camera belt=2.5 --camera gate=0.5"""


class Listener:
    """One connection, from its first packet to its end."""

    def __init__(
        self, connection: socket.socket, told: Told, seed: int, paces_s: dict[str, float], noise: Callable[[], int]
    ) -> None:
        self._connection, self._told, self._seed, self._paces_s, self._noise = connection, told, seed, paces_s, noise
        self._camera = ""
        self._waits_for: int | None = None  # the message that is not acknowledged
        self._due_s = 0.0
        self._heard_noise = noise()
        self._answers: dict[int, Callable[[bytes], None]] = {
            CONNECT: self._connected,
            PINGREQ: self._pinged,
            SUBSCRIBE: self._subscribed,
            PUBACK: self._acknowledged,
        }

    def run(self) -> None:
        """Ends where the other side has gone, or is silent, or was told what is no MQTT. Raises OSError."""
        heard_s, buffer = time.monotonic(), b""
        self._connection.settimeout(LOOK_S)
        while time.monotonic() - heard_s < SILENT_S and len(buffer) < PACKET_MAX:
            with contextlib.suppress(socket.timeout):
                piece = self._connection.recv(4096)
                if not piece:
                    return
                heard_s, buffer = time.monotonic(), buffer + piece
            found, buffer = packets(buffer)
            for kind, body in found:
                if kind == GOODBYE:
                    return
                self._answers.get(kind, self._ignore)(body)
            if self._noise() != self._heard_noise:
                self._connection.sendall(random.Random(self._noise()).randbytes(200))
                return
            self._speak()

    def _connected(self, _body: bytes) -> None:
        self._send(CONNACK, b"\0\0")

    def _pinged(self, _body: bytes) -> None:
        self._send(PINGRESP, b"")

    def _subscribed(self, body: bytes) -> None:
        length = struct.unpack(">H", body[2:4])[0]
        topic = body[4 : 4 + length].decode(errors="replace")
        known = topic.startswith(TOPIC) and topic.removeprefix(TOPIC) in self._paces_s
        self._send(SUBACK, body[:2] + (b"\1" if known else b"\x80"))
        self._camera = topic.removeprefix(TOPIC) if known else ""

    def _acknowledged(self, _body: bytes) -> None:
        if self._waits_for is not None:
            self._told.heard(self._camera, self._waits_for)
            self._waits_for = None

    def _ignore(self, _body: bytes) -> None:
        return

    def _speak(self) -> None:
        now_s = time.monotonic()
        if not self._camera or self._waits_for is not None or now_s < self._due_s:
            return
        self._due_s = now_s + self._paces_s[self._camera]
        self._waits_for, message = self._told.next(self._seed, self._camera)
        topic = f"{TOPIC}{self._camera}".encode()
        body = struct.pack(">H", len(topic)) + topic + struct.pack(">H", self._waits_for % 65535 + 1) + message.payload
        self._send(PUBLISH, body, flags=0b0010 | (message.kind == KEPT))

    def _send(self, kind: int, body: bytes, flags: int = 0) -> None:
        self._connection.sendall(packet(kind, body, flags))


def packet(kind: int, body: bytes, flags: int = 0) -> bytes:
    """MQTT 3.1.1, 2.2: kind and flags, the length in groups of seven bits, the rest. Pure."""
    length, sizes = len(body), bytearray()
    while True:
        length, group = divmod(length, 128)
        sizes.append(group | (128 if length else 0))
        if not length:
            return bytes((kind << 4 | flags,)) + bytes(sizes) + body


def packets(buffer: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """The whole packets at its beginning, kind and body of each, and what is left. Pure."""
    found: list[tuple[int, bytes]] = []
    while (size := _size(buffer)) is not None and len(buffer) >= sum(size):
        start, length = size
        found.append((buffer[0] >> 4, buffer[start : start + length]))
        buffer = buffer[start + length :]
    return found, buffer


def _size(buffer: bytes) -> tuple[int, int] | None:
    """Where the body of the first packet begins, and how long it is; None where that has not come yet."""
    length = 0
    for at in range(1, min(len(buffer), 5)):
        length |= (buffer[at] & 127) << 7 * (at - 1)
        if not buffer[at] & 128:
            return at + 1, length
    return None


def serve(port: int, out: Path, seed: int, paces_s: dict[str, float]) -> None:
    """For ever. Raises OSError where the port is taken."""
    told, noise = Told(out / TOLD), [0]

    def louder(*_: object) -> None:
        noise[0] += 1

    signal.signal(signal.SIGUSR1, louder)
    with socket.create_server(("127.0.0.1", port)) as listening:
        while True:
            connection, _ = listening.accept()
            listener = Listener(connection, told, seed, paces_s, lambda: noise[0])
            threading.Thread(target=_listen, args=(connection, listener), daemon=True).start()


def _listen(connection: socket.socket, listener: Listener) -> None:
    with contextlib.suppress(OSError), connection:
        listener.run()


def _pace(text: str) -> tuple[str, float]:
    name, _, pace = text.rpartition("=")
    return name, float(pace)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tools.soak_broker",
        description="A broker that announces parts, and writes down what it said.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=int, required=True, help="on loopback")
    parser.add_argument("--seed", type=int, required=True, help="decides on every message")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help=f"where {TOLD} is written")
    parser.add_argument("--camera", action="append", type=_pace, required=True, metavar="NAME=SECONDS", help="and pace")
    given = parser.parse_args()
    os.nice(1)
    serve(given.port, given.out, given.seed, dict(given.camera))


if __name__ == "__main__":
    main()
