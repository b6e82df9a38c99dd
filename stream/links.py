"""The file that knows ZeroMQ: sockets between the roles, and one place to wait for all of them.

Local sockets lie in the line's private folder. Where a line has several hosts, the same socket is to be had at a tcp
address, too, or is connected to one: nothing above this file knows what an address looks like. What makes those safe
stands in curve.py.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import zmq

from stream.claim import BusyError
from stream.curve import PICTURES_QUEUE, Doors
from stream.far import Far
from stream.messages import Message
from stream.wire import MAX_BYTES, PICTURES_MAX_BYTES, WireError, decode, encode

QUEUE = 4096  # messages a socket holds for a peer; small messages, and what matters is sent again until acknowledged
ANY = (object,)  # a socket that takes every kind of message
BURST = 256  # messages taken at once, before the loop does its other work


@dataclass
class Link:
    """One socket; `garbage` counts messages that were none of ours, or of a kind that this socket does not take."""

    socket: zmq.Socket[bytes]
    address: str
    serves: bool  # many peers, each message with the peer's name
    takes: tuple[type, ...]  # kinds of messages
    most: int = MAX_BYTES  # of one message
    garbage: int = field(default=0)

    def send(self, message: Message, to: bytes = b"") -> bool:
        """Hands the message over without waiting; False where the peer is gone or its queue is full."""
        parts = [to, encode(message)] if self.serves else [encode(message)]
        try:
            self.socket.send_multipart(parts, zmq.DONTWAIT)
        except (zmq.Again, zmq.ZMQError) as error:
            if error.errno in (zmq.EAGAIN, zmq.EHOSTUNREACH):
                return False
            raise
        return True

    def receive(self, limit: int = BURST) -> Iterator[tuple[bytes, Message]]:
        """What has arrived, at most `limit` messages, each with its sender's name (empty unless we serve)."""
        for _ in range(limit):
            try:
                parts = self.socket.recv_multipart(zmq.DONTWAIT)
            except zmq.Again:
                return
            expected = 2 if self.serves else 1
            if len(parts) != expected:
                self.garbage += 1
                continue
            try:
                message = decode(parts[-1], self.most)
            except WireError:
                self.garbage += 1
                continue
            if isinstance(message, self.takes):
                yield (parts[0] if self.serves else b""), message
            else:
                self.garbage += 1

    def latest(self) -> tuple[bytes, Message] | None:
        """The newest message that has arrived; older ones are let go. For what may be missed."""
        newest: tuple[bytes, Message] | None = None
        for arrived in self.receive():
            newest = arrived
        return newest

    @property
    def descriptor(self) -> int:
        """For an event loop: readable when something may have arrived. Edge-triggered: go on while `arrived`."""
        return int(self.socket.getsockopt(zmq.FD))

    @property
    def arrived(self) -> bool:
        """Whether `receive` would find something."""
        return bool(int(self.socket.getsockopt(zmq.EVENTS)) & zmq.POLLIN)

    def close(self) -> None:
        self.socket.close(linger=0)


class Links:
    """All sockets of a role, in one thread, and the wait for them."""

    def __init__(self, far: Far | None = None) -> None:
        """`far`: what it takes to meet other hosts, where the line has any."""
        self._context = zmq.Context()
        self._poller = zmq.Poller()
        self._links: list[Link] = []
        self._far = far
        self._doors = None if far is None else Doors(self._context, self._poller, far)

    def serve(self, address: str, takes: tuple[type, ...] = ANY) -> Link:
        """Many peers by name; a peer that comes back under its name takes its old place."""
        link = self._make(zmq.ROUTER, address, takes, serves=True)
        link.socket.setsockopt(zmq.ROUTER_HANDOVER, 1)
        link.socket.setsockopt(zmq.ROUTER_MANDATORY, 1)
        return self._bind(link)

    def ask(self, address: str, name: str, takes: tuple[type, ...] = ANY) -> Link:
        """One peer that serves; connects whenever it appears."""
        link = self._make(zmq.DEALER, address, takes, serves=False)
        link.socket.setsockopt(zmq.IDENTITY, name.encode())
        self._connect(link, address)
        return self._watch(link)

    def publish(self, address: str) -> Link:
        """To whoever listens; never waits, and costs nothing where nobody does."""
        return self._bind(self._make(zmq.PUB, address, ANY, serves=False), watch=False)

    def listen(self, addresses: Iterable[str], takes: tuple[type, ...] = ANY) -> Link:
        """What others publish."""
        link = self._make(zmq.SUB, "", takes, serves=False)
        link.socket.setsockopt(zmq.SUBSCRIBE, b"")
        for address in addresses:
            self._connect(link, address)
        return self._watch(link)

    def watch(self, descriptor: int) -> None:
        """Lets `wait` return also when this file descriptor is readable."""
        self._poller.register(descriptor, zmq.POLLIN)

    def unwatch(self, descriptor: int) -> None:
        self._poller.unregister(descriptor)

    def wait(self, timeout_s: float) -> set[int]:
        """Waits until something arrives, at most `timeout_s`; gives the watched descriptors that are readable."""
        if self._doors is not None:
            self._doors.step()
            timeout_s = min(timeout_s, self._doors.hurry_s)
        ready = self._poller.poll(max(0, round(timeout_s * 1000)))
        return {item for item, _ in ready if isinstance(item, int)}

    def close(self) -> None:
        """Closes every socket. What is unsent is let go: what matters is sent again until acknowledged."""
        self._shut()
        for link in self._links:
            link.close()
        self._links.clear()
        self._context.term()

    def flush_and_close(self, linger_s: float) -> None:
        """Closes, giving unsent messages at most `linger_s` to leave."""
        self._shut()
        for link in self._links:
            link.socket.close(linger=round(linger_s * 1000))
        self._links.clear()
        self._context.term()

    def refused(self) -> list[str]:
        """Connections from other hosts that were refused, in words for the log; each is said once."""
        return [] if self._doors is None else self._doors.refusals.due(time.monotonic())

    def _shut(self) -> None:
        if self._doors is not None:
            self._doors.close()

    def _make(self, kind: int, address: str, takes: tuple[type, ...], *, serves: bool) -> Link:
        socket = self._context.socket(kind)
        socket.setsockopt(zmq.MAXMSGSIZE, MAX_BYTES)
        socket.setsockopt(zmq.SNDHWM, QUEUE)
        socket.setsockopt(zmq.RCVHWM, QUEUE)
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.RECONNECT_IVL, 20)
        socket.setsockopt(zmq.RECONNECT_IVL_MAX, 200)
        link = Link(socket, address, serves, takes)
        if self._far is not None and address in self._far.pictures:
            link.most = PICTURES_MAX_BYTES
            socket.setsockopt(zmq.MAXMSGSIZE, link.most)
            socket.setsockopt(zmq.SNDHWM, PICTURES_QUEUE if address in self._far.sends else QUEUE)
            socket.setsockopt(zmq.RCVHWM, PICTURES_QUEUE)
        self._links.append(link)
        return link

    def _bind(self, link: Link, *, watch: bool = True) -> Link:
        link.socket.bind(link.address)
        if self._doors is not None and self._far is not None and link.address in self._far.doors:
            self._open(link.socket, self._far.doors[link.address])
        return self._watch(link) if watch else link

    def _open(self, socket: zmq.Socket[bytes], address: str) -> None:
        assert self._doors is not None
        try:
            self._doors.open(socket, address)
        except zmq.ZMQError as error:
            text = f"cannot listen on {address} ({error.strerror}); `python -m stream check` says more"
            raise BusyError(f"links.port: {text}") from error

    def _connect(self, link: Link, address: str) -> None:
        if self._doors is not None and self._far is not None and address in self._far.hosts:
            self._doors.connect(link.socket, address)
        else:
            link.socket.connect(address)

    def _watch(self, link: Link) -> Link:
        self._poller.register(link.socket, zmq.POLLIN)
        return link
