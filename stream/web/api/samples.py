"""GOOD frames that are kept, for programs and for the page: a list under a filter, newest first."""

from __future__ import annotations

import msgspec
from aiohttp import web

from stream.searching_samples import SAMPLES, SampleQuery, SampleRow
from stream.searching_times import iso
from stream.web.api.answering import said
from stream.web.api.asked import query_of
from stream.web.api.logged import OfTheLog, listed
from stream.web.api.route import Route
from stream.web.page import Page


class Sample(SampleRow, frozen=True):
    """A sample as people see it."""

    utc: str = ""
    thumb: str | None = None  # the address of a small picture


class Samples(OfTheLog, frozen=True, kw_only=True):
    """A page of samples."""

    samples: tuple[Sample, ...] = ()


async def samples(request: web.Request, page: Page) -> web.StreamResponse:
    shown = await listed(page, SAMPLES, query_of(request, SampleQuery), SampleRow, shown_sample)
    return said(Samples(samples=shown.rows, next=shown.next, note=shown.note))


def shown_sample(row: SampleRow) -> Sample:
    """The row with what a person sees of it."""
    thumb = f"/{row.folder}/thumb.jpg" if row.folder else None
    return Sample(**msgspec.structs.asdict(row), utc=iso(row.utc_ns), thumb=thumb)


ROUTES = (
    Route(
        "GET", "/api/samples", "viewer", "GOOD frames that are kept, newest first", SampleQuery, None, Samples, samples
    ),
)
