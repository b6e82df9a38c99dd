"""Whether a network camera, or a broker, can be reached at all: its name, its port. Before anything is asked of it."""

from __future__ import annotations

import socket
from dataclasses import dataclass

from stream.doctor.bounded import in_time
from stream.doctor.complaint import Complaint, Diagnosis
from stream.problem import ERROR
from stream.secrets import host_of

NAME_S, ANSWER_S = 3.0, 2.0
PORTS = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}

NAME_UNKNOWN = Complaint(
    "camera-name-unknown",
    ERROR,
    "nobody knows the name {host}",
    "without its number no camera can be called",
    "write its number (192.168.1.20) into source, or ask the name server: getent hosts {host}",
)
NO_ANSWER = Complaint(
    "camera-no-answer",
    ERROR,
    "nothing answers at {host}, port {port}, within {limit:g} s",
    "the camera is off, its cable is out, or it lies in another network",
    "look at its power and its cable, then: ping -c 3 {host}; ip route get {host}",
)
REFUSED = Complaint(
    "camera-port-closed",
    ERROR,
    "a computer answers at {host}, but nothing listens on its port {port}",
    "the camera is there; its stream is switched off, still starting, or on another port",
    "switch its stream on in its own settings, or correct the port in source",
)
COMPLAINTS = (NAME_UNKNOWN, NO_ANSWER, REFUSED)


UNKNOWN, SHUT, SILENT = "nobody knows the name", "nothing listens", "nothing answers"


@dataclass(frozen=True)
class Knock:
    """What came of calling a computer."""

    address: str  # the number that its name stands for; empty: none
    fails: str = ""  # UNKNOWN, SHUT or SILENT; empty: somebody listens


@dataclass(frozen=True)
class Reached:
    """Where a camera is, or why it cannot be called."""

    address: str = ""  # the number that its name stands for; empty: it has none, as a USB camera
    diagnosis: Diagnosis | None = None


def reach(path: str, source: str) -> Reached:
    """Looks the name up and knocks at the port of an address; a source that is none needs no reaching."""
    host, port = host_and_port(source)
    if port == 0:
        return Reached()
    found = knock(host, port)
    if not found.fails:
        return Reached(found.address)
    kind = {UNKNOWN: NAME_UNKNOWN, SHUT: REFUSED, SILENT: NO_ANSWER}[found.fails]
    return Reached(found.address, kind.told(path, host=host, port=port, limit=ANSWER_S))


def knock(host: str, port: int) -> Knock:
    """Whether somebody listens there."""
    (numbers,) = in_time([lambda: _numbers(host)], NAME_S)
    if not numbers:
        return Knock("", UNKNOWN)
    try:
        socket.create_connection((numbers[0], port), ANSWER_S).close()
    except ConnectionRefusedError:
        return Knock(numbers[0], SHUT)
    except OSError:
        return Knock(numbers[0], SILENT)
    return Knock(numbers[0])


def host_and_port(source: str) -> tuple[str, int]:
    """Of an address; port 0 where it is none that is called over TCP. Pure."""
    scheme, separator, _ = source.partition("://")
    if not separator or scheme not in PORTS:
        return "", 0
    place = host_of(source)
    host, colon, port = place.rpartition(":")
    if colon and port.isdigit():
        return host.strip("[]"), int(port)
    return place.strip("[]"), PORTS[scheme]


def _numbers(host: str) -> list[str]:
    try:
        return [str(found[4][0]) for found in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError):
        return []
