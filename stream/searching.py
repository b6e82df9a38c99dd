"""Incidents as people look for them: the filter, the row that is found, the incident that holds a frame. Pure.

The columns are those of the log's table `incidents`, which the recorder keeps.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from stream.searching_terms import (
    Camera,
    Condition,
    Key,
    Listing,
    Moment,
    Paged,
    Query,
    RecipeWord,
    Share,
    Size,
    Term,
    Word,
    page_of,
    since,
    terms_of,
    until,
)

BAD_FRAMES_MAX = 200  # of one incident that are shown
REVIEWED = {  # the index of reviewed incidents is asked for by its own words: review <> ''
    "none": "review = ''",
    "any": "review <> ''",
    **{word: f"review <> '' AND review = '{word}'" for word in ("defect", "false_alarm", "unsure")},
}


class IncidentQuery(Paged, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which incidents; what is not given is not asked for."""

    camera: Camera = ""
    since: Moment = ""
    until: Moment = ""
    part: Word = ""
    score_min: Share | msgspec.UnsetType = msgspec.UNSET
    score_max: Share | msgspec.UnsetType = msgspec.UNSET
    length_min_px: Size | msgspec.UnsetType = msgspec.UNSET
    area_min_px: Size | msgspec.UnsetType = msgspec.UNSET
    review: Literal["", "none", "defect", "false_alarm", "unsure", "any"] = ""
    bundle: Word = ""
    recipe: RecipeWord = ""
    pinned: Literal["", "0", "1"] = ""
    has_evidence: Literal["", "0", "1"] = ""


class IncidentRow(msgspec.Struct, frozen=True):
    """An incident as the log has it."""

    camera: str
    run: int
    first_seq: int
    last_seq: int
    frames: int
    worst_seq: int
    worst_score: float
    utc_ns: int
    part: str
    bundle: str
    settings: str
    recipe: str
    defects: int
    length_px: float
    width_px: float
    area_px: int
    evidence: str | None
    review: str
    reviewed_by: str
    comment: str
    pinned: bool
    challenge: bool  # a part that was known to be bad: no defect of the product


INCIDENTS = Listing(
    "incidents",
    IncidentRow.__struct_fields__,
    ("utc_ns", "camera", "run", "first_seq"),
    (int, str, int, int),
    (
        Condition("camera", "+camera = ?"),  # the plus: by time all the same, not by the primary key
        since("utc_ns"),
        until("utc_ns"),
        Condition("part", "part <> '' AND part = ?"),  # as the index of parts says it
        Condition("score_min", "worst_score >= ?"),
        Condition("score_max", "worst_score <= ?"),
        Condition("length_min_px", "length_px >= ?"),
        Condition("area_min_px", "area_px >= ?"),
        Condition("review", REVIEWED),
        Condition("bundle", "bundle = ?"),
        Condition("recipe", "recipe = ?"),
        Condition("pinned", {"0": "pinned = 0", "1": "pinned = 1"}),
        Condition("has_evidence", {"0": "evidence IS NULL", "1": "evidence IS NOT NULL"}),
    ),
)


def holding(camera: str, run: int, seq: int) -> Query:
    """The incident in whose extent a frame lies, where there is one."""
    columns = ", ".join((*INCIDENTS.columns, *INCIDENTS.key))
    return Query(
        f"SELECT {columns} FROM (SELECT * FROM incidents WHERE camera = ? AND run = ? AND first_seq <= ?"
        " ORDER BY first_seq DESC LIMIT 1) WHERE last_seq >= ?",
        (camera, run, seq, seq),
    )


def neighbour(wanted: IncidentQuery, key: Key, *, newer: bool) -> Query:
    """The next incident under the same filter. Raises MomentError."""
    return page_of(INCIDENTS, list(terms_of(INCIDENTS, wanted)), key, 0, oldest_first=newer)


def within(row: IncidentRow) -> Term:
    """The frames of an incident."""
    return Term("camera = ? AND run = ? AND seq BETWEEN ? AND ?", (row.camera, row.run, row.first_seq, row.last_seq))
