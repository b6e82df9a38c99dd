"""A camera that answered when it was looked for. Knows no kind of camera."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Seen:
    """One camera that can be opened."""

    source: str  # what to write as `source:`
    what: str  # maker, model and way in
    called: str = ""  # the name that its owner gave it
