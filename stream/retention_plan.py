"""What retention deletes of one kind: by age and by room, the oldest first. Pure.

Whoever lists the pieces leaves out what is pinned, was reviewed, or may still be written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from stream.settings import KeptSettings, RetentionSettings

KINDS = ("evidence", "clips", "segments", "video", "samples")  # as in the settings, and each a folder of data_dir
DAY_NS = 86_400 * 1_000_000_000
GB = 1_000_000_000
SPARE = 0.02  # of a budget, that is freed beyond what is needed: else each minute would delete a picture


@dataclass(frozen=True)
class Piece:
    """What is deleted as one: a folder, or files of one name."""

    kind: str
    camera: str
    run: int
    number: int  # the frame, the incident's first frame, or the number within the run
    utc_ns: int  # for people
    paths: tuple[str, ...]  # relative to data_dir
    bytes: int = 0  # on the disk
    came_ns: int = 0  # by the clock of retention_clock.py


@dataclass(frozen=True)
class Asked:
    """What one turn is to delete of a kind."""

    before_ns: int | None = None  # what is older goes; None: nothing for its age
    surplus: int = 0  # bytes to be freed beyond that

    def __bool__(self) -> bool:
        return self.before_ns is not None or self.surplus > 0


def kept(settings: RetentionSettings, kind: str) -> KeptSettings:
    """How one kind is kept."""
    found: KeptSettings = getattr(settings, kind)
    return found


def asked(settings: KeptSettings, bytes_there: int, now_ns: int, *, age_is_due: bool) -> Asked:
    """What is to go. Age is looked at less often than room."""
    before_ns = now_ns - int(settings.days * DAY_NS) if settings.days is not None and age_is_due else None
    if settings.gb is None or bytes_there <= settings.gb * GB:
        return Asked(before_ns)
    return Asked(before_ns, bytes_there - int(settings.gb * GB * (1 - SPARE)))


def chosen(pieces: Iterable[Piece], wanted: Asked) -> Iterator[Piece]:
    """The pieces that go, of those that may, which come oldest first; no piece is looked at that is not needed."""
    freed = 0
    for piece in pieces:
        too_old = wanted.before_ns is not None and piece.came_ns < wanted.before_ns
        if not too_old and freed >= wanted.surplus:
            return
        freed += piece.bytes
        yield piece
