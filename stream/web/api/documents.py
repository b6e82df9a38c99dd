"""The API said to programs: its OpenAPI document. The page at /api shows the same to people."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec
from aiohttp import web

from stream.web.api.openapi import document
from stream.web.api.route import JSON, Handler, Route
from stream.web.page import Page

PATH = "/api/openapi.json"


def routes_of(kept: tuple[Route, ...]) -> tuple[Route, ...]:
    """The call that describes these calls, and itself."""
    return (_route(_answering(lambda: document((*kept, _route(_nothing))))),)


def _route(handler: Handler) -> Route:
    return Route("GET", PATH, "viewer", "This document", None, None, dict[str, Any], handler)


def _answering(made: Any) -> Handler:
    @cache
    def written() -> bytes:
        return msgspec.json.encode(made()) + b"\n"

    async def openapi(_request: web.Request, _page: Page) -> web.StreamResponse:
        return web.Response(body=written(), content_type=JSON)

    return openapi


async def _nothing(_request: web.Request, _page: Page) -> web.StreamResponse:
    raise web.HTTPNotFound
