"""The WebSocket of the page: what waits for a viewer goes out, what the page says comes in."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable

from aiohttp import WSCloseCode, WSMsgType, web

from stream.web.audience import Audience, CrowdedError, Viewer
from stream.web.door import peer_of
from stream.web.page import Page
from stream.web.pictures import WIDTHS, picture_bytes, wish_of
from stream.web.talk import Echo, Echoed, Got, Look, TalkError, hear, text_of

MESSAGE_MAX = 4096  # bytes of what the page says: the cameras that it looks at are the longest of it
HEARTBEAT_S = 5.0


class Live:
    """All open WebSockets."""

    def __init__(self, page: Page) -> None:
        self._audience = page.audience
        self._turned_away = page.turned_away
        self._open: set[web.WebSocketResponse] = set()

    async def open(self, request: web.Request) -> web.StreamResponse:
        """Answers GET /ws."""
        try:
            viewer = self._audience.join()
        except CrowdedError as error:
            raise web.HTTPServiceUnavailable(text=f"{error}\n") from error
        opened = web.WebSocketResponse(heartbeat=HEARTBEAT_S, max_msg_size=MESSAGE_MAX, compress=False)
        try:
            await opened.prepare(request)
            self._open.add(opened)
            await self._converse(opened, viewer, peer_of(request.transport))
        finally:
            self._open.discard(opened)
            self._audience.leave(viewer)
        return opened

    async def close(self, _app: web.Application) -> None:
        for opened in tuple(self._open):
            await opened.close(code=WSCloseCode.GOING_AWAY, drain=False)

    async def _converse(self, opened: web.WebSocketResponse, viewer: Viewer, peer: str) -> None:
        sending = asyncio.ensure_future(_send(opened, viewer))
        try:
            async for message in opened:
                if isinstance(message.data, (asyncio.TimeoutError, ConnectionError)):
                    return  # a page that was closed, or whose network went
                if message.type is not WSMsgType.TEXT:
                    raise TalkError(f"not a text, but {message.type.name.lower()}: {message.data!a:.60}")
                said = hear(message.data)
                HEARS[type(said)](self._audience, viewer, said)
        except TalkError as error:
            self._turned_away.note("malformed", peer, str(error), time.monotonic())
            await opened.close(code=WSCloseCode.POLICY_VIOLATION, message=str(error).encode()[:100])
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)


def _got(audience: Audience, viewer: Viewer, said: Got) -> None:
    audience.got(viewer, said.camera)


def _look(audience: Audience, viewer: Viewer, said: Look) -> None:
    most_px = WIDTHS[-1] if said.full else audience.usual.width_px
    audience.look(viewer, {name: wish_of(px, most_px) for name, px in said.cameras.items()})


def _echo(_audience: Audience, viewer: Viewer, said: Echo) -> None:
    viewer.tell("echoed", text_of(Echoed(said.page_ms, time.monotonic_ns() / 1e6)))


HEARS: dict[type, Callable[..., None]] = {Got: _got, Look: _look, Echo: _echo}


async def _send(opened: web.WebSocketResponse, viewer: Viewer) -> None:
    """Sends what waits for the viewer for as long as the connection holds."""
    with contextlib.suppress(ConnectionError):
        while True:
            await viewer.something.wait()
            texts, pictures = viewer.take()
            for text in texts:
                await opened.send_str(text)
            for picture in pictures:
                await opened.send_bytes(picture_bytes(picture, time.monotonic_ns()))
