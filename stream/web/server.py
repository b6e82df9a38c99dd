"""The page's HTTP server: its routes. Who may ask for them is admission.py's business."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from stream.page_address import BACKLOG
from stream.web.admission import Admission
from stream.web.api.answering import in_json
from stream.web.api.table import ROUTES, Route
from stream.web.door import PATIENCE_S, Door
from stream.web.guard import ANSWER_HEADERS, OPENING, kept_by_browsers
from stream.web.live import Live
from stream.web.page import Page
from stream.web.pages import STATIC, add_pages
from stream.web.visitor import UNNAMED, VISITOR

REQUEST_MAX = 4096  # bytes of a body, a line, a header, a WebSocket message: the page sends far less
CLOSING_S = 1.0
RIGHTS = {(route.method, route.path): route.role for route in ROUTES}
LINGERING_S = 1.0  # for the rest of a body that nobody wants


@contextlib.asynccontextmanager
async def serving(page: Page, listening: socket.socket, patience_s: float = PATIENCE_S) -> AsyncIterator[None]:
    """Serves the page on a socket that listens already. `patience_s`: how long a request may take to come."""
    admission = Admission(page.guard, page.turned_away, page.logins, RIGHTS)
    async with contextlib.AsyncExitStack() as stack:
        if page.alarms is not None:
            await stack.enter_async_context(page.alarms.minding(page.log))
        await stack.enter_async_context(
            serving_application(_application(page, admission), admission, listening, patience_s)
        )
        yield


@contextlib.asynccontextmanager
async def serving_application(
    application: web.Application, admission: Admission, listening: socket.socket, patience_s: float = PATIENCE_S
) -> AsyncIterator[None]:
    """Serves what an application answers, behind the same door."""
    async with admission.minding(), _listening(application, admission, listening, patience_s):
        yield


@contextlib.asynccontextmanager
async def _listening(
    application: web.Application, admission: Admission, listening: socket.socket, patience_s: float
) -> AsyncIterator[None]:
    runner = web.AppRunner(
        application,
        access_log=None,
        logger=_quiet(),
        handle_signals=False,
        shutdown_timeout=CLOSING_S,
        max_line_size=REQUEST_MAX,
        max_field_size=REQUEST_MAX,
        keepalive_timeout=patience_s,  # also how long a first request may take
        lingering_time=LINGERING_S,
    )
    await runner.setup()
    assert runner.server is not None
    admission.door = Door(runner.server, admission.note, patience_s)
    server = await asyncio.get_running_loop().create_server(admission.door, sock=listening, backlog=BACKLOG)
    try:
        yield
    finally:
        server.close()
        await runner.cleanup()


class _OfOurOwn(logging.Filter):
    """What a peer sends amiss, or leaves unheard, is counted at the door: it is no error, and no page of the log."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        return not isinstance(error, (HttpProcessingError, ConnectionError))


_OF_OUR_OWN = _OfOurOwn()


def _quiet() -> logging.Logger:
    log = logging.getLogger("linewatch.page")
    log.addFilter(_OF_OUR_OWN)  # once, however often it is added
    return log


def _application(page: Page, admission: Admission) -> web.Application:
    live = Live(page)
    refusing = in_json(route.path for route in ROUTES)
    app = web.Application(client_max_size=REQUEST_MAX, middlewares=[refusing, admission.admit])
    for route in ROUTES:
        app.router.add_route(route.method, route.path, calling(route, page))
        if route.method == "GET":
            app.router.add_route("HEAD", route.path, calling(route, page))
    add_pages(app)
    app.router.add_post(OPENING, admission.open)
    app.router.add_get("/ws", live.open)
    app.router.add_static("/static", STATIC, show_index=False, follow_symlinks=False)
    app.on_response_prepare.append(say_what_is_allowed)
    app.on_shutdown.append(live.close)
    app.on_shutdown.append(ending(page))
    return app


def calling(route: Route, page: Page) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """What the router calls for a route of the table."""

    async def call(request: web.Request) -> web.StreamResponse:
        if VISITOR not in request:
            request[VISITOR] = UNNAMED
        return await route.handler(request, page)

    return call


def ending(page: Page) -> Callable[[web.Application], Awaitable[None]]:
    """What goes on for as long as the page does, ends with it."""

    async def end(_app: web.Application) -> None:
        page.listeners.end()
        page.log.close()
        page.bulk.close()

    return end


async def say_what_is_allowed(request: web.Request, answer: web.StreamResponse) -> None:
    """What every answer tells the browser."""
    answer.headers.update(ANSWER_HEADERS)
    answer.headers.setdefault("Cache-Control", kept_by_browsers(request.path, answer.status))
