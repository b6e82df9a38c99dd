"""BAD and UNKNOWN frames and parts, as people look through them. Pure.

Each has a filter, a row and a Listing: table, order, conditions.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from stream.searching_terms import (
    Camera,
    Condition,
    Listing,
    Moment,
    Number,
    Paged,
    Word,
    since,
    until,
)

# A frame that capture decided on, without a picture, has no time of its own: that of its run stands for it.
MOMENT = "coalesce(captured_utc_ns, run * 1000)"
RECIPE = "coalesce((SELECT recipe FROM recipes WHERE recipes.settings = verdicts.settings), '')"
PART_STATES = {  # the index of parts that are not good is asked for by its own words: state <> 'GOOD'
    "GOOD": "state = 'GOOD'",
    **{word: f"state <> 'GOOD' AND state = '{word}'" for word in ("BAD", "UNKNOWN")},
}


class FrameQuery(Paged, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which BAD and UNKNOWN frames; GOOD ones have no rows."""

    camera: Camera = ""
    run: Number | msgspec.UnsetType = msgspec.UNSET
    state: Literal["", "BAD", "UNKNOWN"] = ""
    since: Moment = ""
    until: Moment = ""
    part: Word = ""


class FrameRow(msgspec.Struct, frozen=True):
    """A BAD or UNKNOWN frame."""

    camera: str
    run: int
    seq: int
    state: str
    score: float | None
    reason: str | None
    defects: str  # JSON
    bundle: str
    settings: str
    recipe: str
    utc_ns: int
    latency_ms: float | None
    inspector: str | None
    attempt: int | None
    evidence: str | None
    part: str


FRAMES = Listing(
    "verdicts",
    (
        *("camera", "run", "seq", "state", "score", "reason", "defects", "bundle", "settings", RECIPE, MOMENT),
        *("(judged_mono_ns - captured_mono_ns) / 1e6", "inspector", "attempt", "evidence", "part"),
    ),
    (MOMENT, "state", "camera", "run", "seq"),
    (int, str, str, int, int),
    (
        # The plus keeps SQLite from the primary key: it would read all rows of a camera, to sort them by time.
        Condition("camera", "+camera = ?"),
        Condition("run", "+run = ?"),
        Condition("state", "state = ?"),
        since(MOMENT),
        until(MOMENT),
        Condition("part", "part <> '' AND part = ?"),
    ),
    primary=("camera", "run", "seq"),
)


class PartQuery(Paged, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which parts."""

    camera: Camera = ""
    part: Word = ""
    state: Literal["", "GOOD", "BAD", "UNKNOWN"] = ""
    since: Moment = ""
    until: Moment = ""


class PartRow(msgspec.Struct, frozen=True):
    """What became of a part; without a state it is not decided yet."""

    camera: str
    run: int
    number: int
    part: str
    first_seq: int
    last_seq: int | None
    frames: int
    state: str | None
    told_by: str
    utc_ns: int  # when it was announced
    decided_utc_ns: int | None


PARTS = Listing(
    "parts",
    (
        *("camera", "run", "number", "part", "first_seq", "last_seq", "frames", "state", "told_by", "told_utc_ns"),
        "decided_utc_ns",
    ),
    ("told_utc_ns", "camera", "run", "number"),
    (int, str, int, int),
    (
        Condition("camera", "camera = ?"),
        Condition("part", "part = ?"),
        Condition("state", PART_STATES),
        since("told_utc_ns"),
        until("told_utc_ns"),
    ),
)
