"""When the line's shifts begin, as its newest start was told. Reading alone."""

from __future__ import annotations

import json
import sqlite3

from stream.shifts import times_of


def shift_words(db: sqlite3.Connection) -> str | None:
    """The setting `figures.shifts` of the newest session; None: a calendar day is one."""
    row = db.execute("SELECT settings FROM sessions ORDER BY rowid DESC LIMIT 1").fetchone()
    try:
        words = json.loads(row[0]).get("figures", {}).get("shifts") if row else None
        times_of(words)
    except (ValueError, AttributeError):  # of a version that kept its settings otherwise
        return None
    return words if isinstance(words, str) else None
