"""What the books of a camera add up to. Pure."""

from __future__ import annotations

from stream.messages import CameraCounts, PartRecord
from stream.parts import NEWEST
from stream.run_book import RunBook


def counts(camera: str, books: list[RunBook]) -> CameraCounts:
    """What the books of one camera add up to."""
    mine = [book for book in books if book.camera == camera and not book.challenge]
    outcomes: dict[str, int] = {}
    for book in mine:
        for outcome, frames in book.ledger.counts().items():
            outcomes[outcome] = outcomes.get(outcome, 0) + frames
    return CameraCounts(
        camera=camera,
        captured=sum(_captured(book) for book in mine),
        good=outcomes.get("GOOD", 0),
        bad=outcomes.get("BAD", 0),
        unknown=outcomes.get("UNKNOWN", 0),
        dropped={name.split(":", 1)[1]: n for name, n in outcomes.items() if name.startswith("dropped:")},
        ledger_closed=all(book.closed for book in books if book.camera == camera),
        incidents=sum(len(book.incidents) for book in mine),
        lost=sum(book.lost for book in mine),
    )


def newest_parts(books: list[RunBook]) -> tuple[PartRecord, ...]:
    """The newest parts that are decided, newest first."""
    found = [
        PartRecord(book.camera, book.run, begun.part, begun.seq, part.frames, part.state or "", begun.told_utc_ns)
        for book in books
        for part in book.parts.newest
        if (begun := part.begun).part
    ]
    return tuple(sorted(found, key=lambda part: (-part.told_utc_ns, -part.first_seq))[:NEWEST])


def _captured(book: RunBook) -> int:
    """As capture reported it; while the run goes on, its verdicts may be here before that report."""
    return book.captured if book.ended else max(book.captured, sum(book.ledger.counts().values()))
