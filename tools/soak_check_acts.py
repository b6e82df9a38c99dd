"""Rows of the log that people leave: acts, reviews, incidents as they were marked. Judges nothing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Act:
    """A row of `acts`: what somebody said or did."""

    number: int
    id: str
    utc_ns: int
    role: str
    kind: str
    subject: str
    old: str
    new: str


@dataclass(frozen=True)
class Review:
    """A row of `reviews`."""

    camera: str
    run: int
    seq: int
    verdict: str
    comment: str


@dataclass(frozen=True)
class Incident:
    """A row of `incidents`."""

    camera: str
    run: int
    first_seq: int
    last_seq: int
    worst_seq: int
    evidence: str | None
    review: str
    pinned: int

    def has(self, camera: str, run: int, seq: int) -> bool:
        return (self.camera, self.run) == (camera, run) and self.first_seq <= seq <= self.last_seq

    @property
    def held(self) -> bool:
        """Whether retention must leave it alone."""
        return bool(self.pinned or self.review)
