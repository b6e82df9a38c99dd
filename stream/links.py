"""The only file that knows ZeroMQ: sockets between the roles, and one place to wait for all of them.

Local sockets lie in the line's private folder. Links to other hosts (tcp with CURVE) will be further addresses for the
same classes: nothing above this file knows what an address looks like.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import zmq

from stream.messages import Message
from stream.wire import MAX_BYTES, WireError, decode, encode

QUEUE = 4096  # messages a socket holds for a peer; small messages, and what matters is sent again until acknowledged
BURST = 256  # messages taken at once, before the loop does its other work


class BusyError(OSError):
    """Another process has this place; the text says which."""


class Claim:
    """The right to be the only one in a place: a lock file held for as long as the process lives.

    ZeroMQ would let a second process bind the same ipc path and steal it silently.
    """

    def __init__(self, path: Path, what: str) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            owner = os.pread(self._descriptor, 32, 0).decode(errors="replace").strip()
            os.close(self._descriptor)
            raise BusyError(f"{what} runs already (process {owner or '?'}); stop it first") from error
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


@dataclass
class Link:
    """One socket; `garbage` counts messages that were none of ours."""

    socket: zmq.Socket[bytes]
    address: str
    serves: bool  # many peers, each message with the peer's name
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
                yield (parts[0] if self.serves else b""), decode(parts[-1])
            except WireError:
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

    def __init__(self) -> None:
        self._context = zmq.Context()
        self._poller = zmq.Poller()
        self._links: list[Link] = []

    def serve(self, address: str) -> Link:
        """Many peers by name; a peer that comes back under its name takes its old place."""
        link = self._make(zmq.ROUTER, address, serves=True)
        link.socket.setsockopt(zmq.ROUTER_HANDOVER, 1)
        link.socket.setsockopt(zmq.ROUTER_MANDATORY, 1)
        return self._bind(link)

    def ask(self, address: str, name: str) -> Link:
        """One peer that serves; connects whenever it appears."""
        link = self._make(zmq.DEALER, address, serves=False)
        link.socket.setsockopt(zmq.IDENTITY, name.encode())
        link.socket.connect(address)
        return self._watch(link)

    def publish(self, address: str) -> Link:
        """To whoever listens; never waits, and costs nothing where nobody does."""
        return self._bind(self._make(zmq.PUB, address, serves=False), watch=False)

    def listen(self, addresses: Iterable[str]) -> Link:
        """What others publish."""
        link = self._make(zmq.SUB, "", serves=False)
        link.socket.setsockopt(zmq.SUBSCRIBE, b"")
        for address in addresses:
            link.socket.connect(address)
        return self._watch(link)

    def watch(self, descriptor: int) -> None:
        """Lets `wait` return also when this file descriptor is readable."""
        self._poller.register(descriptor, zmq.POLLIN)

    def unwatch(self, descriptor: int) -> None:
        self._poller.unregister(descriptor)

    def wait(self, timeout_s: float) -> set[int]:
        """Waits until something arrives, at most `timeout_s`; gives the watched descriptors that are readable."""
        ready = self._poller.poll(max(0, round(timeout_s * 1000)))
        return {item for item, _ in ready if isinstance(item, int)}

    def close(self) -> None:
        """Closes every socket. What is unsent is let go: what matters is sent again until acknowledged."""
        for link in self._links:
            link.close()
        self._links.clear()
        self._context.term()

    def flush_and_close(self, linger_s: float) -> None:
        """Closes, giving unsent messages at most `linger_s` to leave."""
        for link in self._links:
            link.socket.close(linger=round(linger_s * 1000))
        self._links.clear()
        self._context.term()

    def _make(self, kind: int, address: str, *, serves: bool) -> Link:
        socket = self._context.socket(kind)
        socket.setsockopt(zmq.MAXMSGSIZE, MAX_BYTES)
        socket.setsockopt(zmq.SNDHWM, QUEUE)
        socket.setsockopt(zmq.RCVHWM, QUEUE)
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.RECONNECT_IVL, 20)
        socket.setsockopt(zmq.RECONNECT_IVL_MAX, 200)
        link = Link(socket, address, serves)
        self._links.append(link)
        return link

    def _bind(self, link: Link, *, watch: bool = True) -> Link:
        link.socket.bind(link.address)
        return self._watch(link) if watch else link

    def _watch(self, link: Link) -> Link:
        self._poller.register(link.socket, zmq.POLLIN)
        return link
