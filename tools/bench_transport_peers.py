"""How other libraries send pictures: each as its own documentation does it, on loopback of one host."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
import zmq

from .bench_transport_ways import Meeting

QUEUE = 4  # pictures that plain sockets hold on each side
CALL = np.zeros((1, 1, 3), np.uint8)


class ImageZmqSender:
    """imagezmq, REQ/REP (the default of its own) or PUB/SUB."""

    def __init__(self, meeting: Meeting, *, answered: bool) -> None:
        host = "127.0.0.1" if answered else "*"
        library = import_module("imagezmq")
        self._sender: Any = library.ImageSender(f"tcp://{host}:{meeting.port}", REQ_REP=answered)
        self._answered = answered

    def send(self, picture: np.ndarray) -> None:
        self._sender.send_image("bench", picture)

    def call(self) -> None:
        if not self._answered:
            self._sender.send_image("bench", CALL)

    def close(self) -> None:
        self._sender.zmq_socket.close(linger=0)
        self._sender.zmq_context.term()


class ImageZmqReader:
    """The hub that belongs to it."""

    def __init__(self, meeting: Meeting, *, answered: bool) -> None:
        library = import_module("imagezmq")
        address = f"tcp://*:{meeting.port}" if answered else f"tcp://127.0.0.1:{meeting.port}"
        self._hub: Any = library.ImageHub(address, REQ_REP=answered)
        self._answered = answered

    def receive(self, timeout_s: float) -> np.ndarray | None:
        if not self._hub.zmq_socket.poll(round(timeout_s * 1000)):
            return None
        _, picture = self._hub.recv_image()
        if self._answered:
            self._hub.send_reply(b"OK")
        return np.asarray(picture)

    def close(self) -> None:
        self._hub.zmq_socket.close(linger=1000 if self._answered else 0)
        self._hub.zmq_context.term()


class NetGearSender:
    """vidgear's NetGear, REQ/REP, pictures as they are: its JPEG compression is off."""

    def __init__(self, meeting: Meeting) -> None:
        self._gear: Any = _net_gear(meeting, receive=False)

    def send(self, picture: np.ndarray) -> None:
        self._gear.send(picture)

    def call(self) -> None:
        return

    def close(self) -> None:
        return  # its own `close` sends a farewell and waits for the answer; the process ends at once


class NetGearReader:
    """The receiving side, whose thread of its own fills a queue."""

    def __init__(self, meeting: Meeting) -> None:
        self._gear: Any = _net_gear(meeting, receive=True)

    def receive(self, timeout_s: float) -> np.ndarray | None:
        picture = self._gear.recv()
        return None if picture is None else np.asarray(picture)

    def close(self) -> None:
        return


def _net_gear(meeting: Meeting, *, receive: bool) -> Any:
    return import_module("vidgear.gears").NetGear(
        address="127.0.0.1",
        port=str(meeting.port),
        protocol="tcp",
        pattern=1,
        receive_mode=receive,
        logging=False,
        jpeg_compression=False,
        request_timeout=60,
    )


class PlainSender:
    """ZeroMQ itself, PUSH/PULL over ipc, the queues short. Without a copy the buffer must not change meanwhile."""

    def __init__(self, meeting: Meeting, *, copy: bool) -> None:
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.PUSH)
        self._socket.setsockopt(zmq.SNDHWM, QUEUE)
        self._socket.connect(f"ipc://{meeting.folder}/plain.sock")
        self._copy = copy

    def send(self, picture: np.ndarray) -> None:
        self._socket.send(picture.data, 0, self._copy)

    def call(self) -> None:
        return

    def close(self) -> None:
        self._socket.close(linger=0)
        self._context.term()


class PlainReader:
    """The pulling side."""

    def __init__(self, meeting: Meeting, *, copy: bool) -> None:
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.PULL)
        self._socket.setsockopt(zmq.RCVHWM, QUEUE)
        self._socket.bind(f"ipc://{meeting.folder}/plain.sock")
        self._copy, self._shape = copy, meeting.shape

    def receive(self, timeout_s: float) -> np.ndarray | None:
        if not self._socket.poll(round(timeout_s * 1000)):
            return None
        if self._copy:
            return np.frombuffer(self._socket.recv(), np.uint8).reshape(self._shape)
        return np.frombuffer(self._socket.recv(copy=False).buffer, np.uint8).reshape(self._shape)

    def close(self) -> None:
        self._socket.close(linger=0)
        self._context.term()
