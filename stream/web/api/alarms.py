"""The alarms that stand, and who knows of them."""

from __future__ import annotations

from typing import Annotated

import msgspec
from aiohttp import web

from stream.searching_times import iso
from stream.web.alarms import Acknowledged
from stream.web.api.answering import said
from stream.web.api.asked import body_of
from stream.web.api.route import Route
from stream.web.jotting import act_of
from stream.web.page import Page
from stream.web.talk import AlarmState
from stream.web.visitor import VISITOR


class AlarmView(msgspec.Struct, frozen=True):
    """An alarm that stands; `acknowledged_by` is empty where nobody has said that they know of it."""

    text: str
    camera: str  # empty: of the line
    since_utc_ns: int
    utc: str  # since when, for people
    acknowledged_by: str
    acknowledged_utc_ns: int


class Alarms(msgspec.Struct, frozen=True):
    alarms: tuple[AlarmView, ...]


class Known(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody knows of an alarm; without a camera, of all that say the same."""

    alarm: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]
    camera: Annotated[str, msgspec.Meta(max_length=32)] | None = None


async def alarms(_request: web.Request, page: Page) -> web.StreamResponse:
    return said(Alarms(tuple(_view(state) for state in page.status().alarm_states)))


async def acknowledge(request: web.Request, page: Page) -> web.StreamResponse:
    known = await body_of(request, Known)
    desk = page.alarms
    states = desk.standing(known.alarm, known.camera) if desk else ()
    if desk is None or not states:
        raise web.HTTPNotFound(text="no such alarm stands; GET /api/alarms lists those that do")
    for state in states:
        if state.acknowledged_by:
            continue
        act = act_of(request[VISITOR], "acknowledge", state.text[:1000], new=state.camera)
        noted = await page.noting.note(act)
        if noted is None or not noted.ok:
            why = "the recorder does not answer" if noted is None else noted.text
            raise web.HTTPServiceUnavailable(text=f"not on record, so not acknowledged: {why}; try again")
        desk.acknowledge(Acknowledged(state.camera, act.subject, act.who, act.utc_ns))
    return await alarms(request, page)


def _view(state: AlarmState) -> AlarmView:
    utc = iso(state.since_utc_ns)
    by, when = state.acknowledged_by, state.acknowledged_utc_ns
    return AlarmView(state.text, state.camera, state.since_utc_ns, utc, by, when)


ROUTES = (
    Route("GET", "/api/alarms", "viewer", "The alarms that stand", None, None, Alarms, alarms),
    Route("POST", "/api/alarms/acknowledge", "operator", "Somebody knows of it", None, Known, Alarms, acknowledge),
)
