"""Answers that go on for long (WebSocket, events, motion JPEG, films), and whose login they depend on.

When that ends, their connections do: the routes notice no more than that a browser went away.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator


class Held:
    """Requests that are being answered."""

    def __init__(self) -> None:
        self._open: dict[object, tuple[str, asyncio.BaseTransport | None]] = {}

    @contextlib.contextmanager
    def by(self, key: str, transport: asyncio.BaseTransport | None) -> Iterator[None]:
        """While a request is answered that came in by this key."""
        mark = object()
        self._open[mark] = (key, transport)
        try:
            yield
        finally:
            self._open.pop(mark, None)

    def let_go(self, transport: asyncio.BaseTransport | None) -> None:
        """This connection is not cut: what ends the login is still to be answered on it."""
        for mark in [mark for mark, (_, held) in self._open.items() if held is transport]:
            del self._open[mark]

    def end(self, stands: Callable[[str], bool]) -> int:
        """Cuts the connections whose key does not stand any more; how many."""
        gone = [mark for mark, (key, _) in self._open.items() if not stands(key)]
        for mark in gone:
            _, transport = self._open.pop(mark)
            if isinstance(transport, asyncio.WriteTransport):
                transport.abort()
        return len(gone)
