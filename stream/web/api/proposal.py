"""A threshold from reviews, for the page."""

from __future__ import annotations

import sqlite3
from typing import Annotated

import msgspec
from aiohttp import web

from stream.proposal import WANTED_PER_1000
from stream.proposal_log import CameraProposal, cameras_of, proposal_of
from stream.searching_terms import Camera, Moment
from stream.searching_times import MomentError, moment_ns
from stream.web.api.answering import said
from stream.web.api.asked import query_of, wrong
from stream.web.api.logged import Note, found
from stream.web.api.route import Route
from stream.web.page import Page

Rate = Annotated[float, msgspec.Meta(gt=0.0, lt=1000.0, description="frames that may escape, of 1,000 frames")]


class ProposalQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of which camera, since when, for how many escapes."""

    camera: Camera = ""
    since: Moment = ""
    escapes: Rate = WANTED_PER_1000


class Proposals(Note, frozen=True, kw_only=True):
    """What the reviews of each camera propose."""

    proposals: tuple[CameraProposal, ...] = ()


async def proposal(request: web.Request, page: Page) -> web.StreamResponse:
    asked = query_of(request, ProposalQuery)
    try:
        since_ns = moment_ns(asked.since, "since") if asked.since else 0
    except MomentError as error:
        raise wrong(str(error)) from None

    def question(db: sqlite3.Connection) -> Proposals:
        names = [asked.camera] if asked.camera else cameras_of(db)
        made = (proposal_of(db, name, since_ns=since_ns, wanted_per_1000=asked.escapes) for name in names)
        return Proposals(proposals=tuple(made))

    return said(await found(page, question, lambda why: Proposals(note=why)))


ROUTES = (
    Route("GET", "/api/proposal", "viewer", "A threshold from reviews", ProposalQuery, None, Proposals, proposal),
)
