"""How the line is, and what it is told: status, parts that are announced."""

from __future__ import annotations

from typing import Annotated

import msgspec
from aiohttp import web

from stream.web.announcing import Announcements, Said, Wanted
from stream.web.api.answering import said
from stream.web.api.asked import body_of
from stream.web.api.route import Route
from stream.web.door import peer_of
from stream.web.page import Page
from stream.web.readiness import missing
from stream.web.talk import PageStatus
from stream.web.visitor import VISITOR

FOR_STRANGERS = "the line does not inspect; log in, or send the token, to be told why"


class WantedRecipe(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which recipe; `none`: the line's own settings."""

    recipe: Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9_-]{1,32}\Z")]


class Ready(msgspec.Struct, frozen=True):
    """Whether the line inspects; where it does not, why."""

    ready: bool
    reasons: tuple[str, ...]
    error: str = ""  # the reasons in one


async def status(_request: web.Request, page: Page) -> web.StreamResponse:
    return said(page.status())


async def alive(_request: web.Request, _page: Page) -> web.StreamResponse:
    return web.Response(text="the page's loop works\n")


async def ready(request: web.Request, page: Page) -> web.StreamResponse:
    reasons = tuple(missing(page.status()))
    if reasons and not request[VISITOR].role:
        reasons = (FOR_STRANGERS,)
    return said(Ready(not reasons, reasons, "; ".join(reasons)), 503 if reasons else 200)


async def trigger(request: web.Request, page: Page) -> web.StreamResponse:
    return await Announcements(page.announce, by_name=page.logins is not None).post(request)


async def recipe(request: web.Request, page: Page) -> web.StreamResponse:
    wanted = await body_of(request, WantedRecipe)
    if page.recipe is None:
        raise web.HTTPNotFound(text="this line has no recipes; its settings know none")
    visitor = request[VISITOR]
    answer = await page.recipe(wanted.recipe, f"{visitor.name} ({visitor.role}), http {peer_of(request.transport)}")
    if answer is None:
        raise web.HTTPServiceUnavailable(text="the line's supervisor does not answer; the change may still come")
    if not answer.ok:
        raise web.HTTPConflict(text=answer.text)
    return said(Said(True, answer.text))


ROUTES = (
    Route("GET", "/api/status", "viewer", "How the line is", None, None, PageStatus, status),
    Route("GET", "/status.json", "viewer", "How the line is; as /api/status", None, None, PageStatus, status),
    Route("GET", "/live", "", "Whether the page's loop works", None, None, "text/plain", alive),
    Route(
        "GET", "/ready", "", "Whether the line inspects; 503 with reasons where it does not", None, None, Ready, ready
    ),
    Route("POST", "/api/recipe", "engineer", "Judges by another recipe", None, WantedRecipe, Said, recipe),
    Route("POST", "/api/trigger/{camera}", "operator", "A part is before the camera", None, Wanted, Said, trigger),
)
