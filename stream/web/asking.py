"""How the page asks who is there, and what it says to whom it does not let in."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError, PayloadEncodingError
from aiohttp.web import RequestPayloadError

from stream.web.guard import OPENING, PAGE, Refused

STATIC = Path(__file__).parent / "static"
ASKS_FOR_TOKEN = (STATIC / "open.html").read_text()
ASKS_FOR_LOGIN = (STATIC / "login.html").read_text()
BODY_S = 3.0
NEEDED = "This page needs its token. Open / in a browser, or send it as `Authorization: Bearer TOKEN`.\n"
LOGIN_NEEDED = "Log in first: open / in a browser; a program sends name and password of a user by HTTP Basic.\n"


def asks(request: web.Request, refused: Refused, *, users: bool, page: bool) -> web.StreamResponse:
    """What a request gets that is not let in: a person the form for token or password, where the page would stand."""
    asked = refused.status in (401, 429)
    wants_page = request.method == "GET" and (page or "text/html" in request.headers.get("Accept", ""))
    if asked and (wants_page or request.path == OPENING):
        form = ASKS_FOR_LOGIN if users else ASKS_FOR_TOKEN
        form = form.replace('data-why=""', f'data-why="{refused.kind}"', 1)
        return web.Response(status=refused.status, text=form, content_type="text/html")
    needed = (LOGIN_NEEDED if users else NEEDED) if refused.kind in ("no token", "no login") else ""
    answer = web.Response(status=refused.status, text=needed or f"Refused ({refused.kind}): {refused.said}.\n")
    if users and refused.status == 401 and "Mozilla" not in request.headers.get("User-Agent", ""):
        answer.headers["WWW-Authenticate"] = (
            'Basic realm="linewatch", charset="UTF-8"'  # a browser would pop up its own
        )
    return answer


async def token_in(request: web.Request) -> str | Refused:
    """The form's token; empty where there is none. Our own form is the only one: no files, no other encoding."""
    unreadable = Refused(400, "malformed", "a form that cannot be read")
    # Before it is read: of packed bytes that are none, and that come after the headers, aiohttp may never say a word.
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        return unreadable
    try:
        body = await asyncio.wait_for(request.read(), BODY_S)
    except asyncio.TimeoutError:
        return Refused(408, "slow", f"no token within {BODY_S:.0f} s")
    except (HttpProcessingError, PayloadEncodingError, RequestPayloadError):
        return unreadable
    return parse_qs(body.decode("utf-8", "replace")).get("token", [""])[0].strip()


def back_to(request: web.Request) -> str:
    """The page of ours on which the form stood, by its path alone: nobody is sent to another site."""
    try:
        came_from = urlsplit(request.headers.get("Referer", ""))
    except ValueError:
        return PAGE
    if came_from.netloc != request.host or not came_from.path.startswith("/") or came_from.path.startswith("//"):
        return PAGE
    path = PAGE if came_from.path == OPENING or "\\" in came_from.path else came_from.path
    return f"{path}?{came_from.query}" if came_from.query else path
