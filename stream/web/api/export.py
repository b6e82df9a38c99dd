"""Incidents under a filter as a file: CSV, sent as it is read, or COCO. Who takes it is on record."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from typing import Literal

import msgspec
from aiohttp import web

from stream.export_incidents import ExportedIncident, coco_of, csv_head, csv_row, scaled_incidents
from stream.searching import INCIDENTS, IncidentQuery, IncidentRow
from stream.searching_rows import rows
from stream.searching_terms import ROWS_MAX, CursorError, listing_page
from stream.searching_times import MomentError
from stream.web.api.asked import query_of, wrong
from stream.web.api.logged import found
from stream.web.api.reviews import note
from stream.web.api.route import Route
from stream.web.page import Page

FILE = "application/octet-stream"  # whichever format: it is saved, not shown
COCO_MAX = 20_000  # incidents: a COCO document is one piece, and is made in memory
NAMES = {"csv": "incidents.csv", "coco": "incidents.json"}


class ExportQuery(IncidentQuery, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which incidents, as in the list; all of them, whatever the limit."""

    format: Literal["csv", "coco"] = "csv"


async def export(request: web.Request, page: Page) -> web.StreamResponse:
    asked = query_of(request, ExportQuery)
    pages = _pages(page, msgspec.structs.replace(asked, limit=ROWS_MAX))
    first = await anext(pages)  # what is wrong with the question is said before the answer begins
    await note(page, request, "export", asked.format, new=request.query_string)
    headers = {"Content-Disposition": f'attachment; filename="{NAMES[asked.format]}"', "Content-Type": FILE}
    if asked.format == "coco":
        return web.Response(body=await _coco(page, first, pages), headers=headers)
    answer = web.StreamResponse(headers=headers)
    await answer.prepare(request)
    await answer.write(("\ufeff" + csv_head() + _lines(first)).encode())  # the mark tells spreadsheets that it is UTF-8
    async for some in pages:
        await answer.write(_lines(some).encode())
    await answer.write_eof()
    return answer


async def _pages(page: Page, asked: ExportQuery) -> AsyncIterator[list[ExportedIncident]]:
    """All that the filter finds, a page at a time, newest first; the first one may be empty."""
    while True:
        wanted = asked
        try:
            query = listing_page(INCIDENTS, wanted)
        except (CursorError, MomentError) as error:
            raise wrong(str(error)) from None

        def question(db: sqlite3.Connection) -> tuple[list[ExportedIncident], str | None]:
            read = rows(db, query, IncidentRow)  # noqa: B023  # asked before the next turn
            return scaled_incidents(db, read.rows, drawn=wanted.format == "coco"), read.next  # noqa: B023

        some, after = await found(page, question, lambda _note: ([], None))
        yield some
        if after is None:
            return
        asked = msgspec.structs.replace(asked, after=after)


async def _coco(page: Page, first: list[ExportedIncident], pages: AsyncIterator[list[ExportedIncident]]) -> bytes:
    incidents = first
    async for some in pages:
        incidents = incidents + some
        if len(incidents) > COCO_MAX:
            raise wrong(
                f"more than {COCO_MAX} incidents; narrow the filter, or use `python -m stream log --export coco`"
            )
    return await page.bulk.work(lambda: msgspec.json.encode(coco_of(incidents, page.data_dir).document))


def _lines(some: list[ExportedIncident]) -> str:
    return "".join(csv_row(one) for one in some)


ROUTES = (Route("GET", "/api/export", "operator", "Incidents as a file", ExportQuery, None, FILE, export),)
