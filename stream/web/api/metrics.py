"""The line for Prometheus. docs/metrics.md says what each metric is, and how Prometheus shows that it may look."""

from __future__ import annotations

from aiohttp import web

from stream.exposition import CONTENT_TYPE
from stream.web.api.route import Route
from stream.web.page import Page

PLAIN = "text/plain"


async def metrics(_request: web.Request, page: Page) -> web.StreamResponse:
    text = page.metrics() if page.metrics is not None else ""
    return web.Response(body=text.encode(), headers={"Content-Type": CONTENT_TYPE})


ROUTES = (Route("GET", "/metrics", "viewer", "For Prometheus", None, None, PLAIN, metrics),)
