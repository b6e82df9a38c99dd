"""Whether the log still is what was recorded: walks chain, verdicts and acts side by side. Knows no evidence.

Streams: of the log, no more than one entry is in memory at a time. After a fault it goes on from what is there, so that
one row that was changed is one finding, not all that follows.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone

from stream.chain import BEFORE, SEAL, Entry, entry_after, has_form, hashes_in
from stream.log_chain import CHAIN_COLUMNS, ChainedRow, chained_acts, chained_verdicts, sealed_rows
from stream.messages import CHALLENGE_SOURCE

# A challenge is no product: what came of it stands in its act, and no frame of it has a row.
BAD_SPANS = f"""
SELECT camera, run, start, stop FROM ledger WHERE outcome IN ('BAD', 'UNKNOWN') AND NOT EXISTS
  (SELECT 1 FROM runs r WHERE r.camera = ledger.camera AND r.run = ledger.run AND r.source LIKE '{CHALLENGE_SOURCE}%')
ORDER BY camera, run, start
"""
ROWS_IN = "SELECT seq FROM verdicts WHERE camera=? AND run=? AND seq>=? AND seq<?"


@dataclass(frozen=True)
class Finding:
    """Something in the log is not as it was recorded."""

    text: str


class Missing(Finding):
    """A row is not there any more; which one, the ledger may know."""


@dataclass(frozen=True)
class Passed:
    """An entry was looked at."""

    entry: Entry


def check_chain(db: sqlite3.Connection, head: str | None = None) -> Iterator[Passed | Finding]:
    """Every entry, and what is wrong. `head`: an entry that somebody kept, NUMBER:HASH, which must be there."""
    verdicts, acts = _Side(chained_verdicts(db)), _Side(chained_acts(db))
    last: Entry | None = None
    kept, sealed = head, False
    for row in db.execute(f"SELECT {CHAIN_COLUMNS} FROM chain ORDER BY number"):
        if not has_form(row):
            yield Finding(f"entry {row[0]} of the chain: changed, it has not the form of one")
            continue
        entry = Entry(*row)
        yield from _linked(last, entry)
        if entry.number == SEAL:
            sealed = True
            yield from _sealed(db, entry)
        else:
            for side, hashes in zip((verdicts, acts), hashes_in(entry), strict=True):
                yield from side.strays_before(entry.number)
                yield from _compared(entry, hashes, side.take(entry.number))
        kept = None if entry.head == kept else kept
        last = entry
        yield Passed(entry)
    for side in (verdicts, acts):
        yield from side.strays_before(None)
    if not sealed:
        yield from _unsealed(db)
    if kept is not None:
        yield Finding(f"the entry {kept} is not in the log: its end was cut off, or it was written anew")


def missing_frames(db: sqlite3.Connection) -> Iterator[str]:
    """The frames that the ledger has as BAD or UNKNOWN and that have no row."""
    for camera, run, start, stop in db.execute(BAD_SPANS):
        there = {seq for (seq,) in db.execute(ROWS_IN, (camera, run, start, stop))}
        if len(there) != stop - start:
            yield from (f"frame {camera}/{run}/{seq}" for seq in range(start, stop) if seq not in there)


class _Side:
    """The rows of one table, in the order of their entries, taken entry by entry."""

    def __init__(self, rows: Iterator[ChainedRow]) -> None:
        self._rows = rows
        self._next = next(rows, None)

    def strays_before(self, number: int | None) -> Iterator[Finding]:
        """Rows of entries that the chain has not, below `number` (None: all that are left)."""
        while (row := self._next) is not None and (number is None or not _at_least(row.entry, number)):
            yield Finding(f"{row.name}: added, or its entry {row.entry} was taken out of the chain")
            self._next = next(self._rows, None)

    def take(self, number: int) -> list[ChainedRow]:
        taken = []
        while (row := self._next) is not None and row.entry == number:
            taken.append(row)
            self._next = next(self._rows, None)
        return taken


def _at_least(entry: object, number: int) -> bool:
    return isinstance(entry, int) and entry >= number  # a column of SQLite takes a text as well


def _compared(entry: Entry, expected: list[bytes], rows: list[ChainedRow]) -> Iterator[Finding]:
    if expected == [row.hash for row in rows]:
        return
    odd = [row for row in rows if row.hash not in expected]
    gone = len(expected) - len(rows)
    for row in odd:
        yield Finding(f"{row.name}: {'added or changed' if gone < 0 else 'changed'} since {entry_name(entry)}")
    if gone > 0:
        yield Missing(
            f"{gone} of the {len(expected)} rows of {entry_name(entry)} {'are' if gone > 1 else 'is'} missing"
        )
    elif not odd:
        yield Finding(f"the rows of {entry_name(entry)} stand in another order, or twice")


def _linked(last: Entry | None, entry: Entry) -> Iterator[Finding]:
    """Whether the entry is the next one, and holds on to the one before."""
    due = min(entry.number, 1) if last is None else last.number + 1
    if entry.number > due:
        which = f"entry {due}" if entry.number == due + 1 else f"entries {due} to {entry.number - 1}"
        yield Finding(f"{which} of the chain: missing")
        return
    before = BEFORE if last is None else last.hash
    if entry_after(before, entry.number, entry.utc_ns, entry.verdicts, entry.acts, entry.rows) != entry:
        yield Finding(f"{entry_name(entry)} of the chain: changed, or the one before it was")


def _sealed(db: sqlite3.Connection, entry: Entry) -> Iterator[Finding]:
    count, hashed = sealed_rows(db)
    if (count, hashed) != (entry.verdicts, entry.rows):
        yield Finding(
            f"the rows from before the chain: {entry.verdicts} when it began, {count} now"
            + (", some changed" if count == entry.verdicts else "")
        )


def _unsealed(db: sqlite3.Connection) -> Iterator[Finding]:
    for row in chained_verdicts(db, SEAL):
        yield Finding(f"{row.name}: added; the log has no rows from before the chain")


def entry_name(entry: Entry) -> str:
    """Its number and its time, for people."""
    when = datetime.fromtimestamp(entry.utc_ns / 1e9, timezone.utc).isoformat(timespec="seconds")
    return f"entry {entry.number} ({when})"
