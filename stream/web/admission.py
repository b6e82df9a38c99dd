"""Lets requests in or turns them away: the shell around guard.py (the rules) and rights.py (who may do what).

Whoever may come in is a visitor from here on (`request[VISITOR]`): a user by a session or by a password, whoever has
the token, or, where neither is asked for, anybody. What each may do is looked up before any route runs.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from stream.web.asking import asks, back_to, token_in
from stream.web.credentials import Credentials, basic, bearer, session_cookie, token_cookie
from stream.web.door import Door, peer_of, port_of
from stream.web.guard import READING, UNGUARDED, Approach, Guard, Refused
from stream.web.logins import Logins, key_of_program
from stream.web.pages import PAGES
from stream.web.rights import NAMED_BY, NOBODY, NOBODYS, VIEWER, Rights, least_role, may, named
from stream.web.tries import Tries
from stream.web.turned_away import TurnedAway
from stream.web.visitor import VISITOR, Visitor

PAGE_PATHS = frozenset(page.path.partition(":")[0] + "}" if ":" in page.path else page.path for page in PAGES)

Answering = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Entrance:
    """Somebody may come in."""

    visitor: Visitor
    key: str = ""  # of the login that it depends on


class Admission:
    """Every request passes here first."""

    def __init__(
        self, guard: Guard, turned_away: TurnedAway, logins: Logins | None = None, rights: Rights = NOBODYS
    ) -> None:
        self._guard = guard
        self._turned_away = turned_away
        self._logins = logins
        self._rights = rights
        self._tries = Tries()
        self.door: Door | None = None

    def note(self, kind: str, peer: str, said: str) -> None:
        self._turned_away.note(kind, peer, said, time.monotonic())

    @contextlib.asynccontextmanager
    async def minding(self) -> AsyncIterator[None]:
        """While it admits."""
        if self._logins is None:
            yield
            return
        async with self._logins.minding():
            yield

    @web.middleware
    async def admit(self, request: web.Request, handler: Answering) -> web.StreamResponse:
        if self.door is not None:
            self.door.asked(request.transport)
        refused = self._guard.refusal(_approach(request))
        if refused is not None:
            return self._refuse(request, refused)
        if request.path in UNGUARDED:
            request[VISITOR] = NOBODY
            return await handler(request)
        least = least_role(self._rights, request.method, _route(request))
        entrance = await self._entrance(request)
        if isinstance(entrance, Refused):
            if least:
                return self._refuse(request, entrance)
            entrance = Entrance(NOBODY)
        request[VISITOR] = entrance.visitor
        if not may(entrance.visitor.role, least):
            return self._refuse_right(request, entrance.visitor, least)
        if self._logins is None or not entrance.key:
            return await handler(request)
        with self._logins.held.by(entrance.key, request.transport):
            return await handler(request)

    async def open(self, request: web.Request) -> web.StreamResponse:
        """Takes the token out of the form, and gives the cookie for it."""
        given = await token_in(request)
        refused = given if isinstance(given, Refused) else self._judge(request, given)
        if refused is not None:
            return self._refuse(request, refused)
        letting_in = web.HTTPSeeOther(back_to(request))
        name = token_cookie(port_of(request.transport))
        letting_in.set_cookie(name, self._guard.cookie(), httponly=True, samesite="Strict", path="/")
        return letting_in

    async def _entrance(self, request: web.Request) -> Entrance | Refused:
        """Who it is, by whatever it shows; or why it may not come in."""
        shown = _credentials(request)
        if self._logins is not None:
            if shown.session and (found := self._logins.visitor(shown.session)):
                return Entrance(*found)
            if shown.program is not None:
                user = await self._logins.program(*shown.program, peer_of(request.transport))
                if isinstance(user, Refused):
                    return user
                return Entrance(Visitor(user.name, user.role), key_of_program(user))
        if self._logins is not None and self._guard.token is None:
            return Refused(401, "no login", f"{request.method} without a login")
        if shown.token_cookie is None or not self._guard.cookie_right(shown.token_cookie):
            refused = self._judge(request, shown.token)
            if refused is not None:
                return refused
        if self._logins is not None:
            return Entrance(Visitor("token", VIEWER))  # it names nobody, so it may look, and no more
        return Entrance(named(request.headers.get(NAMED_BY)))

    def _judge(self, request: web.Request, given: str | None) -> Refused | None:
        """What is wrong with the token that was given; None where it is right."""
        if self._guard.token is None:
            return None
        if given is None:
            kind = "no token" if self._logins is None else "no login"
            return Refused(401, kind, f"{request.method} without {kind.replace('no', 'the', 1)}")
        peer, now_s = peer_of(request.transport), time.monotonic()
        if wait_s := self._tries.wait_s(peer, now_s):
            return Refused(429, "guessing", f"too many wrong tokens; the next may come in {wait_s:.0f} s")
        if self._guard.token_right(given):
            return None
        self._tries.wrong(peer, now_s)
        return Refused(401, "wrong token", "a token that is not the page's")

    def _refuse_right(self, request: web.Request, visitor: Visitor, least: str) -> web.StreamResponse:
        """On record by name, so it is only counted here."""
        said = f"{visitor.name} is {visitor.role} here, and this is for {least}s; ask one of them"
        self._turned_away.counts["no right"] += 1
        if self._logins is not None:
            self._logins.jotting.refused(
                visitor, f"{request.method} {_route(request)}", f"{request.path[:200]}: {said}"
            )
        return web.Response(status=403, text=f"Refused (no right): {said}.\n")

    def _refuse(self, request: web.Request, refused: Refused) -> web.StreamResponse:
        self.note(refused.kind, peer_of(request.transport), refused.said)
        return asks(request, refused, users=self._logins is not None, page=_route(request) in PAGE_PATHS)


def _approach(request: web.Request) -> Approach:
    said = request.headers.get
    hosts = request.headers.getall("Host", [])
    return Approach(
        method=request.method,
        path=request.path,
        host=hosts[0] if len(hosts) == 1 else None,
        origin=said("Origin"),
        site=said("Sec-Fetch-Site"),
        mode=said("Sec-Fetch-Mode"),
        dest=said("Sec-Fetch-Dest"),
        allowed=_allowed(request),
        page=_route(request) in PAGE_PATHS,
        form=request.content_type != "application/json",
        cookies="Cookie" in request.headers,
    )


def _allowed(request: web.Request) -> tuple[str, ...]:
    """The methods that the router has for the path; it is made of the one table of routes (api/table.py)."""
    unanswered = request.match_info.http_exception
    if isinstance(unanswered, web.HTTPMethodNotAllowed):
        return tuple(unanswered.allowed_methods)
    return READING if unanswered is not None else (request.method,)


def _route(request: web.Request) -> str:
    """The path as the table of routes has it: `/camera/{camera}`; what no route answers, as it came."""
    resource = request.match_info.route.resource
    return request.path if resource is None else resource.canonical


def _credentials(request: web.Request) -> Credentials:
    said, port = request.headers.get("Authorization"), port_of(request.transport)
    cookies = request.cookies
    return Credentials(bearer(said), cookies.get(token_cookie(port)), cookies.get(session_cookie(port)), basic(said))
