"""What people say of incidents and samples: a review, a pin. It is answered once the recorder has it on disk."""

from __future__ import annotations

import asyncio
import re
import sqlite3
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from aiohttp import web

from stream.acts import ANOTHER, OF_INCIDENTS, OF_SAMPLES
from stream.challenge_marks import KIND as KNOWN_BAD
from stream.keeping import evidence_folder, sample_folder
from stream.messages import Act, Box, Review
from stream.web.api.answering import said
from stream.web.api.asked import body_of, frame_in, wrong
from stream.web.api.incidents import evidence_of
from stream.web.api.logged import found
from stream.web.api.route import Handler, Route
from stream.web.page import Page
from stream.web.visitor import VISITOR

REVIEW_MAX = 64 * 1024  # bytes of a body: a comment of 2,000 signs, each escaped, and 64 boxes
ACT_HEADER = "X-Linewatch-Act"
ACT_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)
FRAME = "/{camera}/{run}/{seq}"
FolderOf = Callable[[str, int, int], str]


class Pin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether the pictures are to be kept whatever their age."""

    pinned: bool


class KnownBad(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether what a challenge was decided by was the known-bad part; else a defect of the product."""

    known_bad: bool


class OnRecord(msgspec.Struct, frozen=True):
    """It is on record."""

    ok: bool
    text: str


async def note(page: Page, request: web.Request, kind: str, subject: str, *, old: str = "", new: str = "") -> OnRecord:
    """Puts an act on record, by the visitor's name. Raises HTTPConflict, HTTPServiceUnavailable.

    Whoever gives the act a number of its own may say it again where no answer came: it is on record once.
    """
    visitor, given = request[VISITOR], request.headers.get(ACT_HEADER, "")
    act = Act(
        given if ACT_ID.fullmatch(given) else uuid.uuid4().hex,
        time.time_ns(),
        visitor.name,
        visitor.role,
        kind,
        subject,
        old,
        new,
    )
    noted = await page.noting.note(act)
    if noted is None:
        raise web.HTTPServiceUnavailable(text="the recorder does not answer; whether it is on record is not known")
    if not noted.ok and not (noted.text == ANOTHER and await _on_record(page, act)):
        raise web.HTTPConflict(text=noted.text)
    return OnRecord(True, noted.text if noted.ok else "on record already")


async def _on_record(page: Page, act: Act) -> bool:
    """Whether an act of that number says the same: whoever says it again may have another role by now."""

    def question(db: sqlite3.Connection) -> bool:
        known = db.execute("SELECT kind, subject, new FROM acts WHERE id=?", (act.id,)).fetchone()
        return bool(known == (act.kind, act.subject, act.new))

    return await found(page, question, lambda _note: False)


def review_of(words: tuple[str, ...], folder_of: FolderOf) -> Handler:
    """The call that reviews a frame by one of these words; `folder_of`: where its pictures lie, if they are kept."""

    async def review(request: web.Request, page: Page) -> web.StreamResponse:
        frame, given = frame_in(request), await body_of(request, Review, REVIEW_MAX)
        if given.verdict not in words:
            raise wrong(f"verdict: one of {', '.join(words)}, got {given.verdict}")
        if given.boxes:
            kept = await asyncio.to_thread(evidence_of, page.data_dir, folder_of(frame.camera, frame.run, frame.seq))
            _look_at(given.boxes, kept or {})
        return said(await note(page, request, "review", str(frame), new=msgspec.json.encode(given).decode()))

    return review


def _look_at(boxes: Sequence[Box], kept: Mapping[str, Any]) -> None:
    """Raises HTTPBadRequest where one marks what is not in the picture; of one that is gone nobody knows its size."""
    width, height = kept.get("width"), kept.get("height")
    if not (isinstance(width, int) and isinstance(height, int)):
        return
    for box in boxes:
        if box[2] > width or box[3] > height:
            raise wrong(f"boxes: {list(box)} reaches out of the picture of {width} x {height} px; mark inside of it")


async def pin(request: web.Request, page: Page) -> web.StreamResponse:
    frame, given = frame_in(request), await body_of(request, Pin)
    return said(await note(page, request, "pin", str(frame), new="1" if given.pinned else "0"))


async def known_bad(request: web.Request, page: Page) -> web.StreamResponse:
    frame, given = frame_in(request), await body_of(request, KnownBad)
    return said(await note(page, request, KNOWN_BAD, str(frame), new="1" if given.known_bad else "0"))


def _routes(place: str, what: str, words: tuple[str, ...], folder_of: FolderOf) -> tuple[Route, ...]:
    at = f"/api/{place}{FRAME}"
    says = f"Says what {what} is: {', '.join(words)}"
    return (
        Route("POST", f"{at}/review", "operator", says, None, Review, OnRecord, review_of(words, folder_of)),
        Route("POST", f"{at}/pin", "operator", f"Keeps the pictures of {what}, or no longer", None, Pin, OnRecord, pin),
    )


ROUTES = (
    *_routes("incidents", "an incident", OF_INCIDENTS, evidence_folder),
    *_routes("samples", "a sample", OF_SAMPLES, sample_folder),
    Route(
        "POST",
        f"/api/incidents{FRAME}/known_bad",
        "operator",
        "Takes the mark of a challenge off an incident, or puts it back",
        None,
        KnownBad,
        OnRecord,
        known_bad,
    ),
)
