"""Whether a GigE Vision camera is there: one question of its control protocol that it answers to anybody, over UDP.

Beside the library, which asks six times half a second each, holds its own heartbeat up meanwhile, and lets nobody
change that: seven seconds may go by until it says that a camera is gone. Packets: GigE Vision, discovery command.
"""

from __future__ import annotations

import itertools
import socket
import struct
import time

PORT = 3956
WAIT_S, TRIES = 0.4, 8  # 3.2 s; where every fifth packet is lost, a camera that is there is missed once in 3,000 looks
KEY, WANTS_ANSWER = 0x42, 0x01
DISCOVERY, FOUND = 0x0002, 0x0003
HEADER = struct.Struct(">BBHHH")  # key, flags, command, bytes that follow, number of the question
ANSWER = struct.Struct(">HHHH")  # status, command, bytes that follow, number of the question
_numbers = itertools.count(1)


def question(number: int) -> bytes:
    """Asks who it is."""
    return HEADER.pack(KEY, WANTS_ANSWER, DISCOVERY, 0, number)


def answers_to(packet: bytes, number: int) -> bool:
    """Whether this says so."""
    if len(packet) < ANSWER.size:
        return False
    _, command, _, said = ANSWER.unpack_from(packet)
    return bool(command == FOUND and said == number)


def is_there(host: str, port: int = PORT, tries: int = TRIES, wait_s: float = WAIT_S) -> bool:
    """Whether a camera answers there; takes `tries` times `wait_s` where none does."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            asking.connect((host, port))
        except OSError:
            return False
        return any(_answered(asking, wait_s) for _ in range(tries))


def _answered(asking: socket.socket, wait_s: float) -> bool:
    """One try. That nothing listens there is no answer: a camera may be coming up."""
    number, until_s = next(_numbers) % 0xFFFF + 1, time.monotonic() + wait_s
    try:
        asking.send(question(number))
        while (left_s := until_s - time.monotonic()) > 0:
            asking.settimeout(left_s)
            if answers_to(asking.recv(1024), number):
                return True
    except TimeoutError:
        return False
    except OSError:
        time.sleep(max(0.0, until_s - time.monotonic()))
    return False
