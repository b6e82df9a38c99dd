"""Rows of the log, read: what a statement of searching*.py finds, as the row types of these modules."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from stream.searching_terms import Key, Query, cursor_of

Row = TypeVar("Row", bound=msgspec.Struct)


@dataclass(frozen=True)
class Keyed(Generic[Row]):
    """A row and its key in the list."""

    row: Row
    key: Key


@dataclass(frozen=True)
class Rows(Generic[Row]):
    """A page of rows; `next` is the cursor of the page behind it."""

    rows: tuple[Row, ...]
    next: str | None


def keyed(db: sqlite3.Connection, query: Query, kind: type[Row]) -> list[Keyed[Row]]:
    """All that a statement finds."""
    width = len(kind.__struct_fields__)
    return [Keyed(_row(found[:width], kind), tuple(found[width:])) for found in db.execute(query.sql, query.values)]


def rows(db: sqlite3.Connection, query: Query, kind: type[Row]) -> Rows[Row]:
    """A page. The statement asks for one row more than the page has."""
    found, limit = keyed(db, query, kind), int(query.values[-1]) - 1
    more = cursor_of(found[limit - 1].key) if len(found) > limit > 0 else None
    return Rows(tuple(one.row for one in found[:limit]), more)


def _row(values: Sequence[object], kind: type[Row]) -> Row:
    return msgspec.convert(dict(zip(kind.__struct_fields__, values, strict=True)), kind, strict=False)
