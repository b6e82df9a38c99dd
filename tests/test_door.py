"""How many connections the page takes, and which of them gives way: a real server, real sockets."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from stream.page_address import open_socket
from stream.settings import CameraSettings, DisplaySettings, LineSettings
from stream.web.audience import Audience
from stream.web.board import Board
from stream.web.door import CONNECTIONS_MAX, gives_way
from stream.web.guard import Guard
from stream.web.server import Page, serving
from stream.web.talk import PageCounts
from stream.web.turned_away import TurnedAway

REQUEST = b"GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n"
ANSWER_S = 60.0
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Served:
    """A page that is served in this very loop."""

    def __init__(self, port: int, turned_away: TurnedAway) -> None:
        self.port = port
        self.turned_away = turned_away

    async def dial(self, stack: contextlib.AsyncExitStack) -> Connection:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        stack.callback(writer.close)
        return reader, writer

    async def answered(self, connection: Connection) -> bool:
        """Whether a request over this connection is answered."""
        reader, writer = connection
        try:
            writer.write(REQUEST)
            return b" 200 " in await asyncio.wait_for(reader.readline(), ANSWER_S)
        except ConnectionError:
            return False


@contextlib.asynccontextmanager
async def served(folder: Path, patience_s: float) -> AsyncIterator[Served]:
    line = LineSettings((CameraSettings("belt", "synthetic:"),), folder, display=DisplaySettings(port=0))
    board, turned_away = Board(line, "s"), TurnedAway()
    guard = Guard("127.0.0.1", frozenset(), None)
    with contextlib.closing(open_socket(line.display)) as listening:
        page = Page(guard, Audience(), folder, lambda: board.status(PageCounts(0, 0, 0, 0), 0), turned_away)
        async with serving(page, listening, patience_s):
            yield Served(listening.getsockname()[1], turned_away)


def test_whoever_holds_connections_open_keeps_nobody_out(tmp_path: Path) -> None:
    async def crowd() -> None:
        async with served(tmp_path, 60.0) as page, contextlib.AsyncExitStack() as stack:
            held = [await page.dial(stack) for _ in range(CONNECTIONS_MAX + 20)]
            assert await page.answered(await page.dial(stack))
            assert page.turned_away.counts == {"crowded": 21}
            assert not await page.answered(held[0]), "the oldest gave way"
            assert await page.answered(held[-1])

    asyncio.run(crowd())


@pytest.mark.parametrize("piece", [b"", b"GET / HTTP/1.1\r\nX-Slow: "], ids=["silent", "a byte at a time"])
def test_a_request_that_does_not_come_to_an_end_is_put_out(tmp_path: Path, piece: bytes) -> None:
    async def trickle() -> None:
        async with served(tmp_path, 0.5) as page, contextlib.AsyncExitStack() as stack:
            reader, writer = await page.dial(stack)
            writer.write(piece)
            ended = asyncio.ensure_future(reader.read())
            while piece and not ended.done():
                writer.write(b"x")
                await asyncio.wait((ended,), timeout=0.05)
            with contextlib.suppress(ConnectionError):  # or put out in the middle of a byte
                assert await asyncio.wait_for(ended, ANSWER_S) == b""
            assert page.turned_away.counts == ({"slow": 1} if piece else {})

    asyncio.run(asyncio.wait_for(trickle(), ANSWER_S))


def test_the_peer_that_holds_the_most_loses_its_oldest() -> None:
    one, two, three = (asyncio.BaseTransport() for _ in range(3))
    assert gives_way([(one, "10.0.0.1"), (two, "10.0.0.2"), (three, "10.0.0.2")]) is two
    assert gives_way([(one, "10.0.0.1"), (two, "10.0.0.2")]) is one
