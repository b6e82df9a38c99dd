"""The record of promotions: who put which bundle live, when and why, and what was refused. One JSON object a line."""

from __future__ import annotations

from pathlib import Path

import msgspec

from stream.durable import append_line

FILE = "promotions.jsonl"
PROMOTED_KIND, REFUSED_KIND, ROLLED_BACK, PUT_BACK = "promoted", "refused", "rolled back", "put back"


class Limits(msgspec.Struct, frozen=True):
    """What a bundle may get wrong of a golden set, at most."""

    escapes: int = 0
    false_rejects: int = 0


class Measured(msgspec.Struct, frozen=True):
    """What it got wrong. UNKNOWN counts on the side of its picture, and is told beside."""

    good: int  # pictures labelled GOOD
    bad: int
    escapes: int  # BAD pictures not judged BAD
    false_rejects: int  # GOOD pictures not judged GOOD
    unknown: int  # of both


class Trial(msgspec.Struct, frozen=True):
    """A bundle before the golden set: what it was judged by, and what came of it."""

    golden_set: str  # its folder
    sha256: str  # over every picture, its name and its label
    engine: str
    limits: Limits
    measured: Measured


class Entry(msgspec.Struct, frozen=True):
    """One thing that was done, or refused."""

    utc: str  # ISO 8601
    kind: str  # promoted | refused | rolled back | put back (the running line did not take it)
    bundle: str  # id of the bundle that it is about
    before: str  # id of the bundle that was live; empty: none
    after: str  # id of the bundle that is live from then on
    user: str  # of the operating system
    who: str
    why: str
    trial: Trial | None = None
    text: str = ""  # why it was refused or put back


def record(folder: Path, entry: Entry) -> None:
    """Enters it, on disk when this returns. Raises OSError."""
    append_line(folder / FILE, msgspec.json.encode(entry))


def history(folder: Path) -> tuple[Entry, ...]:
    """All entries, oldest first; a line that a dead writer left half is passed over. Raises OSError."""
    path = folder / FILE
    lines = path.read_bytes().splitlines() if path.is_file() else []
    return tuple(entry for line in lines if (entry := _entry(line)) is not None)


def _entry(line: bytes) -> Entry | None:
    try:
        return msgspec.json.decode(line, type=Entry)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
