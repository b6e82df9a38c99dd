"""What retention is about to delete, on disk before it does: of what is missing it answers for that alone.

A recorder that was killed on the way could not say what it had deleted; the next one reads it here. Whatever else is
missing is none of its doing (a disk that is not mounted, somebody's hand), and the log goes on saying that it should be
there. Where the disk is full nothing can be written down first, and it is deleted all the same.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from stream.durable import replace_file
from stream.retention_plan import Piece

# A damaged file: also bytes that are no text (UnicodeDecodeError), and brackets without an end.
UNREADABLE = (OSError, ValueError, RecursionError, msgspec.MsgspecError)
Group = tuple[Piece, ...]  # what one act is about


@dataclass(frozen=True)
class Intents:
    """The groups of one kind that are about to go, or have gone and are not on record yet."""

    data_dir: Path
    kind: str
    on_record: Callable[[str], bool]  # whether the log has the act of that id

    def begin(self, pieces: Sequence[Piece]) -> None:
        """These are about to go."""
        if pieces:
            self._write([*self._unsaid(), tuple(pieces)])

    def settle(self, pieces: Sequence[Piece], gone: Sequence[Piece]) -> None:
        """Of these just those have gone. Asks no log: what is gone must be told, whatever the log says."""
        others = [group for group in self._read() if group != tuple(pieces)]
        self._write([*others, tuple(gone)] if gone else others)

    def gone(self) -> list[Group]:
        """What has gone of each group that is not on record; said once more it is the same act, and there once."""
        groups = (tuple(piece for piece in group if not self._is_there(piece)) for group in self._unsaid())
        gone = [group for group in groups if group]
        self._write(gone)
        return gone

    def _is_there(self, piece: Piece) -> bool:
        return any(is_there(self.data_dir / name) for name in piece.paths)

    def _unsaid(self) -> list[Group]:
        return [group for group in self._read() if not self.on_record(act_id(group))]

    @property
    def _file(self) -> Path:
        return self.data_dir / f"retention-{self.kind}.json"

    def _read(self) -> list[Group]:
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=list[Group])
        except UNREADABLE:
            return []

    def _write(self, groups: list[Group]) -> None:
        if groups != self._read():
            with contextlib.suppress(OSError):
                replace_file(self._file, msgspec.json.encode(groups))


def act_id(pieces: Sequence[Piece]) -> str:
    """Of the same pieces always the same, so that they are on record once."""
    names = "\n".join(path for piece in pieces for path in piece.paths)
    return f"retention {hashlib.sha256(names.encode()).hexdigest()[:32]}"


def is_there(path: Path) -> bool:
    """Whether something has that name; what may not be looked at counts as there."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True
