"""A camera's settings as GenICam names them: what is used of them, whichever library talks to the camera.

Names are those of the Standard Features Naming Convention (SFNC 2.7, EMVA), and those that GigE cameras had before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

Value = bool | int | float | str  # a switch, a number, or an entry of an enumeration


class NodeError(Exception):
    """The camera, or its description, refuses a setting. The text is the library's own."""


@dataclass(frozen=True)
class Allowed:
    """What a node takes now: a range of numbers, or entries of an enumeration; empty where neither is known."""

    low: float | None = None
    high: float | None = None
    step: float | None = None  # None: any number between
    choices: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.choices:
            return f"one of {', '.join(self.choices)}"
        if self.low is None or self.high is None:
            return "what its manual says"
        return f"{self.low:.10g} to {self.high:.10g}" + (f" in steps of {self.step:.10g}" if self.step else "")

    def refuses(self, value: Value) -> bool:
        """Whether it can be told beforehand that the node would not take the value."""
        if isinstance(value, str):
            return bool(self.choices) and value not in self.choices
        if isinstance(value, bool) or self.low is None or self.high is None:
            return False
        return not self.low <= value <= self.high


class Nodes(Protocol):
    """An opened camera's nodes; used by the thread that opened it alone.

    Raises NodeError where the camera refuses, SourceError where it does not answer.
    """

    def has(self, name: str) -> bool:
        """Whether there is such a node, and it can be used now."""
        ...

    def read(self, name: str) -> Value: ...

    def write(self, name: str, value: Value) -> None:
        """The value is of the node's kind, but a whole float may go to an integer, and an integer to a float."""
        ...

    def allowed(self, name: str) -> Allowed: ...

    def run(self, name: str) -> None:
        """Executes a command."""
        ...
