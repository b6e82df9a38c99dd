"""Films for programs and for the page: an incident's, and the segments of continuous recording."""

from __future__ import annotations

import asyncio
import re
from itertools import islice
from pathlib import Path
from typing import Annotated

import msgspec
from aiohttp import web

from stream.keeping import CLIPS_FOLDER, SEGMENTS_FOLDER
from stream.limit_kinds import CAMERA_NAME
from stream.searching_times import iso
from stream.segments import film_of, run_folder, seconds
from stream.segments_found import Found, Place, segments_between
from stream.web.api.answering import said
from stream.web.api.asked import moment_in, query_of
from stream.web.api.route import Route
from stream.web.page import Page

RUN = re.compile(r"[0-9]{1,20}")
FILE = re.compile(r"[0-9]{1,20}(\.[0-9]{1,6})?\.(mp4|json|jsonl)")
FOREVER_NS = 1 << 63
Moment = Annotated[str, msgspec.Meta(max_length=40, description="2026-11-22, 2026-11-22T14:05 (UTC) or nanoseconds")]


class SegmentQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of which camera, from when to when (empty: all there is), and behind which segment."""

    camera: Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9_-]{1,32}\Z")]
    since: Moment = ""
    until: Moment = ""
    after: Annotated[str, msgspec.Meta(pattern=r"\A([0-9]{1,18}/[0-9]{1,18})?\Z", description="`next` of a page")] = ""
    limit: Annotated[int, msgspec.Meta(ge=1, le=500)] = 100


class OneSegment(msgspec.Struct, frozen=True):
    """A piece of continuous recording."""

    camera: str
    run: int
    number: int
    utc_ns: int  # of its first picture
    utc: str
    duration_s: float
    first_seq: int | None  # None: no frame of it has its number yet
    last_seq: int | None
    copied: bool  # the camera's own stream; False: encoded here
    missing: str  # what was left out before it, in words
    ended: bool  # False: it may still grow
    film: str  # its address
    frames: str  # the address of the list of its frames, lines of JSON


class Segments(msgspec.Struct, frozen=True):
    """A page of segments, oldest first."""

    segments: tuple[OneSegment, ...]
    next: str | None


async def segments(request: web.Request, page: Page) -> web.StreamResponse:
    asked = query_of(request, SegmentQuery)
    since, until = moment_in(asked.since, "since"), moment_in(asked.until, "until")
    run, _, number = asked.after.partition("/")
    after = Place(int(run or 0), int(number or 0))

    def look() -> list[Found]:
        found = segments_between(page.data_dir, asked.camera, since or 0, until or FOREVER_NS, after)
        return list(islice(found, asked.limit))

    shown = tuple(_shown(found) for found in await page.bulk.work(look))
    more = f"{shown[-1].run}/{shown[-1].number}" if len(shown) == asked.limit else None
    return said(Segments(shown, more))


async def clip(request: web.Request, page: Page) -> web.StreamResponse:
    return await _film(request, page, CLIPS_FOLDER)


async def segment(request: web.Request, page: Page) -> web.StreamResponse:
    return await _film(request, page, SEGMENTS_FOLDER)


def film_file(data_dir: Path, top: str, camera: str, run: str, name: str) -> Path | None:
    """The file that the words of an address name; None where they name none, or it is not there."""
    if not (CAMERA_NAME.fullmatch(camera) and RUN.fullmatch(run) and FILE.fullmatch(name)):
        return None
    path = data_dir / top / camera / run / name
    inside = path.resolve().is_relative_to((data_dir / top).resolve())
    return path if inside and path.is_file() else None


async def _film(request: web.Request, page: Page, top: str) -> web.StreamResponse:
    """A film, whole or the range that is asked for; or the list of its frames."""
    words = request.match_info
    path = await asyncio.to_thread(film_file, page.data_dir, top, words["camera"], words["run"], words["file"])
    if path is None:
        raise web.HTTPNotFound(text="no such film; GET /api/incidents and /api/segments say which there are")
    return web.FileResponse(path)


def _shown(found: Found) -> OneSegment:
    head, frames = found.segment.head, found.segment.frames
    folder = run_folder(Path("/"), head.camera, head.run)
    return OneSegment(
        camera=head.camera,
        run=head.run,
        number=head.number,
        utc_ns=head.utc_ns,
        utc=iso(head.utc_ns),
        duration_s=seconds(found.segment.last - head.begin),
        first_seq=frames[0][0] if frames else None,
        last_seq=frames[-1][0] if frames else None,
        copied=head.copied,
        missing=head.missing,
        ended=found.segment.ended,
        film=str(film_of(folder, head.number)),
        frames=str(film_of(folder, head.number).with_suffix(".jsonl")),
    )


ROUTES = (
    Route("GET", "/api/segments", "viewer", "Continuous recording", SegmentQuery, None, Segments, segments),
    Route("GET", "/clips/{camera}/{run}/{file}", "viewer", "An incident's film", None, None, "video/mp4", clip),
    Route("GET", "/segments/{camera}/{run}/{file}", "viewer", "A piece of recording", None, None, "video/mp4", segment),
)
