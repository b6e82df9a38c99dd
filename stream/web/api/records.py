"""Frames, parts, events, runs and acts for programs and for the page: lists under a filter, newest first."""

from __future__ import annotations

import sqlite3

import msgspec
from aiohttp import web

from stream.messages import DefectRecord
from stream.searching_history import (
    ACTS,
    EVENTS,
    RUNS,
    ActQuery,
    ActRow,
    EventQuery,
    EventRow,
    RunQuery,
    RunRow,
    outcomes_of,
)
from stream.searching_records import FRAMES, PARTS, FrameQuery, FrameRow, PartQuery, PartRow
from stream.searching_rows import rows
from stream.searching_terms import CursorError, listing_page
from stream.searching_times import MomentError, iso
from stream.web.api.answering import said
from stream.web.api.asked import query_of, wrong
from stream.web.api.logged import OfTheLog, found, listed
from stream.web.api.route import Route
from stream.web.page import Page


class Frame(msgspec.Struct, frozen=True):
    """A BAD or UNKNOWN frame as people see it."""

    camera: str
    run: int
    seq: int
    state: str
    score: float | None
    reason: str | None
    defects: tuple[DefectRecord, ...]
    bundle: str
    settings: str
    recipe: str
    utc_ns: int
    utc: str
    latency_ms: float | None
    inspector: str | None
    attempt: int | None
    evidence: str | None
    part: str


class Frames(OfTheLog, frozen=True, kw_only=True):
    """A page of frames."""

    frames: tuple[Frame, ...] = ()


class Part(PartRow, frozen=True):
    """A part as people see it."""

    utc: str = ""


class Parts(OfTheLog, frozen=True, kw_only=True):
    """A page of parts."""

    parts: tuple[Part, ...] = ()


class Happened(EventRow, frozen=True):
    """An event as people see it."""

    utc: str = ""


class Events(OfTheLog, frozen=True, kw_only=True):
    """A page of events."""

    events: tuple[Happened, ...] = ()


class Run(RunRow, frozen=True):
    """A run as people see it."""

    utc: str = ""
    # How many frames came to which end (GOOD, BAD, UNKNOWN, dropped:REASON), where that was asked for.
    outcomes: dict[str, int] | None = None


class Runs(OfTheLog, frozen=True, kw_only=True):
    """A page of runs."""

    runs: tuple[Run, ...] = ()


class Done(ActRow, frozen=True):
    """An act as people see it."""

    utc: str = ""


class Acts(OfTheLog, frozen=True, kw_only=True):
    """A page of acts."""

    acts: tuple[Done, ...] = ()


async def frames(request: web.Request, page: Page) -> web.StreamResponse:
    shown = await listed(page, FRAMES, query_of(request, FrameQuery), FrameRow, shown_frame)
    return said(Frames(frames=shown.rows, next=shown.next, note=shown.note))


async def parts(request: web.Request, page: Page) -> web.StreamResponse:
    shown = await listed(
        page,
        PARTS,
        query_of(request, PartQuery),
        PartRow,
        lambda row: Part(**msgspec.structs.asdict(row), utc=iso(row.utc_ns)),
    )
    return said(Parts(parts=shown.rows, next=shown.next, note=shown.note))


async def events(request: web.Request, page: Page) -> web.StreamResponse:
    shown = await listed(
        page,
        EVENTS,
        query_of(request, EventQuery),
        EventRow,
        lambda row: Happened(**msgspec.structs.asdict(row), utc=iso(row.utc_ns)),
    )
    return said(Events(events=shown.rows, next=shown.next, note=shown.note))


async def runs(request: web.Request, page: Page) -> web.StreamResponse:
    wanted = query_of(request, RunQuery)
    try:
        query = listing_page(RUNS, wanted)
    except (CursorError, MomentError) as error:
        raise wrong(str(error)) from None

    def question(db: sqlite3.Connection) -> Runs:
        read = rows(db, query, RunRow)
        return Runs(runs=tuple(_shown_run(db, row, wanted) for row in read.rows), next=read.next)

    return said(await found(page, question, lambda note: Runs(note=note)))


async def acts(request: web.Request, page: Page) -> web.StreamResponse:
    shown = await listed(
        page,
        ACTS,
        query_of(request, ActQuery),
        ActRow,
        lambda row: Done(**msgspec.structs.asdict(row), utc=iso(row.utc_ns)),
    )
    return said(Acts(acts=shown.rows, next=shown.next, note=shown.note))


def shown_frame(row: FrameRow) -> Frame:
    """The row with its defects read."""
    kept = msgspec.structs.asdict(row)
    defects = msgspec.json.decode(row.defects, type=tuple[DefectRecord, ...])
    return Frame(**{**kept, "defects": defects}, utc=iso(row.utc_ns))


def _shown_run(db: sqlite3.Connection, row: RunRow, wanted: RunQuery) -> Run:
    run = Run(**msgspec.structs.asdict(row), utc=iso(row.utc_ns))
    if not wanted.outcomes:
        return run
    counted = outcomes_of(row.camera, row.run)
    return msgspec.structs.replace(run, outcomes=dict(db.execute(counted.sql, counted.values).fetchall()))


ROUTES = (
    Route("GET", "/api/frames", "viewer", "BAD and UNKNOWN frames, newest first", FrameQuery, None, Frames, frames),
    Route("GET", "/api/parts", "viewer", "Parts that were announced, newest first", PartQuery, None, Parts, parts),
    Route("GET", "/api/events", "viewer", "What happened beside the verdicts", EventQuery, None, Events, events),
    Route("GET", "/api/runs", "viewer", "Runs of the cameras and their books", RunQuery, None, Runs, runs),
    Route("GET", "/api/acts", "viewer", "Who changed what, and when", ActQuery, None, Acts, acts),
)
