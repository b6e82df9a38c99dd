"""Whether the settings that starts of the line are said to have had are those that the acts tell of.

Also: by which gap the incidents of a run were made, for whoever reckons them anew.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from typing import Any

from stream.audit_check import Finding
from stream.audit_forms import formed
from stream.deeds import settings_acts
from stream.settings import RecorderSettings

SESSIONS = f"SELECT session, started_utc_ns, settings FROM sessions WHERE {formed('sessions')} ORDER BY rowid"
# What the page notes of a setting has an id of another form.
SAID = "SELECT id, subject, old, new FROM acts WHERE kind = 'setting' AND utc_ns = ? AND id LIKE 'setting %'"
DEFAULT_GAP = RecorderSettings().incident_gap_frames


class Gaps:
    """The gaps by which a run's incidents may have been made: those of its session, and of all later ones.

    A later start with another gap makes the incidents of a run that goes on anew; no row says whether one did.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        self._since: dict[str, tuple[int, ...]] = {}
        later: tuple[int, ...] = ()
        for session, _, text in reversed(db.execute(SESSIONS).fetchall()):
            gap = _gap(text)
            later = later if gap in later else (gap, *later)
            self._since[session] = later
        self._all = later or (DEFAULT_GAP,)

    def of(self, session: object) -> tuple[int, ...]:
        """Of a run of that session, the oldest first."""
        return self._since.get(session, self._all) if isinstance(session, str) else self._all


def check_settings(db: sqlite3.Connection, *, older: bool) -> Iterator[Finding]:
    """Each start's settings beside those of the start before. `older`: the log has starts from before there were acts.

    The first start has none before it, and the settings of one that is alone are compared with nothing.
    """
    before: str | None = None
    for session, started_utc_ns, text in db.execute(SESSIONS):
        said = {act: (path, old, new) for act, path, old, new in db.execute(SAID, (started_utc_ns,))}
        if said or not older:
            yield from _changes(session, _due(session, before, text), said)
        before = text or before


def _due(session: str, before: str | None, text: str) -> dict[str, tuple[str, str, str]]:
    """The changes that the acts must tell of, by their ids."""
    if not text or before is None:
        return {}
    try:
        return {act.id: (act.subject, act.old, act.new) for act in settings_acts(session, 0, "", before, text)}
    except (ValueError, RecursionError):
        return {}  # an older version's were no JSON; no act tells of those


def _changes(
    session: str, due: dict[str, tuple[str, str, str]], said: dict[str, tuple[str, str, str]]
) -> Iterator[Finding]:
    for act in sorted(due.keys() | said.keys(), key=lambda act: due.get(act, said.get(act, ("",)))[0]):
        if due.get(act) != said.get(act):
            path = due.get(act, said.get(act, ("",)))[0]
            yield Finding(
                f"session {session}: {path} {_went(due.get(act))} by the settings of this start and the one before,"
                f" and {_went(said.get(act))} by the acts"
            )


def _went(change: tuple[str, str, str] | None) -> str:
    return "stayed as it was" if change is None else f"went from {change[1] or 'nothing'} to {change[2] or 'nothing'}"


def _gap(text: str) -> int:
    try:
        said: Any = json.loads(text)
        gap = said["recorder"]["incident_gap_frames"]
    except (ValueError, RecursionError, KeyError, TypeError):
        return DEFAULT_GAP
    return gap if isinstance(gap, int) else DEFAULT_GAP
