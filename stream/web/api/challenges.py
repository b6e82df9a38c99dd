"""Challenges for programs and for the page: what came of them, and a way to begin one."""

from __future__ import annotations

import sqlite3
from typing import Annotated

import msgspec
from aiohttp import web

from stream.challenge import KIND, Wish
from stream.challenge_log import Told, acts_of, told, with_marks
from stream.limit_kinds import CAMERA_NAME
from stream.searching_times import iso
from stream.web.api.answering import said
from stream.web.api.asked import body_of, query_of, wrong
from stream.web.api.logged import Note, found
from stream.web.api.reviews import OnRecord, note
from stream.web.api.route import Route
from stream.web.page import Page

Word = Annotated[str, msgspec.Meta(max_length=64)]
Limit = Annotated[int, msgspec.Meta(ge=1, le=500)]


class ChallengesQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of which camera (empty: all); how many."""

    camera: Word = ""
    limit: Limit = 50


class Listed(Told, frozen=True):
    """A challenge, with its time for people."""

    utc: str = ""


class Challenges(Note, frozen=True):
    """Challenges, newest first."""

    challenges: tuple[Listed, ...] = ()


async def challenges(request: web.Request, page: Page) -> web.StreamResponse:
    asked = query_of(request, ChallengesQuery)

    def question(db: sqlite3.Connection) -> Challenges:
        rows = with_marks(db, told(acts_of(db), asked.camera, asked.limit))
        return Challenges(challenges=tuple(Listed(**msgspec.structs.asdict(row), utc=iso(row.utc_ns)) for row in rows))

    return said(await found(page, question, lambda note: Challenges(note=note)))


async def begin(request: web.Request, page: Page) -> web.StreamResponse:
    """On record as soon as it is answered; what came of it, GET /api/challenges says."""
    camera = request.match_info["camera"]
    if not CAMERA_NAME.fullmatch(camera):
        raise wrong(f"camera: not a camera's name, got {camera[:40]!a}")
    wish = await body_of(request, Wish)
    return said(await note(page, request, KIND, camera, new=msgspec.json.encode(wish).decode()))


ROUTES = (
    Route(
        "GET",
        "/api/challenges",
        "viewer",
        "Challenges and what came of them",
        ChallengesQuery,
        None,
        Challenges,
        challenges,
    ),
    Route("POST", "/api/challenge/{camera}", "operator", "Begins a challenge", None, Wish, OnRecord, begin),
)
