"""What there is to filter by, for the page's menus."""

from __future__ import annotations

import sqlite3

import msgspec
from aiohttp import web

from stream.searching_menus import FOUND_BY
from stream.web.api.answering import said
from stream.web.api.logged import Note, found
from stream.web.api.route import Route
from stream.web.page import Page


class Filters(Note, frozen=True, kw_only=True):
    """The words of the menus; as the log knows them."""

    cameras: tuple[str, ...] = ()
    bundles: tuple[str, ...] = ()
    recipes: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    event_kinds: tuple[str, ...] = ()
    act_kinds: tuple[str, ...] = ()
    people: tuple[str, ...] = ()


async def filters(_request: web.Request, page: Page) -> web.StreamResponse:
    known = await found(page, menus, lambda note: Filters(note=note))
    own = tuple(camera.name for camera in page.status().cameras)
    return said(msgspec.structs.replace(known, cameras=tuple(sorted({*known.cameras, *own}))))


def menus(db: sqlite3.Connection) -> Filters:
    """All of the log's words."""
    words = {name: [row[0] for row in db.execute(query.sql, query.values)] for name, query in FOUND_BY.items()}
    return msgspec.convert(words, Filters)


ROUTES = (Route("GET", "/api/filters", "viewer", "What there is to filter by", None, None, Filters, filters),)
