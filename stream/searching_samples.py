"""GOOD frames that are kept, and what people said of frames: samples and reviews, as people look through them. Pure."""

from __future__ import annotations

from typing import Literal

import msgspec

from stream.searching_terms import Camera, Condition, Listing, Moment, Paged, Share, since, until

SAMPLED = {"random": "why = 'random'", "near": "why = 'near'"}
REVIEWED = {
    "none": "review = ''",
    "any": "review <> ''",
    **{word: f"review <> '' AND review = '{word}'" for word in ("clean", "missed", "unsure")},
}


class SampleQuery(Paged, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which of the GOOD frames that are kept."""

    camera: Camera = ""
    why: Literal["", "random", "near"] = ""
    review: Literal["", "none", "any", "clean", "missed", "unsure"] = ""
    score_min: Share | msgspec.UnsetType = msgspec.UNSET
    since: Moment = ""
    until: Moment = ""


class SampleRow(msgspec.Struct, frozen=True):
    """A GOOD frame that is kept."""

    camera: str
    run: int
    seq: int
    utc_ns: int
    score: float | None
    why: str
    folder: str
    bundle: str
    settings: str
    part: str
    review: str
    pinned: bool


SAMPLES = Listing(
    "samples",
    SampleRow.__struct_fields__,
    ("utc_ns", "camera", "run", "seq"),
    (int, str, int, int),
    (
        Condition("camera", "camera = ?"),
        Condition("why", SAMPLED),
        Condition("review", REVIEWED),
        Condition("score_min", "score >= ?"),
        since("utc_ns"),
        until("utc_ns"),
    ),
)


class ReviewRow(msgspec.Struct, frozen=True):
    """What a person said of a frame."""

    number: int
    camera: str
    run: int
    seq: int
    utc_ns: int
    who: str
    verdict: str
    comment: str
    boxes: str  # JSON


REVIEWS = Listing("reviews", ReviewRow.__struct_fields__, ("number",), (int,), ())
