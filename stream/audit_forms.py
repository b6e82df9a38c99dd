"""What kind of value each cell of the log must hold: SQLite takes anything anywhere, and who reckons must not fall.

Chain, verdicts and acts are held by their hashes; what stands in the other tables is looked at here first.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import cache

from stream.audit_check import Finding
from stream.log_schema import TABLES

NULL = ", 'null'"
# What a row is called, and what it is named by.
NAMED = {
    "sessions": ("session", ("session",)),
    "runs": ("run", ("camera", "run")),
    "ledger": ("ledger", ("camera", "run", "start")),
    "events": ("event", ("id",)),
    "recipes": ("recipe of the settings", ("settings",)),
    "parts": ("part", ("camera", "run", "number")),
    "incidents": ("incident", ("camera", "run", "first_seq")),
    "reviews": ("review", ("number",)),
    "samples": ("sample", ("camera", "run", "seq")),
    "minutes": ("minute", ("camera", "minute")),
}


@cache
def kinds(table: str) -> dict[str, tuple[str, bool]]:
    """The kind of value that each column takes, in SQLite's words, and whether it may be empty."""
    with closing(sqlite3.connect(":memory:")) as db:
        db.executescript(TABLES)
        found = db.execute(f"PRAGMA table_info({table})").fetchall()
    return {name: (kind.lower(), not (notnull or key)) for _, name, kind, notnull, _, key in found}


@cache
def formed(table: str, *columns: str, of: str = "") -> str:
    """The condition, in SQL, that these columns (none: all) hold what they must; `of`: the table's name there."""
    known = kinds(table)
    at = f"{of}." if of else ""
    return " AND ".join(
        f"typeof({at}{name}) IN ('{kind}'{NULL if empty else ''})"
        for name, (kind, empty) in known.items()
        if not columns or name in columns
    )


def check_forms(db: sqlite3.Connection) -> Iterator[Finding]:
    """Every cell that holds what no recorder writes there."""
    for table, (word, key) in NAMED.items():
        columns = kinds(table)
        typed = ", ".join(f"typeof({name})" for name in columns)
        for row in db.execute(f"SELECT {', '.join(key)}, {typed} FROM {table} WHERE NOT ({formed(table)})"):
            name = "/".join(str(part) for part in row[: len(key)])
            for (column, (kind, empty)), found in zip(columns.items(), row[len(key) :], strict=True):
                if found != kind and not (empty and found == "null"):
                    yield Finding(f"{word} {name}: changed, its {column} is of the kind {found}, not {kind}")
