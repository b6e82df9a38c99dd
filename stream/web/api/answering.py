"""How the API answers: JSON, and errors as `{"error": "what, what was got, what to do"}`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import msgspec
from aiohttp import web
from aiohttp.typedefs import Middleware

from stream.web.api.route import JSON

READING = ("GET", "HEAD")
PLAIN = "text/plain"
Answering = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Trouble(msgspec.Struct, frozen=True):
    """What every refusal says."""

    error: str


def said(answer: Any, status: int = 200) -> web.Response:
    """An answer as JSON."""
    return web.Response(status=status, body=msgspec.json.encode(answer) + b"\n", content_type=JSON)


def in_json(paths: Iterable[str]) -> Middleware:
    """What refuses a call in plain text, wherever it stands, says it in JSON; a wrong method hears which are right."""
    firsts = {_first(path) for path in paths}

    @web.middleware
    async def saying(request: web.Request, handler: Answering) -> web.StreamResponse:
        try:
            answer = await handler(request)
        except web.HTTPException as error:
            if error.status < 400:
                raise
            answer = error
        if answer.status == 405:
            unanswered = request.match_info.http_exception
            methods = unanswered.allowed_methods if isinstance(unanswered, web.HTTPMethodNotAllowed) else READING
            answer.headers["Allow"] = ", ".join(sorted(methods))
        plain = isinstance(answer, web.Response) and answer.content_type == PLAIN  # a form is for people
        if answer.status < 400 or not plain or _first(request.path) not in firsts:
            return _raised(answer)
        return _refusal(answer)

    return saying


def _first(path: str) -> str:
    return path.removeprefix("/").partition("/")[0]


def _raised(answer: web.StreamResponse) -> web.StreamResponse:
    if isinstance(answer, web.HTTPException):
        raise answer
    return answer


def _refusal(answer: web.StreamResponse) -> web.Response:
    """The same in JSON, with all else that it says."""
    assert isinstance(answer, web.Response)
    refusal = said(Trouble((answer.text or answer.reason or "").strip()), answer.status)
    for name, value in answer.headers.items():
        if name not in ("Content-Type", "Content-Length"):
            refusal.headers.add(name, value)
    refusal._cookies = answer._cookies
    return refusal
