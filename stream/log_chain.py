"""The chain: an entry in each transaction that brings verdicts, acts, or changes of what log_vouched.py enters.

What it means stands in chain.py.

A row's hash is made of what SQLite gives back of it, not of what was handed over: an integer in a column of reals comes
back as a real.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from stream.chain import BEFORE, SEAL, Change, Entry, entry_after, has_form, row_hash, rows_of
from stream.log_error import LogError

# What may change later is not in it: `evidence` goes when a worse frame comes, or with its retention.
VERDICT_COLUMNS = (
    "camera, run, seq, state, score, reason, defects, mask_sha256, bundle, settings, captured_utc_ns, captured_mono_ns,"
    " judged_mono_ns, pts_s, host, boot_id, inspector, attempt, part, evidence_sha256"
)
ACT_COLUMNS = "number, id, utc_ns, who, role, kind, subject, old, new"
CHAIN_COLUMNS = "number, utc_ns, verdicts, acts, rows_sha256, hash"
NEXT_ENTRY = "SELECT coalesce(max(number), 0) + 1 FROM chain"
LAST = f"SELECT {CHAIN_COLUMNS} FROM chain ORDER BY number DESC LIMIT 1"

LAST_HASH = "SELECT hash FROM chain ORDER BY number DESC LIMIT 1"


@dataclass(frozen=True)
class ChainedRow:
    """A row that an entry vouches for: which entry, its hash, and its name for people."""

    entry: int
    hash: bytes
    name: str


def last_entry(db: sqlite3.Connection) -> Entry | None:
    """The newest entry: the chain's head; None where there is none yet. Raises LogError where it has not the form."""
    row = db.execute(LAST).fetchone()
    if row is not None and not has_form(row):
        raise LogError(
            f"entry {row[0]} of the chain, the newest, was changed: it has not the form of one; "
            "`python -m stream audit verify` looks at the rest"
        )
    return None if row is None else Entry(*row)


def append_entry(db: sqlite3.Connection, number: int, now_utc_ns: int, changes: Sequence[Change] = ()) -> None:
    """The entry for the changes and for the rows that were just written with that number; none where there are none."""
    verdicts = [row.hash for row in chained_verdicts(db, number)]
    acts = [row.hash for row in chained_acts(db, number)]
    if not (verdicts or acts or changes):
        return
    before = db.execute(LAST_HASH).fetchone()  # whatever was put there: the line records on
    rows = rows_of(verdicts + acts, changes)
    _insert(
        db, entry_after(BEFORE if before is None else before[0], number, now_utc_ns, len(verdicts), len(acts), rows)
    )


def seal(db: sqlite3.Connection, now_utc_ns: int) -> None:
    """The entry for the rows that an older version wrote, as they are found now; none where there are none."""
    count, hashed = sealed_rows(db)
    if count:
        _insert(db, entry_after(BEFORE, SEAL, now_utc_ns, count, 0, hashed))


def sealed_rows(db: sqlite3.Connection) -> tuple[int, bytes]:
    """How many rows of verdicts are from before the chain, and one hash over them all."""
    count, whole = 0, hashlib.sha256()
    for row in chained_verdicts(db, SEAL):
        whole.update(row.hash)
        count += 1
    return count, whole.digest()


def chained_verdicts(db: sqlite3.Connection, entry: int | None = None) -> Iterator[ChainedRow]:
    """The rows of verdicts of an entry, in its order; None: of all entries after the seal, one after the other."""
    where = "entry <> 0" if entry is None else "entry = ?"
    asked = f"SELECT entry, {VERDICT_COLUMNS} FROM verdicts WHERE {where} ORDER BY entry, camera, run, seq"
    for vouching, *columns in db.execute(asked, () if entry is None else (entry,)):
        camera, run, seq = columns[:3]
        yield ChainedRow(vouching, row_hash("verdicts", columns), f"frame {camera}/{run}/{seq}")


def chained_acts(db: sqlite3.Connection, entry: int | None = None) -> Iterator[ChainedRow]:
    """The same of acts."""
    where = "1" if entry is None else "entry = ?"
    asked = f"SELECT entry, {ACT_COLUMNS} FROM acts WHERE {where} ORDER BY entry, number"
    for vouching, *columns in db.execute(asked, () if entry is None else (entry,)):
        yield ChainedRow(vouching, row_hash("acts", columns), f"act {columns[0]}")


def _insert(db: sqlite3.Connection, entry: Entry) -> None:
    row = (entry.number, entry.utc_ns, entry.verdicts, entry.acts, entry.rows, entry.hash)
    db.execute(f"INSERT INTO chain ({CHAIN_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)", row)
