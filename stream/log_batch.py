"""What the next transaction of the log writes. Pure: a commit that failed is tried again with the same batch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec

from stream.incidents import Incident
from stream.ledger import Interval
from stream.messages import Act, Event, FrameRef, Noted, VerdictRecord
from stream.minutes import Minute
from stream.parts import Part
from stream.run_book import RunBook

Frame = tuple[str, int, int]  # camera, run, seq


@dataclass(frozen=True)
class VerdictRow:
    """One BAD or UNKNOWN frame as the log keeps it. GOOD frames stand in the ledger alone."""

    camera: str
    run: int
    seq: int
    verdict: VerdictRecord
    frame: FrameRef | None = None  # None where capture decided, without a picture
    judged_mono_ns: int | None = None
    inspector: str | None = None
    evidence: str | None = None  # folder relative to data_dir
    part: str = ""  # that it is a picture of
    evidence_sha256: bytes | None = None  # of its evidence.json


@dataclass(frozen=True)
class SampleRow:
    """A GOOD frame that is kept with its picture."""

    camera: str
    run: int
    seq: int
    utc_ns: int
    score: float | None
    why: str  # random | near
    folder: str  # relative to data_dir
    bundle: str
    settings: str
    part: str = ""
    chance: float = 1.0  # with which a GOOD frame like this one was kept just then
    threshold: float | None = None  # from which score on it would have been BAD; None: not known


@dataclass
class Batch:
    """What the next transaction writes."""

    verdicts: list[VerdictRow] = field(default_factory=list)
    moved_evidence: list[Frame] = field(default_factory=list)  # these have no evidence any more
    events: list[Event] = field(default_factory=list)
    books: dict[tuple[str, int], RunBook] = field(default_factory=dict)  # those that changed
    ledger: dict[Frame, Interval | None] = field(default_factory=dict)  # by camera, run and start
    incidents: dict[Frame, Incident | None] = field(default_factory=dict)  # by camera, run and first_seq
    parts: dict[Frame, Part] = field(default_factory=dict)  # by camera, run and number
    acts: dict[str, Act] = field(default_factory=dict)  # by id; reviews and pins are among them
    samples: list[SampleRow] = field(default_factory=list)
    gone_samples: list[Frame] = field(default_factory=list)  # whose rows go
    minutes: dict[tuple[str, int], Minute] = field(default_factory=dict)  # by camera and minute since 1970
    runs: tuple[tuple[Any, ...], ...] = ()  # the rows of the books as they stood at `freeze`
    watched: frozenset[tuple[str, int]] = (
        frozenset()
    )  # of these, by camera and run: that may be new to the log, or over
    closed: frozenset[tuple[str, int]] = frozenset()  # of these: that are over, each of their frames accounted for
    noted: list[Noted] = field(default_factory=list)  # what became of the acts; filled as it is written

    def __bool__(self) -> bool:
        return bool(
            self.verdicts
            or self.moved_evidence
            or self.events
            or self.books
            or self.ledger
            or self.acts
            or self.samples
            or self.gone_samples
            or self.minutes
        )

    def note(self, book: RunBook) -> None:
        """Takes over what changed in a run."""
        self.books[book.camera, book.run] = book
        for start, interval in book.ledger.take_changes():
            self.ledger[book.camera, book.run, start] = interval
        for first_seq, incident in book.incidents.take_changes():
            self.incidents[book.camera, book.run, first_seq] = incident
        for part in book.take_parts():
            self.parts[book.camera, book.run, part.begun.number] = part

    def add_minute(self, camera: str, minute: int, brought: Minute) -> None:
        """Adds to what that minute (UTC, since 1970) has brought."""
        self.minutes[camera, minute] = self.minutes.get((camera, minute), Minute()) + brought

    def freeze(self) -> None:
        """Takes the books as they stand: they go on while another thread writes, and must agree with this ledger."""
        self.runs = tuple(_run_columns(book) for book in self.books.values())
        self.watched = frozenset(key for key, book in self.books.items() if book.ended or not book.on_disk)
        self.closed = frozenset(key for key, book in self.books.items() if book.closed)

    def join(self, newer: Batch) -> None:
        """What came later goes into the same transaction."""
        self.verdicts += newer.verdicts
        self.moved_evidence += newer.moved_evidence
        self.events += newer.events
        self.books.update(newer.books)
        self.ledger.update(newer.ledger)
        self.incidents.update(newer.incidents)
        self.parts.update(newer.parts)
        self.acts = newer.acts | self.acts
        self.samples += newer.samples
        self.gone_samples += newer.gone_samples
        for (camera, minute), brought in newer.minutes.items():
            self.add_minute(camera, minute, brought)


def _run_columns(book: RunBook) -> tuple[object, ...]:
    return (
        book.camera,
        book.run,
        book.session,
        book.source,
        int(book.live),
        book.captured,
        book.lost,
        book.expired,
        int(book.ended),
        book.note,
        f"{book.digest:064x}",
        msgspec.json.encode(book.latencies.counts),
    )
