"""The report of a day or a shift: HTML for the page, or with `whole=1` a file that needs nothing beside it."""

from __future__ import annotations

import sqlite3
import time
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from aiohttp import web

from stream.figures_shifts import shift_words
from stream.report_file import document, embedded, linked, still_there
from stream.report_page import ReportPage
from stream.report_reading import Facts, facts_of
from stream.report_span import SpanWordError, shift_named
from stream.shifts import Shift
from stream.web.api.asked import query_of, wrong
from stream.web.api.logged import found
from stream.web.api.route import Route
from stream.web.page import Page

HTML = "text/html"
Word = Annotated[str, msgspec.Meta(max_length=20)]


class ReportQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of which day (2026-11-22), or which shift (2026-11-22 06:00); empty: today."""

    day: Word = ""
    shift: Word = ""
    whole: Literal["", "0", "1"] = ""  # 1: a file with its pictures in it


async def report(request: web.Request, page: Page) -> web.StreamResponse:
    asked = query_of(request, ReportQuery)
    words = await found(page, shift_words, lambda _: None)
    today = datetime.now().date()  # local, as people count days
    try:
        shift = shift_named(asked.day, asked.shift, words, today)
    except SpanWordError as error:
        raise wrong(str(error)) from None

    def question(db: sqlite3.Connection) -> Facts:
        return facts_of(db, shift)

    facts = await found(page, question, lambda _: Facts(shift, "", (), (), (), (), ()))
    whole = asked.whole == "1"
    html = await page.bulk.work(lambda: _html(facts, page, whole=whole))
    answer = web.Response(text=html, content_type=HTML)
    if whole:
        answer.headers["Content-Disposition"] = f'attachment; filename="linewatch-{_file_name(shift)}.html"'
    return answer


def _html(facts: Facts, page: Page, *, whole: bool) -> str:
    picture = embedded(page.data_dir) if whole else still_there(page.data_dir, linked)
    article = ReportPage(facts, picture, time.time_ns()).article()
    return document(article, f"{facts.line}: {facts.shift.name}") if whole else article


def _file_name(shift: Shift) -> str:
    return shift.name.replace(" ", "-").replace(":", "-")


ROUTES = (Route("GET", "/api/report", "viewer", "A day or a shift on one page", ReportQuery, None, HTML, report),)
