"""Doors to the network: CURVE on tcp sockets, the question who may come in, and a record of who may not.

The half of links.py that only lines on several hosts need. What a key is and who has one stands in keys.py, the
protocol of the question in zap.py. All of it works in the one thread that waits for the role's sockets.
"""

from __future__ import annotations

import contextlib
import logging
import socket as os_socket
import time
from dataclasses import dataclass, field
from typing import Any

import zmq

from stream.arrivals import NOT_OURS, TOLD, UNPROVEN, Arrivals
from stream.far import Far
from stream.keys import KeyFileError, KeyPair, fingerprint
from stream.refusals import Refusals
from stream.zap import DOMAIN, answer, host_let_in, read_knock

log = logging.getLogger("linewatch")
ZAP = "inproc://zeromq.zap.01"  # fixed by RFC 27
HANDSHAKE_MS = 2000  # a connection that has not proven its key by then is closed; a refused host asks again after it
HEARTBEAT_MS, SILENT_MS = 1000, 5000  # a connection that is dead without a word is closed, and made again
PICTURES_QUEUE = 16  # messages a socket holds for a peer where each may be a picture
LOOK_EVERY_S = 1.0  # the key folder is looked at this often: a revoked host is out after that
REBIND_S = 0.02
BURST = 64  # strangers answered at once, before the role does its own work
EVENTS_ROOM = 8192  # events of a door that wait; where they are full ZeroMQ's own thread stands still, and every socket
EVENTS_BURST = 10_000  # heard at once: more than all that wait, or that thread would not be woken
QUIET_MS, QUIET_MOST_S = 20, 1.0  # a door that is shut says nothing more after so long, and is not waited for longer
GONE = "an address that was gone before it could be asked for"
_FAILED: dict[int, str] = {
    zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL: NOT_OURS,
    zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL: UNPROVEN,
    zmq.EVENT_HANDSHAKE_FAILED_AUTH: TOLD,
}
_EVENTS = zmq.EVENT_ACCEPTED | zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_DISCONNECTED | sum(_FAILED)


def new_pair() -> KeyPair:
    """A new CURVE key pair."""
    public, secret = zmq.curve_keypair()
    return KeyPair(public.decode(), secret.decode())


@dataclass
class _Door:
    """A tcp address that a socket listens on."""

    socket: zmq.Socket[bytes]
    address: str
    events: zmq.Socket[bytes]
    arrivals: Arrivals = field(default_factory=Arrivals)
    shut: bool = False  # to be opened again, for those who are still let in


@dataclass
class _Call:
    """A connection to another host; none while its key is not known, or revoked."""

    socket: zmq.Socket[bytes]
    address: str
    host: str
    key: str = ""


class Doors:
    """The tcp doors of one role, and its connections to those of others."""

    def __init__(self, context: zmq.Context[Any], poller: zmq.Poller, far: Far) -> None:
        # Loaded where there are other hosts: it brings asyncio and ssl, whose memory every role would pay for.
        from zmq.utils.monitor import parse_monitor_message

        self._parsed = parse_monitor_message
        self._context = context
        self._poller = poller
        self._far = far
        self._doors: list[_Door] = []
        self._calls: list[_Call] = []
        self._zap: zmq.Socket[bytes] | None = None
        self._stamp = far.folder.stamp()
        self._allowed = self._read_folder()
        self._let_in: set[str] = set()  # addresses from which a known key came
        self._look_at_s = 0.0
        self.refusals = Refusals()

    def connect(self, socket: zmq.Socket[bytes], address: str) -> None:
        """To another host, which must own the key that is known of it; once there is one that is not revoked."""
        call = _Call(socket, address, self._far.hosts[address])
        self._calls.append(call)
        self._renew(call)

    def open(self, socket: zmq.Socket[bytes], address: str) -> None:
        """Lets other hosts in, too, at a socket that is bound to a local address already."""
        if self._zap is None:
            self._zap = self._context.socket(zmq.ROUTER)
            self._zap.setsockopt(zmq.LINGER, 0)
            self._zap.bind(ZAP)
            self._poller.register(self._zap, zmq.POLLIN)
        events = self._events_of(socket)
        self._doors.append(_Door(socket, address, events))
        self._prepare(socket, address)
        socket.setsockopt(zmq.CURVE_SERVER, 1)
        socket.setsockopt(zmq.ZAP_DOMAIN, DOMAIN)
        socket.bind(address)

    def step(self) -> None:
        """Answers who knocks; notices who failed, and whose key is gone."""
        for _ in range(BURST):
            if self._zap is None or not self._zap.poll(0):
                break
            self._answer(self._zap)
        for door in self._doors:
            self._hear(door)
        now_s = time.monotonic()
        if now_s >= self._look_at_s:
            self._look_at_s = now_s + LOOK_EVERY_S
            self._look()
        for door in self._doors:
            if door.shut:
                self._reopen(door)

    @property
    def hurry_s(self) -> float:
        """How long at most the role may wait before the next step."""
        return REBIND_S if any(door.shut for door in self._doors) else LOOK_EVERY_S

    def close(self) -> None:
        """Before the sockets themselves."""
        for door in self._doors:
            self._poller.unregister(door.events)
            _hush(door)
            door.socket.disable_monitor()
            door.events.close(linger=0)
        self._doors.clear()
        if self._zap is not None:
            self._poller.unregister(self._zap)
            self._zap.close(linger=0)
            self._zap = None

    def _prepare(self, socket: zmq.Socket[bytes], address: str) -> None:
        socket.setsockopt(zmq.IPV6, int("[" in address))
        socket.setsockopt(zmq.CURVE_PUBLICKEY, self._far.pair.public.encode())
        socket.setsockopt(zmq.CURVE_SECRETKEY, self._far.pair.secret.encode())
        socket.setsockopt(zmq.HANDSHAKE_IVL, HANDSHAKE_MS)
        socket.setsockopt(zmq.HEARTBEAT_IVL, HEARTBEAT_MS)
        socket.setsockopt(zmq.HEARTBEAT_TIMEOUT, SILENT_MS)
        socket.setsockopt(zmq.CONNECT_TIMEOUT, HANDSHAKE_MS)

    def _answer(self, zap: zmq.Socket[bytes]) -> None:
        envelope, _, *parts = zap.recv_multipart()
        knock = read_knock(parts)
        if knock is None:
            return
        host = host_let_in(knock, self._allowed)
        if host is None:
            self._look()  # the key may have come a moment ago
            host = host_let_in(knock, self._allowed)
        if host is None:
            shown = "no key" if knock.key is None else f"the key {fingerprint(knock.key)} is not known here"
            self.refusals.note(knock.address, shown)
        else:
            self._let_in.add(knock.address)
        with contextlib.suppress(zmq.Again):
            zap.send_multipart([envelope, b"", *answer(knock, host)], zmq.DONTWAIT)

    def _events_of(self, socket: zmq.Socket[bytes]) -> zmq.Socket[bytes]:
        """Where the socket tells of its connections."""
        address = f"inproc://door-{id(socket)}"
        socket.monitor(address, _EVENTS)
        events = self._context.socket(zmq.PAIR)
        events.setsockopt(zmq.RCVHWM, EVENTS_ROOM)
        events.connect(address)
        self._poller.register(events, zmq.POLLIN)
        return events

    def _hear(self, door: _Door) -> None:
        for _ in range(EVENTS_BURST):
            if not door.events.poll(0):
                return
            self._note(door)

    def _note(self, door: _Door) -> None:
        """What the socket says of its connections."""
        event = self._parsed(door.events.recv_multipart())
        kind, value = int(event["event"]), int(event["value"])
        if not event["endpoint"].startswith(b"tcp"):
            return
        if kind == zmq.EVENT_ACCEPTED:
            door.arrivals.came(value, _address_of(value))
        elif kind == zmq.EVENT_HANDSHAKE_SUCCEEDED:
            door.arrivals.proven(self._let_in)
        elif kind in _FAILED:
            door.arrivals.failed(_FAILED[kind])
        elif kind == zmq.EVENT_DISCONNECTED and (refused := door.arrivals.ended(value)) is not None:
            self.refusals.note(*refused)

    def _look(self) -> None:
        """Whoever is no longer let in loses the connection that stands: the door is shut, and opened for the others."""
        if (stamp := self._far.folder.stamp()) == self._stamp:
            return
        for call in self._calls:
            self._renew(call)
        before, self._allowed, self._stamp = self._allowed, self._read_folder(), stamp
        if before.keys() - self._allowed.keys():
            for door in self._doors:
                if not door.shut:
                    self._hear(door)
                    door.socket.unbind(door.address)  # ends every connection that came in here
                    door.shut = True

    def _renew(self, call: _Call) -> None:
        """Connects with the key that the host has now. Options hold for what is connected next."""
        key = self._far.folder.known(call.host)
        if key == call.key:
            return
        if call.key:
            call.socket.disconnect(call.address)
        call.key = key
        if not key:
            log.warning("%s: no key that is known and not revoked; %s is not asked", call.host, call.address)
            return
        self._prepare(call.socket, call.address)
        call.socket.setsockopt(zmq.CURVE_SERVERKEY, key.encode())
        call.socket.connect(call.address)
        call.socket.setsockopt(zmq.CURVE_SERVER, 0)  # back to no mechanism, for local addresses

    def _read_folder(self) -> dict[bytes, str]:
        try:
            return self._far.folder.allowed()
        except KeyFileError as error:
            log.error("%s", error)
            return {}

    def _reopen(self, door: _Door) -> None:
        try:
            door.socket.bind(door.address)
        except zmq.ZMQError as error:
            if error.errno != zmq.EADDRINUSE:  # the old one is not quite closed yet
                raise
        else:
            door.shut = False
            door.arrivals.clear()


def _hush(door: _Door) -> None:
    """Shuts the door and lets its last events go: with none that waits for room the monitor can be ended."""
    with contextlib.suppress(zmq.ZMQError):  # shut already
        door.socket.unbind(door.address)
    until_s = time.monotonic() + QUIET_MOST_S
    while door.events.poll(QUIET_MS) and time.monotonic() < until_s:
        door.events.recv_multipart()


def _address_of(descriptor: int) -> str:
    """Who is at the other end of an accepted connection.

    The descriptor is ZeroMQ's, and may be any other file of this process by now: it is looked at, and never closed; nor
    is a copy of it made, as closing one would end the POSIX locks that SQLite has on such a file.
    """
    try:
        connection = os_socket.socket(fileno=descriptor)  # owns nothing where it fails
    except OSError:
        return GONE
    try:
        return str(connection.getpeername()[0])
    except (OSError, IndexError):
        return GONE
    finally:
        connection.detach()
