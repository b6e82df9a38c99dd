"""The tree between YAML and settings: text, lists and mappings, each with the place it was written at."""

from __future__ import annotations

from collections.abc import Mapping as Lookup
from dataclasses import dataclass
from pathlib import Path
from typing import Union

from stream.problem import Problem
from stream.secrets import redact

SHOWN_MAX = 80  # characters


@dataclass(frozen=True)
class Place:
    """Where a part was written."""

    file: str
    folder: Path  # absolute: what relative paths written here are relative to
    line: int | None = None

    def problem(self, path: str, text: str) -> Problem:
        return Problem(path, self.file, self.line, text)


@dataclass(frozen=True)
class Scalar:
    text: str
    plain: bool  # written without quotes
    place: Place

    @property
    def empty(self) -> bool:
        """Whether it is YAML's nothing."""
        return self.plain and self.text in ("", "~", "null", "Null", "NULL")


@dataclass(frozen=True)
class Listing:
    items: tuple[Node, ...]
    place: Place


@dataclass(frozen=True)
class Entry:
    place: Place  # of the key
    node: Node


@dataclass(frozen=True)
class Mapping:
    entries: dict[str, Entry]
    place: Place


Node = Union[Scalar, Listing, Mapping]  # noqa: UP007  `|` would need the classes' own names at run time


def one_line(text: str) -> str:
    """Any text as a message may hold it: short, on one line, without a password."""
    shown = redact(text)
    shown = shown if len(shown) <= SHOWN_MAX else shown[:SHOWN_MAX] + "…"
    return shown if shown.isprintable() else ascii(shown)


def join(path: str, key: str) -> str:
    """`cameras` and `belt` → `cameras.belt`."""
    return f"{path}.{one_line(key)}" if path else one_line(key)


def nearest_place(places: Lookup[str, Place], path: str) -> Place:
    """Where the setting was written; where it was left out, the section that it belongs to."""
    while path not in places:
        path = path.rpartition(".")[0]
    return places[path]
