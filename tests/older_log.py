"""A log as version 3 left it: whose chain holds verdicts and acts, and nothing of other rows."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from stream.chain import BEFORE, BYTES, SEAL, entry_after
from stream.log_chain import CHAIN_COLUMNS


def as_version_3(data_dir: Path) -> None:
    """Makes one of the log there, which nobody has open."""
    with contextlib.closing(sqlite3.connect(data_dir / "log.sqlite", isolation_level=None)) as db:
        db.execute("BEGIN")
        entries = db.execute(f"SELECT {CHAIN_COLUMNS} FROM chain ORDER BY number").fetchall()
        db.execute("DELETE FROM chain")
        held, last = BEFORE, SEAL
        for number, utc_ns, verdicts, acts, rows, _ in entries:
            hashes = rows if number == SEAL else rows[: BYTES * (verdicts + acts)]
            if not hashes:
                continue  # it told of other rows alone
            last = SEAL if number == SEAL else last + 1
            for table in ("verdicts", "acts"):
                db.execute(f"UPDATE {table} SET entry=? WHERE entry=?", (last, number))
            entry = entry_after(held, last, utc_ns, verdicts, acts, hashes)
            held = entry.hash
            columns = (entry.number, utc_ns, verdicts, acts, hashes, held)
            db.execute(f"INSERT INTO chain ({CHAIN_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)", columns)
        db.execute("PRAGMA user_version=3")
        db.execute("COMMIT")
