"""Starts of the line in the log: what each was set to, who judges, and what is another than before, as acts."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Sequence

from stream.chain import Change
from stream.deeds import bundle_act, settings_acts
from stream.log_acts import enter_acts
from stream.log_chain import NEXT_ENTRY, append_entry
from stream.log_vouched import change_session
from stream.messages import Act
from stream.promotions import Entry

BEFORE = "SELECT settings FROM sessions WHERE session<>? AND settings<>'' ORDER BY rowid DESC LIMIT 1"
JUDGED = "SELECT bundle FROM sessions WHERE bundle<>'' ORDER BY session=? DESC, rowid DESC LIMIT 1"


def enter_session(
    db: sqlite3.Connection, session: str, started_utc_ns: int, line: str, settings: str, who: str
) -> None:
    """A start, and each setting that was another in the one before; said again, it changes nothing."""
    said = "INSERT OR IGNORE INTO sessions (session, started_utc_ns, line, settings) VALUES (?, ?, ?, ?)"
    entered = change_session(db, session, said, (session, started_utc_ns, line, settings))
    before = db.execute(BEFORE, (session,)).fetchone()
    acts: Sequence[Act] = ()
    if entered and before is not None:
        with contextlib.suppress(
            ValueError
        ):  # what an older version kept was no JSON: there is nothing to compare with
            acts = settings_acts(session, started_utc_ns, who, before[0], settings)
    _enter(db, acts, entered)


def enter_judge(db: sqlite3.Connection, session: str, engine: str, bundle: str, promoted: Entry | None) -> None:
    """Who judges in this session, and an act where it is another bundle than before.

    `promoted`: the entry that put it live, where there is one.
    """
    before = db.execute(JUDGED, (session,)).fetchone()
    said = "UPDATE sessions SET engine=?, bundle=? WHERE session=?"
    changes = change_session(db, session, said, (engine, bundle, session))
    other = before is not None and bundle and before[0] != bundle
    _enter(db, [bundle_act(session, time.time_ns(), before[0], bundle, promoted)] if other else [], changes)


def _enter(db: sqlite3.Connection, acts: Sequence[Act], changes: Sequence[Change]) -> None:
    if acts or changes:
        (entry,) = db.execute(NEXT_ENTRY).fetchone()
        enter_acts(db, acts, entry)
        append_entry(db, entry, time.time_ns(), changes)
