"""What a line said while it was soaked: its tracebacks, each with all the errors that led to it. Judges nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tools.soak_check_log import UnreadableError

FILE = "line.log"
BEGINS = "Traceback (most recent call last):"
GOES_ON = ("The above exception was the direct cause", "During handling of the above exception")


@dataclass(frozen=True)
class Said:
    """The log that people read."""

    lines: int = 0
    tracebacks: tuple[str, ...] = ()  # the errors of each, the first cause first


def read_said(folder: Path) -> Said:
    """Raises UnreadableError."""
    try:
        lines = (folder / FILE).read_text(errors="replace").splitlines()
    except OSError as error:
        raise UnreadableError(f"{folder / FILE}: what the line said cannot be read: {error}") from error
    return Said(len(lines), tracebacks_in(lines))


def tracebacks_in(lines: Iterable[str]) -> tuple[str, ...]:
    """Errors that led to one another are one. Pure."""
    found: list[list[str]] = []
    inside = joins = False
    for line in lines:
        if line.rstrip().endswith(BEGINS):
            if not joins:
                found.append([])
            inside, joins = True, False
        elif inside and line and not line[0].isspace():
            found[-1].append(line)
            inside = False
        elif line.startswith(GOES_ON):
            joins = True
    return tuple(" -> ".join(errors) or "cut off" for errors in found)
