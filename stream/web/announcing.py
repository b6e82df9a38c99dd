"""`POST /api/trigger/CAMERA {"part": "A-1017"}`: a part is before a camera. What is asked, and what is answered.

Who may ask is admission.py's business; how it reaches the camera, the supervisor's (stream/announcing.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError, PayloadEncodingError
from aiohttp.web import RequestPayloadError

from stream.limit_kinds import CAMERA_NAME
from stream.messages import Answer, PartName
from stream.part_names import PartError, part_in
from stream.web.door import peer_of
from stream.web.visitor import VISITOR

BODY_S = 3.0
WHO_MAX = 64  # characters, as of a part's name
Announce = Callable[[str, str, str], Awaitable["Answer | None"]]  # camera, part, who → the supervisor's answer


class Wanted(msgspec.Struct, frozen=True):
    """The body of the request; a name alone, without JSON, does as well."""

    part: PartName


class Said(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of the answer."""

    ok: bool
    text: str
    error: str = ""  # the text of one that is refused


class Announcements:
    """The route."""

    def __init__(self, announce: Announce | None, *, by_name: bool = False) -> None:
        """None: no camera of this line is told of parts. `by_name`: who asks has logged in, and is on record so."""
        self._announce = announce
        self._by_name = by_name

    async def post(self, request: web.Request) -> web.StreamResponse:
        camera = request.match_info["camera"]
        if self._announce is None or not CAMERA_NAME.fullmatch(camera):
            return _said(404, "no camera here is told of parts by that name")
        try:
            body = await asyncio.wait_for(request.read(), BODY_S)
        except asyncio.TimeoutError:
            return _said(408, f"no body within {BODY_S:.0f} s")
        except (HttpProcessingError, PayloadEncodingError, RequestPayloadError):
            return _said(400, "a body that cannot be read")
        try:
            part = part_in(body)
        except PartError as error:
            return _said(400, str(error))
        who = f"http {peer_of(request.transport)}"
        if self._by_name:
            who = f"{request[VISITOR].name}, {who}"[:WHO_MAX]
        answer = await self._announce(camera, part, who)
        if answer is None:
            return _said(503, "the line's supervisor does not answer")
        return _said(200 if answer.ok else 409, answer.text, ok=answer.ok)


def _said(status: int, text: str, *, ok: bool = False) -> web.Response:
    body = msgspec.json.encode(Said(ok, text, "" if ok else text))
    return web.Response(status=status, body=body + b"\n", content_type="application/json")
