"""The newest entry of the audit's chain: whoever notes it elsewhere can prove later that nothing before was changed."""

from __future__ import annotations

import sqlite3

from aiohttp import web

from stream.log_chain import last_entry
from stream.web.api.answering import said
from stream.web.api.logged import Note, found
from stream.web.api.route import Route
from stream.web.page import Page


class ChainHead(Note, frozen=True, kw_only=True):
    """NUMBER:HASH of the newest entry; empty where there is none."""

    head: str = ""


async def head(_request: web.Request, page: Page) -> web.StreamResponse:
    def question(db: sqlite3.Connection) -> ChainHead:
        newest = last_entry(db)
        return ChainHead(head=newest.head if newest else "")

    return said(await found(page, question, lambda note: ChainHead(note=note)))


ROUTES = (Route("GET", "/api/audit/head", "viewer", "The newest hash of the audit", None, None, ChainHead, head),)
