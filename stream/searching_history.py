"""What happened beside the verdicts, and who did what: events, runs, acts. Pure.

Each has a filter, a row and a Listing: table, order, conditions.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from stream.searching_terms import (
    Camera,
    Condition,
    Listing,
    Moment,
    Paged,
    Query,
    Word,
    since,
    until,
)


class EventQuery(Paged, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which events."""

    kind: Word = ""
    camera: Camera = ""
    since: Moment = ""
    until: Moment = ""


class EventRow(msgspec.Struct, frozen=True):
    """What happened beside the verdicts: a gap, a restart, a person's command."""

    id: int
    utc_ns: int
    camera: str  # empty: the whole line
    run: int  # 0: no run
    kind: str
    text: str


EVENTS = Listing(
    "events",
    EventRow.__struct_fields__,
    ("utc_ns", "kind", "camera", "id"),
    (int, str, str, int),
    (
        Condition("kind", "kind = ?"),
        Condition("camera", "camera = ?"),
        since("utc_ns"),
        until("utc_ns"),
    ),
)


class RunQuery(Paged, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which runs; their times are those of their beginning."""

    camera: Camera = ""
    since: Moment = ""
    until: Moment = ""
    outcomes: Annotated[Literal["", "1"], msgspec.Meta(description="1: count them, which takes its time")] = ""


class RunRow(msgspec.Struct, frozen=True):
    """A run of a camera and its books."""

    camera: str
    run: int
    session: str
    source: str
    live: bool
    captured: int
    lost: int
    expired: int
    ended: bool
    note: str
    digest: str
    utc_ns: int  # when it began


RUNS = Listing(
    "runs",
    (*RunRow.__struct_fields__[:-1], "run * 1000"),
    ("run", "camera"),
    (int, str),
    (
        Condition("camera", "camera = ?"),
        since("run * 1000"),
        until("run * 1000"),
    ),
)


def outcomes_of(camera: str, run: int) -> Query:
    """How many frames of a run came to which end."""
    return Query(
        "SELECT outcome, sum(stop - start) FROM ledger WHERE camera = ? AND run = ? GROUP BY outcome", (camera, run)
    )


class ActQuery(Paged, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which acts of people and programs."""

    kind: Word = ""
    who: Word = ""
    subject: Word = ""
    since: Moment = ""
    until: Moment = ""


class ActRow(msgspec.Struct, frozen=True):
    """Who changed what, and when."""

    number: int
    id: str
    utc_ns: int
    who: str
    role: str
    kind: str
    subject: str
    old: str
    new: str


ACTS = Listing(
    "acts",
    ActRow.__struct_fields__,
    ("number",),
    (int,),
    (
        Condition("kind", "kind = ?"),
        Condition("who", "who = ?"),
        Condition("subject", "subject = ?"),
        since("utc_ns"),
        until("utc_ns"),
    ),
)
