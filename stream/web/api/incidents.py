"""Incidents for programs and for the page: the list under a filter, and one with all that belongs to it."""

from __future__ import annotations

import sqlite3
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web

from stream.acts import Subject
from stream.challenge_marks import challenged
from stream.keeping import clip_file
from stream.messages import Box
from stream.searching import BAD_FRAMES_MAX, INCIDENTS, IncidentQuery, IncidentRow, holding, neighbour, within
from stream.searching_records import FRAMES, FrameRow
from stream.searching_rows import Keyed, keyed, rows
from stream.searching_samples import REVIEWS, ReviewRow
from stream.searching_terms import Key, Term, page_of
from stream.searching_times import MomentError, iso
from stream.web.api.answering import said
from stream.web.api.asked import frame_in, query_of, wrong
from stream.web.api.logged import OfTheLog, found, listed
from stream.web.api.records import Frame, shown_frame
from stream.web.api.route import Route
from stream.web.page import Page

REVIEWS_MAX = 200
EVIDENCE_MAX = 1 << 20  # bytes of an evidence.json


class Incident(IncidentRow, frozen=True):
    """An incident as people see it."""

    utc: str = ""
    thumb: str | None = None  # the address of a small picture
    clip: str | None = None  # the address of its film


class Incidents(OfTheLog, frozen=True, kw_only=True):
    """A page of incidents, newest first."""

    incidents: tuple[Incident, ...] = ()


class Reviewed(msgspec.Struct, frozen=True):
    """What a person said of a frame."""

    number: int
    camera: str
    run: int
    seq: int
    utc_ns: int
    utc: str
    who: str
    verdict: str
    comment: str
    boxes: tuple[Box, ...]


class Named(msgspec.Struct, frozen=True):
    """A frame's name."""

    camera: str
    run: int
    seq: int


class OneIncident(msgspec.Struct, frozen=True):
    """The incident that holds a frame, and what belongs to it."""

    incident: Incident
    reviews: tuple[Reviewed, ...]  # newest first
    frames: tuple[Frame, ...]  # the BAD ones, newest first
    clip: str | None
    evidence: dict[str, Any] | None  # what stands in its evidence.json
    newer: Named | None  # under the filter
    older: Named | None
    challenged: bool = False  # a challenge was decided by it: its mark may be taken off, and put back


async def incidents(request: web.Request, page: Page) -> web.StreamResponse:
    wanted = query_of(request, IncidentQuery)
    shown = await listed(page, INCIDENTS, wanted, IncidentRow, partial(shown_incident, data_dir=page.data_dir))
    return said(Incidents(incidents=shown.rows, next=shown.next, note=shown.note))


async def incident(request: web.Request, page: Page) -> web.StreamResponse:
    frame, wanted = frame_in(request), query_of(request, IncidentQuery)
    try:
        one = await found(page, lambda db: one_incident(db, frame, wanted, page.data_dir), lambda _note: None)
    except MomentError as error:
        raise wrong(str(error)) from None
    if one is None:
        raise web.HTTPNotFound(text=f"no incident holds the frame {frame}")
    return said(one)


def one_incident(db: sqlite3.Connection, frame: Subject, wanted: IncidentQuery, data_dir: Path) -> OneIncident | None:
    """What the log and the folders have of the incident that holds a frame; None where none does."""
    held = keyed(db, holding(frame.camera, frame.run, frame.seq), IncidentRow)
    if not held:
        return None
    row, key = held[0].row, held[0].key
    bad = page_of(FRAMES, [within(row), Term("state = 'BAD'")], None, BAD_FRAMES_MAX)
    reviews = page_of(REVIEWS, [within(row)], None, REVIEWS_MAX)
    shown = shown_incident(row, data_dir)
    return OneIncident(
        incident=shown,
        reviews=tuple(shown_review(one) for one in rows(db, reviews, ReviewRow).rows),
        frames=tuple(shown_frame(one) for one in rows(db, bad, FrameRow).rows),
        clip=shown.clip,
        evidence=evidence_of(data_dir, row.evidence),
        newer=_neighbour(db, wanted, key, newer=True),
        older=_neighbour(db, wanted, key, newer=False),
        challenged=row.challenge or challenged(db, frame, (row.first_seq, row.last_seq)),
    )


def shown_incident(row: IncidentRow, data_dir: Path) -> Incident:
    """The row with what a person sees of it."""
    thumb = f"/{row.evidence}/thumb.jpg" if row.evidence else None
    clip = clip_file(row.camera, row.run, row.first_seq)
    there = f"/{clip}" if (data_dir / clip).is_file() else None
    return Incident(**msgspec.structs.asdict(row), utc=iso(row.utc_ns), thumb=thumb, clip=there)


def shown_review(row: ReviewRow) -> Reviewed:
    kept = msgspec.structs.asdict(row)
    return Reviewed(**{**kept, "boxes": msgspec.json.decode(row.boxes, type=tuple[Box, ...])}, utc=iso(row.utc_ns))


def evidence_of(data_dir: Path, folder: str | None) -> dict[str, Any] | None:
    """What stands in evidence.json; None where it has given way, or nobody can read it."""
    if folder is None:
        return None
    try:
        with (data_dir / folder / "evidence.json").open("rb") as file:
            return msgspec.json.decode(file.read(EVIDENCE_MAX), type=dict[str, Any])
    except (OSError, msgspec.DecodeError, UnicodeError, RecursionError):
        return None


def _neighbour(db: sqlite3.Connection, wanted: IncidentQuery, key: Key, *, newer: bool) -> Named | None:
    near: list[Keyed[IncidentRow]] = keyed(db, neighbour(wanted, key, newer=newer), IncidentRow)
    return Named(near[0].row.camera, near[0].row.run, near[0].row.first_seq) if near else None


ROUTES = (
    Route("GET", "/api/incidents", "viewer", "Incidents, newest first", IncidentQuery, None, Incidents, incidents),
    Route(
        "GET",
        "/api/incidents/{camera}/{run}/{seq}",
        "viewer",
        "The incident that holds this frame, with all that belongs to it; newer and older under the same filter",
        IncidentQuery,
        None,
        OneIncident,
        incident,
    ),
)
