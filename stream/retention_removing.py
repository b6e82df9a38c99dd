"""Pieces that go, one after the other: each is asked about once more, and one that cannot go stops no other.

A piece loses its name before its files, as evidence does, so that nobody finds half of one. Knows no log.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from stream.evidence import take_away
from stream.log_error import LogError
from stream.retention_intent import is_there
from stream.retention_plan import Piece

log = logging.getLogger("linewatch")
AGAIN_NS = 3600 * 1_000_000_000  # what the disk did not let go is tried again after this


@dataclass
class Refused:
    """Pieces of one kind that the disk does not let go."""

    _tried: dict[str, tuple[int, str]] = field(default_factory=dict)  # by the first path: when, and what it said

    def forget(self, now_ns: int) -> None:
        """Those that are to be tried again."""
        self._tried = {path: seen for path, seen in self._tried.items() if now_ns - seen[0] < AGAIN_NS}

    def note(self, piece: Piece, now_ns: int, why: str) -> None:
        """The disk has not let it go."""
        log.warning("retention: %s cannot be deleted: %s", piece.paths[0], why)
        self._tried[piece.paths[0]] = (now_ns, why)

    def others(self, pieces: Iterable[Piece]) -> Iterator[Piece]:
        """Without those that were tried lately."""
        return (piece for piece in pieces if piece.paths[0] not in self._tried)

    def __str__(self) -> str:
        """How many, which and why; empty where there is none."""
        if not self._tried:
            return ""
        path, (_, why) = next(iter(self._tried.items()))
        return f"{len(self._tried)} cannot be deleted, such as {path}: {why}; let the user of this process delete them"


def removed(
    data_dir: Path, pieces: Iterable[Piece], may_go: Callable[[Piece], bool], refuse: Callable[[Piece, str], None]
) -> Iterator[Piece]:
    """Deletes each that still may go, and gives it once it is gone; `refuse` hears of one that the disk keeps.

    Raises nothing: what is gone must be told. Where the log cannot be asked any more, nothing more goes.
    """
    for piece in pieces:
        try:
            if not may_go(piece):
                continue
        except LogError as error:
            log.warning("retention: nothing more is deleted just now: %s", error)
            return
        try:
            for name in piece.paths:
                _delete(data_dir / name)
        except OSError as error:
            refuse(piece, error.strerror or str(error))
            continue
        if any(is_there(data_dir / name) for name in piece.paths):
            refuse(piece, "it is still there")
            continue
        yield piece


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        take_away(path)
    else:
        path.unlink(missing_ok=True)
