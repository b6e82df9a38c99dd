"""What is looked for in the log, as SQL: conditions, their values, the order of a page of rows. Pure.

Values are always bound, never written into the text. A page is found by its key, not by counting rows, so rows that
arrive meanwhile move nothing.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec

from stream.searching_times import moment_ns

ROWS_MAX = 500
CURSOR_MAX = 256  # characters
LOG_MAX = 2**63 - 1  # what a column holds
Value = str | int | float
Key = tuple[Value, ...]
# No longer than what may be: all words of a filter, each sign as %F0%9F%98%80, fit into the line of a request.
Word = Annotated[str, msgspec.Meta(max_length=64)]
Camera = Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_-]{0,32}$", description="of this camera only")]
RecipeWord = Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_-]{0,32}$")]
Moment = Annotated[
    str, msgspec.Meta(max_length=40, description="2026-11-22, 2026-11-22T14:05 (UTC), or nanoseconds since 1970")
]
Number = Annotated[int, msgspec.Meta(ge=0, le=LOG_MAX)]
Share = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
Size = Annotated[float, msgspec.Meta(ge=0.0, le=1e12)]
Cursor = Annotated[
    str, msgspec.Meta(max_length=CURSOR_MAX, pattern="^[A-Za-z0-9_-]*$", description="`next` of the page before")
]
Limit = Annotated[int, msgspec.Meta(ge=1, le=ROWS_MAX)]


class CursorError(ValueError):
    """The cursor is none that was given out."""


class Paged(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What every list takes: where its page begins, and how long it is."""

    after: Cursor = ""
    limit: Limit = 50


@dataclass(frozen=True)
class Query:
    """A statement and what is bound to it."""

    sql: str
    values: Key


@dataclass(frozen=True)
class Term:
    """A condition and what is bound to it."""

    sql: str
    values: Key = ()


@dataclass(frozen=True)
class Condition:
    """What a field of a filter means.

    `sql` is one condition for every value, or one for each word that the field may be: those bind nothing.
    """

    field: str
    sql: str | Mapping[str, str]
    value: Callable[[Any], Value] = lambda given: given


@dataclass(frozen=True)
class Listing:
    """A table as it is listed: newest first, by a key that no two rows share."""

    table: str
    columns: tuple[str, ...]
    key: tuple[str, ...]  # what is ordered by; an index of the log goes by the same
    kinds: tuple[type, ...]  # of the key's values
    conditions: tuple[Condition, ...]
    primary: tuple[str, ...] = ()  # where given, an index alone finds the rows of a page, and only they are read


def since(column: str) -> Condition:
    return Condition("since", f"{column} >= ?", lambda word: moment_ns(word, "since"))


def until(column: str) -> Condition:
    return Condition("until", f"{column} < ?", lambda word: moment_ns(word, "until"))


def terms_of(listing: Listing, wanted: msgspec.Struct) -> Iterator[Term]:
    """The conditions of a filter. Raises MomentError."""
    for condition in listing.conditions:
        given = getattr(wanted, condition.field)
        if given is msgspec.UNSET or given == "":
            continue
        if isinstance(condition.sql, str):
            yield Term(condition.sql, (condition.value(given),))
        else:
            yield Term(condition.sql[given])


def page_of(
    listing: Listing, terms: Sequence[Term], after: Key | None, limit: int, *, oldest_first: bool = False
) -> Query:
    """The rows of one page, and one more: whether there is a next page is then known. Each ends with its key."""
    key = ", ".join(listing.key)
    if after is not None:
        beyond = ">" if oldest_first else "<"
        terms = [*terms, Term(f"({key}) {beyond} ({', '.join('?' * len(after))})", after)]
    where = " AND ".join(term.sql for term in terms) or "1"
    order = ", ".join(name if oldest_first else f"{name} DESC" for name in listing.key)
    values = tuple(value for term in terms for value in term.values)
    columns = ", ".join((*listing.columns, *listing.key))
    sql = f"FROM {listing.table} WHERE {where} ORDER BY {order} LIMIT ?"
    if listing.primary:
        primary = ", ".join(listing.primary)
        sql = f"FROM (SELECT {primary} {sql}) CROSS JOIN {listing.table} USING ({primary}) ORDER BY {order}"
    return Query(f"SELECT {columns} {sql}", (*values, min(limit, ROWS_MAX) + 1))


def listing_page(listing: Listing, wanted: Paged) -> Query:
    """The page that a filter asks for. Raises CursorError, MomentError."""
    after = key_of(wanted.after, listing.kinds) if wanted.after else None
    return page_of(listing, list(terms_of(listing, wanted)), after, wanted.limit)


def cursor_of(key: Sequence[Value]) -> str:
    """The place behind a row, as an opaque word that fits into an address."""
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).decode().rstrip("=")


def key_of(cursor: str, kinds: tuple[type, ...]) -> Key:
    """The key in a cursor; `kinds`: the types that it must have. Raises CursorError."""
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        key = msgspec.json.decode(text, type=list[int | float | str])
    except (binascii.Error, msgspec.DecodeError, UnicodeError, ValueError, RecursionError):
        key = []
    if tuple(type(value) for value in key) != kinds or any(isinstance(v, int) and abs(v) > LOG_MAX for v in key):
        raise CursorError(f"after: not a cursor of this list, got {cursor[:40]!a}; give `next` of the page before")
    return tuple(key)
