"""What is wrong with a configuration: where, what was got, what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

ERROR, WARNING, NOTE = "error", "warning", "note"


@dataclass(frozen=True)
class Problem:
    """One thing wrong. `path` is the setting's, e.g. `cameras.belt.fps`; empty when it is the file as a whole."""

    path: str
    file: str  # as the user named it; `--set camera.fps` for the command line
    line: int | None  # counted from 1; None where there is none
    text: str  # never carries a password

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return ": ".join(part for part in (place, self.path, self.text) if part)


class ConfigurationError(Exception):
    """The configuration was refused; `problems` are all that were found, `str` gives one a line."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


@dataclass(frozen=True)
class Finding:
    """One thing that is not as the line needs it. An error keeps the line from starting, or from being of use."""

    severity: str  # error | warning | note: as it should be, and good to know
    path: str  # of the setting it is about
    text: str  # with the way out; never carries a password


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that `name` was probably meant to be."""
    found = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return found[0] if found else None
