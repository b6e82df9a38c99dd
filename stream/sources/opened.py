"""What each library of industrial cameras gives: a camera that is open, and its buffers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from stream.sources.nodes import Nodes


@dataclass(frozen=True)
class Shot:
    """One buffer of the library's. Its bytes are the library's own until it is given back."""

    raw: np.ndarray | None  # uint8; None: not all of it arrived
    format: str
    width: int
    height: int
    padding: int  # bytes behind each row
    number: int | None  # the camera's own count
    stamp_ns: int | None  # the camera's own clock
    give_back: Callable[[], None]


class Opened(Protocol):
    """A camera that is open. One thread makes, uses and closes it. Raises SourceError where it is gone."""

    name: str  # for people: model and serial number

    @property
    def nodes(self) -> Nodes: ...

    def start(self) -> None: ...

    def take(self, timeout_s: float) -> Shot | None:
        """The next buffer; None where none came in time."""
        ...

    def look(self) -> None:
        """Whether the camera is still there and ours; asked once a second while nothing comes."""
        ...

    def close(self) -> None:
        """Stops and lets go, whatever state it is in; never raises."""
        ...
