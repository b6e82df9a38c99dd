"""Figures for programs and for the page: what became of the frames of a time, step by step."""

from __future__ import annotations

import sqlite3
import time
from typing import Annotated

import msgspec
from aiohttp import web

from stream.figures import Bucket, Span, SpanError, buckets
from stream.figures_defects import Defects, defects_of
from stream.figures_shifts import shift_words
from stream.searching_times import iso
from stream.shifts import shift_at, times_of
from stream.web.api.answering import said
from stream.web.api.asked import moment_in, query_of, wrong
from stream.web.api.logged import Note, found
from stream.web.api.route import Route
from stream.web.page import Page

Word = Annotated[str, msgspec.Meta(max_length=64)]
Moment = Annotated[str, msgspec.Meta(max_length=40, description="2026-11-22, 2026-11-22T14:05 (UTC) or nanoseconds")]
Step = Annotated[int, msgspec.Meta(ge=60, le=366 * 86_400, description="seconds of a step, whole minutes")]
DAY_NS = 86_400 * 1_000_000_000
YEAR_S = 366 * 86_400
LAST_NS = 9_000_000_000 * 1_000_000_000  # the year 2255: a row's numbers end soon after
NOTHING = Defects(0, 0, (), (), {}, ())


class FiguresQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of which camera (empty: all together), from when to when (empty: the last 24 hours), in which steps."""

    camera: Word = ""
    since: Moment = ""
    until: Moment = ""
    step_s: Step = 60


class Figures(Note, frozen=True, kw_only=True):
    """Steps in which there were frames, oldest first."""

    since_ns: int
    until_ns: int
    since: str
    until: str
    step_s: int
    buckets: tuple[Bucket, ...] = ()


async def figures(request: web.Request, page: Page) -> web.StreamResponse:
    asked = query_of(request, FiguresQuery)
    span = span_of(asked.since, asked.until, asked.step_s)
    empty = Figures(
        since_ns=span.since_ns,
        until_ns=span.until_ns,
        since=iso(span.since_ns),
        until=iso(span.until_ns),
        step_s=span.step_s,
    )

    def question(db: sqlite3.Connection) -> Figures:
        return msgspec.structs.replace(empty, buckets=buckets(db, asked.camera, span))

    return said(await found(page, question, lambda note: msgspec.structs.replace(empty, note=note)))


def span_of(since: str, until: str, step_s: int) -> Span:
    """The time that the words of the address say. Raises HTTPBadRequest."""
    until_ns = moment_in(until, "until") or time.time_ns() // 1_000_000 * 1_000_000
    since_ns = moment_in(since, "since")
    try:
        return Span(until_ns - DAY_NS if since_ns is None else since_ns, until_ns, step_s)
    except SpanError as error:
        raise wrong(str(error)) from None


class DefectsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of which camera (empty: all together), from when to when (empty: the last 24 hours)."""

    camera: Word = ""
    since: Moment = ""
    until: Moment = ""


class DefectsFound(Note, frozen=True, kw_only=True):
    """Incidents by kind of defect and by region; parts."""

    since: str
    until: str
    found: Defects


async def defects(request: web.Request, page: Page) -> web.StreamResponse:
    asked = query_of(request, DefectsQuery)
    span = span_of(asked.since, asked.until, YEAR_S)
    words = {"since": iso(span.since_ns), "until": iso(span.until_ns)}

    def question(db: sqlite3.Connection) -> DefectsFound:
        return DefectsFound(**words, found=defects_of(db, asked.camera, span.since_ns, span.until_ns))

    return said(await found(page, question, lambda note: DefectsFound(**words, found=NOTHING, note=note)))


class ShiftsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The shifts around a moment; empty: now."""

    at: Moment = ""


class ShiftShown(msgspec.Struct, frozen=True):
    """A time of work."""

    name: str
    since_ns: int
    until_ns: int


class Shifts(Note, frozen=True, kw_only=True):
    """The shift and the calendar day at a moment, in the line's local time; `now_ns` by its clock."""

    now_ns: int
    shift: ShiftShown
    day: ShiftShown
    each: tuple[str, ...]  # when shifts begin


async def shifts(request: web.Request, page: Page) -> web.StreamResponse:
    asked = query_of(request, ShiftsQuery)
    at_ns = moment_in(asked.at, "at")
    now_ns = time.time_ns()
    moment = min(max(DAY_NS, now_ns if at_ns is None else at_ns), LAST_NS)
    words = await found(page, shift_words, lambda _: None)
    times = times_of(words)
    shift, day = (
        ShiftShown(one.name, one.begin_ns, one.end_ns)
        for one in (shift_at(moment, times), shift_at(moment, times_of(None)))
    )
    return said(Shifts(now_ns=now_ns, shift=shift, day=day, each=tuple(f"{one:%H:%M}" for one in times)))


ROUTES = (
    Route("GET", "/api/figures", "viewer", "Counts by time", FiguresQuery, None, Figures, figures),
    Route("GET", "/api/figures/defects", "viewer", "What was found", DefectsQuery, None, DefectsFound, defects),
    Route("GET", "/api/shifts", "viewer", "The shift at a moment", ShiftsQuery, None, Shifts, shifts),
)
