"""What the log has to say to a call: what was found, or in plain words why nothing can be."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec
from aiohttp import web

from stream.log_error import LogError
from stream.searching_pool import NoLogError
from stream.searching_rows import Row, rows
from stream.searching_terms import CursorError, Listing, Paged, listing_page
from stream.searching_times import MomentError
from stream.web.api.asked import wrong
from stream.web.page import Page

Found = TypeVar("Found")
Shown = TypeVar("Shown")


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """An answer made of the log."""

    note: str = ""  # why there is nothing, where there is no log yet or it is an older one


class OfTheLog(Note, frozen=True, kw_only=True):
    """A page of a list."""

    next: str | None = None  # `after` of the page behind this one


@dataclass(frozen=True)
class Listed(Generic[Shown]):
    """A page of a list; `note`: why there is nothing, where there is no log."""

    rows: tuple[Shown, ...]
    next: str | None
    note: str


async def found(page: Page, question: Callable[[sqlite3.Connection], Found], without: Callable[[str], Found]) -> Found:
    """What was found; where there is no log yet, what `without` says of it. Raises HTTPServiceUnavailable."""
    try:
        return await page.log.ask(question)
    except NoLogError as error:
        return without(str(error))
    except LogError as error:
        raise web.HTTPServiceUnavailable(text=str(error)) from None


async def listed(
    page: Page, listing: Listing, wanted: Paged, kind: type[Row], show: Callable[[Row], Shown]
) -> Listed[Shown]:
    """A page of a list, as people see it. Raises HTTPBadRequest, HTTPServiceUnavailable."""
    try:
        query = listing_page(listing, wanted)
    except (CursorError, MomentError) as error:
        raise wrong(str(error)) from None

    def question(db: sqlite3.Connection) -> Listed[Shown]:
        read = rows(db, query, kind)
        return Listed(tuple(show(row) for row in read.rows), read.next, "")

    return await found(page, question, lambda note: Listed((), None, note))
