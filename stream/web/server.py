"""The page's HTTP server: routes and what guards them. The only file that knows aiohttp."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from aiohttp import WSCloseCode, WSMsgType, web

from stream.keeping import EVIDENCE_FOLDER, evidence_folder
from stream.limits import CAMERA_NAME
from stream.web.audience import Audience, CrowdedError, Viewer
from stream.web.guard import ANSWER_HEADERS, Guard, bearer
from stream.web.talk import PageStatus, TalkError, hear, picture_bytes, text_of

STATIC = Path(__file__).parent / "static"
EVIDENCE_FILES = ("frame.png", "mask.png", "overlay.jpg", "thumb.jpg", "evidence.json")
NUMBER = re.compile(r"[0-9]{1,20}")
REQUEST_MAX = 4096  # bytes of a body, a line, a header, a WebSocket message: the page sends far less
UNGUARDED = "/live"  # says only that the loop works
CLOSING_S = 1.0

Answering = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Page:
    """What the server needs."""

    guard: Guard
    audience: Audience
    data_dir: Path
    status: Callable[[], PageStatus]


@contextlib.asynccontextmanager
async def serving(page: Page, listening: socket.socket) -> AsyncIterator[None]:
    """Serves the page on a socket that listens already."""
    runner = web.AppRunner(
        _application(page),
        access_log=None,
        handle_signals=False,
        shutdown_timeout=CLOSING_S,
        max_line_size=REQUEST_MAX,
        max_field_size=REQUEST_MAX,
    )
    await runner.setup()
    try:
        await web.SockSite(runner, listening).start()
        yield
    finally:
        await runner.cleanup()


def evidence_file(data_dir: Path, camera: str, run: str, seq: str, name: str) -> Path | None:
    """The file of a frame's evidence; None where the words of the address name none."""
    if not (CAMERA_NAME.fullmatch(camera) and NUMBER.fullmatch(run) and NUMBER.fullmatch(seq)):
        return None
    if name not in EVIDENCE_FILES:
        return None
    path = data_dir / evidence_folder(camera, int(run), int(seq)) / name
    inside = path.resolve().is_relative_to((data_dir / EVIDENCE_FOLDER).resolve())
    return path if inside and path.is_file() else None


class _Routes:
    def __init__(self, page: Page) -> None:
        self._page = page
        self._open: set[web.WebSocketResponse] = set()

    @web.middleware
    async def guard(self, request: web.Request, handler: Answering) -> web.StreamResponse:
        guard = self._page.guard
        if not guard.host_allowed(request.headers.get("Host")):
            raise web.HTTPForbidden(text="This page does not answer to that name.\n")
        if request.path == UNGUARDED or guard.token is None:
            return await handler(request)
        if request.path == "/" and guard.token_right(request.query.get("token")):
            letting_in = web.HTTPSeeOther("/")
            letting_in.set_cookie(_cookie(request), guard.cookie(), httponly=True, samesite="Strict", path="/")
            return letting_in
        given = bearer(request.headers.get("Authorization"))
        if guard.cookie_right(request.cookies.get(_cookie(request))) or (given and guard.token_right(given)):
            return await handler(request)
        raise web.HTTPUnauthorized(text="This page needs its token: open /?token=… once.\n")

    async def index(self, _request: web.Request) -> web.StreamResponse:
        return web.FileResponse(STATIC / "index.html")

    async def alive(self, _request: web.Request) -> web.StreamResponse:
        return web.Response(text="the page's loop works\n")

    async def status(self, _request: web.Request) -> web.StreamResponse:
        return web.Response(text=text_of(self._page.status()), content_type="application/json")

    async def evidence(self, request: web.Request) -> web.StreamResponse:
        words = request.match_info
        path = await asyncio.to_thread(
            evidence_file, self._page.data_dir, words["camera"], words["run"], words["seq"], words["file"]
        )
        if path is None:
            raise web.HTTPNotFound(text="No such evidence.\n")
        return web.FileResponse(path)

    async def live(self, request: web.Request) -> web.StreamResponse:
        if not self._page.guard.origin_allowed(request.headers.get("Origin"), request.headers.get("Host")):
            raise web.HTTPForbidden(text="Another site may not open this.\n")
        try:
            viewer = self._page.audience.join()
        except CrowdedError as error:
            raise web.HTTPServiceUnavailable(text=f"{error}\n") from error
        opened = web.WebSocketResponse(heartbeat=5, max_msg_size=REQUEST_MAX, compress=False)
        try:
            await opened.prepare(request)
            self._open.add(opened)
            await self._converse(opened, viewer)
        finally:
            self._open.discard(opened)
            self._page.audience.leave(viewer)
        return opened

    async def _converse(self, opened: web.WebSocketResponse, viewer: Viewer) -> None:
        sending = asyncio.ensure_future(_send(opened, viewer))
        try:
            async for message in opened:
                if message.type is not WSMsgType.TEXT:
                    break
                self._page.audience.got(viewer, hear(message.data).camera)
        except TalkError as error:
            await opened.close(code=WSCloseCode.POLICY_VIOLATION, message=str(error).encode()[:100])
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)

    async def close(self, _app: web.Application) -> None:
        for opened in tuple(self._open):
            await opened.close(code=WSCloseCode.GOING_AWAY, drain=False)


def _application(page: Page) -> web.Application:
    routes = _Routes(page)
    app = web.Application(client_max_size=REQUEST_MAX, middlewares=[routes.guard])
    app.router.add_get("/", routes.index)
    app.router.add_get(UNGUARDED, routes.alive)
    app.router.add_get("/status.json", routes.status)
    app.router.add_get("/ws", routes.live)
    app.router.add_get("/evidence/{camera}/{run}/{seq}/{file}", routes.evidence)
    app.router.add_static("/static", STATIC, show_index=False, follow_symlinks=False)
    app.on_response_prepare.append(_say_what_is_allowed)
    app.on_shutdown.append(routes.close)
    return app


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


async def _say_what_is_allowed(_request: web.Request, answer: web.StreamResponse) -> None:
    answer.headers.update(ANSWER_HEADERS)
    answer.headers.setdefault("Cache-Control", "no-cache")


def _cookie(request: web.Request) -> str:
    """Browsers share cookies between the ports of a host: two lines on one computer must not take each other's."""
    port = request.transport.get_extra_info("sockname")[1] if request.transport else 0
    return f"linewatch-{port}"
