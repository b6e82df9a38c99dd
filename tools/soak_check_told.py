"""What a broker told the cameras of a soaked line, and when each message was acknowledged. Judges nothing.

The file is that of tools/soak_announced.py; it is read here once more, in words of its own.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, replace
from pathlib import Path

from tools.soak_check_log import UnreadableError

FILE = "told.jsonl"
NAMED, NAMELESS, KEPT = ("part", "again"), "nameless", "kept"  # all else is no part


@dataclass(frozen=True)
class Told:
    """One message."""

    camera: str
    number: int
    kind: str
    part: str
    sent_s: float
    acked_s: float | None = None  # None: nobody knows whether it was heard

    @property
    def orders(self) -> bool:
        """Whether it orders a picture of a camera that takes them on order."""
        return self.kind in (*NAMED, NAMELESS)


def read_told(folder: Path) -> tuple[Told, ...]:
    """In the order in which they were sent; nothing where there was no broker. Raises UnreadableError."""
    path = folder / FILE
    found: dict[tuple[str, int], Told] = {}
    try:
        for line in path.read_text().splitlines() if path.exists() else []:
            with contextlib.suppress(json.JSONDecodeError):  # torn: the broker was killed over it
                said = json.loads(line)
                key = said["camera"], said["number"]
                if "sent_ns" in said:
                    found[key] = Told(*key, said["kind"], said["part"], said["sent_ns"] / 1e9)
                elif key in found:
                    found[key] = replace(found[key], acked_s=said["acked_ns"] / 1e9)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UnreadableError(f"{path}: cannot be read as tools/soak_announced.py describes it: {error}") from error
    return tuple(sorted(found.values(), key=lambda told: told.sent_s))
