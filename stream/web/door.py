"""The page's front door: how many connections there may be, and which of them gives way. The newest always gets in.

Nobody can keep others out by holding connections open: the peer that holds the most of them loses its oldest. Slow
requests end by themselves: aiohttp closes a connection that has sent no whole request for `PATIENCE_S`.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable

from stream.web.audience import VIEWERS_MAX

CONNECTIONS_MAX = 2 * VIEWERS_MAX
PATIENCE_S = 15.0
Note = Callable[[str, str, str], None]  # kind, peer, what is said


class Door:
    """Makes each connection's protocol, and knows all that are open."""

    def __init__(self, server: Callable[[], asyncio.Protocol], note: Note, patience_s: float = PATIENCE_S) -> None:
        self.note = note
        self.patience_s = patience_s
        self._server = server
        self._open: dict[asyncio.BaseTransport, Visit] = {}

    def __call__(self) -> Visit:
        return Visit(self, self._server())

    def enter(self, transport: asyncio.BaseTransport, visit: Visit) -> None:
        self._open[transport] = visit
        if len(self._open) > CONNECTIONS_MAX:
            leaving = gives_way([(open_to, visit.peer) for open_to, visit in self._open.items()])
            self.note("crowded", self._open[leaving].peer, f"more than {CONNECTIONS_MAX} connections")
            self.leave(leaving)
            if isinstance(leaving, asyncio.WriteTransport):
                leaving.abort()

    def leave(self, transport: asyncio.BaseTransport) -> None:
        self._open.pop(transport, None)

    def asked(self, transport: asyncio.BaseTransport | None) -> None:
        """A whole request has come over this connection."""
        if transport is not None and (visit := self._open.get(transport)):
            visit.asked = True


class Visit(asyncio.Protocol):
    """One connection: all of it goes on to aiohttp's protocol; what never becomes a request is noted."""

    def __init__(self, door: Door, inner: asyncio.Protocol) -> None:
        self.peer = ""
        self.asked = False
        self._door = door
        self._inner = inner
        self._transport: asyncio.BaseTransport | None = None
        self._bytes = 0
        self._since_s = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport, self._since_s = transport, time.monotonic()
        self.peer = peer_of(transport)
        self._inner.connection_made(transport)
        self._door.enter(transport, self)

    def data_received(self, data: bytes) -> None:
        self._bytes += len(data)
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return self._inner.eof_received()

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()

    def connection_lost(self, error: Exception | None) -> None:
        if self._transport is not None:
            self._door.leave(self._transport)
        if self._bytes and not self.asked:
            patience_s = self._door.patience_s
            slow = time.monotonic() - self._since_s >= patience_s
            said = f"no whole request within {patience_s:g} s" if slow else "what came was no request"
            self._door.note("slow" if slow else "malformed", self.peer, said)
        self._inner.connection_lost(error)


def gives_way(connections: list[tuple[asyncio.BaseTransport, str]]) -> asyncio.BaseTransport:
    """Of connections with their peers, oldest first: the oldest of the peer that holds the most."""
    held = Counter(peer for _, peer in connections)
    return max(connections, key=lambda one: held[one[1]])[0]


def peer_of(transport: asyncio.BaseTransport | None) -> str:
    """The peer's address, without its port."""
    name = transport.get_extra_info("peername") if transport else None
    return str(name[0]) if isinstance(name, tuple) else "?"


def port_of(transport: asyncio.BaseTransport | None) -> int:
    """The port that a connection came to."""
    return int(transport.get_extra_info("sockname")[1]) if transport else 0
