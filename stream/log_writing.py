"""One batch into the tables of the log, within the caller's transaction. Knows rows and their order, no disk."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace

import msgspec

from stream.log_acts import enter_acts
from stream.log_batch import Batch
from stream.log_chain import NEXT_ENTRY, append_entry
from stream.log_columns import minute_columns, part_columns, verdict_columns
from stream.log_incidents import lose_evidence, write_incidents
from stream.log_vouched import drop_samples, enter_events, enter_runs, enter_samples
from stream.minutes import Minute


def write_batch(db: sqlite3.Connection, batch: Batch, now_utc_ns: int) -> None:
    """All of the batch; what became of its acts stands in `batch.noted`."""
    (entry,) = db.execute(NEXT_ENTRY).fetchone()
    _insert(db, "INSERT OR IGNORE INTO verdicts", [verdict_columns(row, entry) for row in batch.verdicts])
    named = {(row.verdict.settings_id, row.verdict.recipe) for row in batch.verdicts if row.verdict.recipe}
    _insert(db, "INSERT OR IGNORE INTO recipes", sorted(named))
    db.executemany("UPDATE verdicts SET evidence=NULL WHERE camera=? AND run=? AND seq=?", batch.moved_evidence)
    gone = [key for key, interval in batch.ledger.items() if interval is None]
    db.executemany("DELETE FROM ledger WHERE camera=? AND run=? AND start=?", gone)
    kept = [(c, r, s, i.stop, i.outcome) for (c, r, s), i in batch.ledger.items() if i is not None]
    _insert(db, "INSERT OR REPLACE INTO ledger", kept)
    changes = [*enter_runs(db, batch)]
    parts = [part_columns(camera, run, part, now_utc_ns) for (camera, run, _), part in batch.parts.items()]
    _insert(db, "INSERT OR REPLACE INTO parts", parts)
    changes += enter_events(db, batch.events)
    write_incidents(db, batch.incidents)
    lose_evidence(db, batch.moved_evidence)
    changes += enter_samples(db, batch.samples)
    changes += drop_samples(db, batch.gone_samples)
    for (camera, minute), brought in batch.minutes.items():
        _add_minute(db, camera, minute, brought)
    batch.noted = enter_acts(db, batch.acts.values(), entry)
    append_entry(db, entry, now_utc_ns, changes)


def _insert(db: sqlite3.Connection, words: str, rows: Sequence[tuple[object, ...]]) -> None:
    if rows:
        db.executemany(f"{words} VALUES ({','.join('?' * len(rows[0]))})", rows)


def _add_minute(db: sqlite3.Connection, camera: str, minute: int, brought: Minute) -> None:
    asked = "SELECT good, bad, unknown, dropped, lost, latency_ms_sum, latency_ms_max, reasons FROM minutes"
    found = db.execute(f"{asked} WHERE camera=? AND minute=?", (camera, minute)).fetchone()
    before = Minute()
    if found is not None:
        *counts, reasons = found
        before = replace(Minute(*counts), reasons=msgspec.json.decode(reasons, type=dict[str, int]))
    _insert(db, "INSERT OR REPLACE INTO minutes", [minute_columns(camera, minute, before + brought)])
