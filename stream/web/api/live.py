"""What happens, as it happens: server-sent events (html.spec.whatwg.org/multipage/server-sent-events.html).

A listener that is slow misses verdicts, which is counted in `skipped`; one that is stuck is let go. Each event has an
id; whoever comes back with it (`Last-Event-ID`) hears what it has missed, as far as that is remembered.
"""

from __future__ import annotations

import asyncio

import msgspec
from aiohttp import web

from stream.web.api.route import Route
from stream.web.listeners import FullError, Happening, Listener
from stream.web.news import LiveVerdict
from stream.web.page import Page

STUCK_S = 15.0
MEDIA = "text/event-stream"
HEADERS = {"Content-Type": f"{MEDIA}; charset=utf-8", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
BEGINNING = b"retry: 2000\n\n"  # milliseconds until a browser comes back


async def live(request: web.Request, page: Page) -> web.StreamResponse:
    answer = web.StreamResponse(headers=HEADERS)
    if request.method == "HEAD":
        return answer
    try:
        listener = page.listeners.join(request.headers.get("Last-Event-ID", ""))
    except FullError as error:
        raise web.HTTPServiceUnavailable(text=str(error)) from None
    try:
        await answer.prepare(request)
        await answer.write(BEGINNING)
        await _tell(answer, listener, page.listeners.epoch)
    except ConnectionError:
        pass
    except asyncio.TimeoutError:
        if request.transport is not None:
            request.transport.abort()
    finally:
        page.listeners.leave(listener)
    return answer


async def _tell(answer: web.StreamResponse, listener: Listener, epoch: str) -> None:
    while True:
        await listener.something.wait()
        if listener.gone:
            return
        said = b"".join(event_bytes(one, epoch) for one in listener.take())
        await asyncio.wait_for(answer.write(said), STUCK_S)


def event_bytes(one: Happening, epoch: str) -> bytes:
    """One event, as it goes over the wire. Pure."""
    told = one.told
    if isinstance(told, LiveVerdict) and one.skipped:
        told = msgspec.structs.replace(told, skipped=one.skipped)
    return b"event: %b\nid: %b-%d\ndata: %b\n\n" % (
        one.kind.encode(),
        epoch.encode(),
        one.number,
        msgspec.json.encode(told),
    )


ROUTES = (
    Route(
        "GET",
        "/api/live",
        "viewer",
        "Verdicts, incidents, alarms and the status as server-sent events: verdict, incident, alarm, status, missed",
        None,
        None,
        MEDIA,
        live,
    ),
)
