"""What the doctor can complain of: a kind of complaint with its words, and one complaint with its figures."""

from __future__ import annotations

import re
from dataclasses import dataclass

PLACEHOLDER = re.compile(r"\{(\w+)[^}]*\}")


@dataclass(frozen=True)
class Diagnosis:
    """One thing that was found."""

    complaint: str  # the name of its kind
    severity: str  # error | warning | note
    path: str  # of the setting it is about; empty: of none
    found: str  # with the figure; never carries a password
    todo: str  # with a command to paste where there is one


@dataclass(frozen=True)
class Complaint:
    """A kind of complaint. In `found` and `todo`, `{name}` stands for a figure or a name that is known only then."""

    name: str
    severity: str
    found: str
    why: str  # it matters
    todo: str

    def told(self, path: str, **figures: object) -> Diagnosis:
        """One of this kind, about the setting `path`."""
        return Diagnosis(self.name, self.severity, path, self.found.format(**figures), self.todo.format(**figures))

    def row(self) -> str:
        """As it stands in docs/doctor.md, with capitals for what is known only then."""
        cells = (f"`{self.name}`", self.severity, self.found, self.why, self.todo)
        shown = (PLACEHOLDER.sub(lambda found: found[1].upper(), cell).replace("|", "\\|") for cell in cells)
        return f"| {' | '.join(shown)} |"
