"""Who one is here: logging in and out."""

from __future__ import annotations

from typing import Annotated

import msgspec
from aiohttp import web

from stream.web.api.answering import said
from stream.web.api.asked import body_of, wrong
from stream.web.api.route import Route
from stream.web.credentials import session_cookie
from stream.web.door import peer_of, port_of
from stream.web.guard import LOGIN, Refused
from stream.web.page import Page
from stream.web.passwords import PASSWORD_MAX
from stream.web.visitor import VISITOR

NO_USERS = "this page has no users: nobody logs in; set display.users_file, and add some with `stream users`"


class Wish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who wants to log in."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    password: Annotated[str, msgspec.Meta(min_length=1, max_length=PASSWORD_MAX)]


class Me(msgspec.Struct, frozen=True):
    """Whoever asks."""

    name: str
    role: str  # viewer | operator | engineer
    users: bool  # whether the page has users, so that one can log out


class Nothing(msgspec.Struct, frozen=True):
    """An empty body: `{}`."""


async def log_in(request: web.Request, page: Page) -> web.StreamResponse:
    if page.logins is None:
        raise web.HTTPNotFound(text=NO_USERS)
    wish = await body_of(request, Wish)
    peer = peer_of(request.transport)
    begun = await page.logins.log_in(wish.name, wish.password, peer)
    if isinstance(begun, Refused):
        page.turned_away.counts[begun.kind] += 1  # on record as an act: here it is counted alone
        return _refused(begun)
    visitor, session_id = begun
    name = session_cookie(port_of(request.transport))
    if before := request.cookies.get(name):
        await page.logins.log_out(before, request.transport)
    answer = said(Me(visitor.name, visitor.role, users=True))
    secure = request.secure or request.headers.get("X-Forwarded-Proto") == "https"  # a lie hurts the liar alone
    answer.set_cookie(name, session_id, httponly=True, samesite="Strict", path="/", secure=secure)
    return answer


async def log_out(request: web.Request, page: Page) -> web.StreamResponse:
    if page.logins is None:
        raise web.HTTPNotFound(text=NO_USERS)
    await body_of(request, Nothing)
    name = session_cookie(port_of(request.transport))
    if not await page.logins.log_out(request.cookies.get(name, ""), request.transport):
        raise wrong("no session to end; who sends name and password each time, or the token, has none")
    answer = said(Me("", "", users=True))
    answer.del_cookie(name, path="/")
    answer.headers["Clear-Site-Data"] = '"cache"'  # pictures that the browser has kept are not the next one's
    return answer


async def me(request: web.Request, page: Page) -> web.StreamResponse:
    visitor = request[VISITOR]
    return said(Me(visitor.name, visitor.role, users=page.logins is not None))


def _refused(refused: Refused) -> web.Response:
    answer = said({"error": refused.said}, refused.status)
    if refused.status in (429, 503):
        answer.headers["Retry-After"] = str(max(1, int(refused.wait_s)))
    return answer


ROUTES = (
    Route("POST", LOGIN, "", "Logs a user in: the answer brings the session's cookie", None, Wish, Me, log_in),
    Route("POST", "/api/logout", "viewer", "Ends the session", None, Nothing, Me, log_out),
    Route("GET", "/api/me", "viewer", "Who one is here, and what one may do", None, None, Me, me),
)
