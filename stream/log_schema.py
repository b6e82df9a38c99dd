"""The tables of the defect log, and the steps from one version of them to the next. Knows no verdict and no book.

`verdicts`, `acts` and `chain` belong together: `entry` of a row is the entry of the chain that vouches for it, 0 where
the row is older than the chain. `incidents` says nothing that `verdicts`, `reviews` and `acts` do not: it is kept for
those who search. Version 4 has no other columns than 3: its chain holds what log_vouched.py enters as well, and a log
in which an older version wrote on would lack some of that.
"""

from __future__ import annotations

import sqlite3

from stream.keeping import LOG_FILE

FILE = LOG_FILE
VERSION = 4
KEEPS_INCIDENTS = 3  # and acts, reviews, samples, minutes and the chain: the first version that does
VOUCHES = 4  # in the chain for events, samples, sessions and runs, too
# What makes a log of that version one of the next: rows that are there keep what they say.
STEPS = {
    1: ("ALTER TABLE verdicts ADD COLUMN part TEXT NOT NULL DEFAULT ''",),
    2: (
        "ALTER TABLE verdicts ADD COLUMN evidence_sha256 BLOB",
        "ALTER TABLE verdicts ADD COLUMN entry INTEGER NOT NULL DEFAULT 0",
    ),
    3: (),
}
TABLES = """
CREATE TABLE IF NOT EXISTS sessions (
  session TEXT PRIMARY KEY, started_utc_ns INTEGER NOT NULL, line TEXT NOT NULL,
  engine TEXT NOT NULL DEFAULT '', bundle TEXT NOT NULL DEFAULT '', settings TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS runs (
  camera TEXT NOT NULL, run INTEGER NOT NULL, session TEXT NOT NULL, source TEXT NOT NULL, live INTEGER NOT NULL,
  captured INTEGER NOT NULL, lost INTEGER NOT NULL, expired INTEGER NOT NULL, ended INTEGER NOT NULL,
  note TEXT NOT NULL, digest TEXT NOT NULL, latencies BLOB NOT NULL,
  PRIMARY KEY (camera, run)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ledger (
  camera TEXT NOT NULL, run INTEGER NOT NULL, start INTEGER NOT NULL, stop INTEGER NOT NULL, outcome TEXT NOT NULL,
  PRIMARY KEY (camera, run, start)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS verdicts (
  camera TEXT NOT NULL, run INTEGER NOT NULL, seq INTEGER NOT NULL, state TEXT NOT NULL, score REAL, reason TEXT,
  defects TEXT NOT NULL, mask_sha256 TEXT NOT NULL, bundle TEXT NOT NULL, settings TEXT NOT NULL,
  captured_utc_ns INTEGER, captured_mono_ns INTEGER, judged_mono_ns INTEGER, pts_s REAL, host TEXT, boot_id TEXT,
  inspector TEXT, attempt INTEGER, evidence TEXT, part TEXT NOT NULL DEFAULT '', evidence_sha256 BLOB,
  entry INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (camera, run, seq)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS events (
  id INTEGER PRIMARY KEY, utc_ns INTEGER NOT NULL, camera TEXT NOT NULL, run INTEGER NOT NULL, kind TEXT NOT NULL,
  text TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS recipes (settings TEXT PRIMARY KEY, recipe TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS parts (
  camera TEXT NOT NULL, run INTEGER NOT NULL, number INTEGER NOT NULL, part TEXT NOT NULL, first_seq INTEGER NOT NULL,
  told_by TEXT NOT NULL, told_utc_ns INTEGER NOT NULL, last_seq INTEGER, frames INTEGER NOT NULL, state TEXT,
  decided_utc_ns INTEGER,
  PRIMARY KEY (camera, run, number)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS incidents (
  camera TEXT NOT NULL, run INTEGER NOT NULL, first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL,
  frames INTEGER NOT NULL, worst_seq INTEGER NOT NULL, worst_score REAL NOT NULL, utc_ns INTEGER NOT NULL,
  part TEXT NOT NULL, bundle TEXT NOT NULL, settings TEXT NOT NULL, recipe TEXT NOT NULL, defects INTEGER NOT NULL,
  length_px REAL NOT NULL, width_px REAL NOT NULL, area_px INTEGER NOT NULL, evidence TEXT,
  review TEXT NOT NULL DEFAULT '', reviewed_by TEXT NOT NULL DEFAULT '', comment TEXT NOT NULL DEFAULT '',
  pinned INTEGER NOT NULL DEFAULT 0, challenge INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (camera, run, first_seq)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS acts (
  number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, utc_ns INTEGER NOT NULL, who TEXT NOT NULL, role TEXT NOT NULL,
  kind TEXT NOT NULL, subject TEXT NOT NULL, old TEXT NOT NULL, new TEXT NOT NULL, entry INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS reviews (
  number INTEGER PRIMARY KEY, camera TEXT NOT NULL, run INTEGER NOT NULL, seq INTEGER NOT NULL, utc_ns INTEGER NOT NULL,
  who TEXT NOT NULL, verdict TEXT NOT NULL, comment TEXT NOT NULL, boxes TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS samples (
  camera TEXT NOT NULL, run INTEGER NOT NULL, seq INTEGER NOT NULL, utc_ns INTEGER NOT NULL, score REAL,
  why TEXT NOT NULL, folder TEXT NOT NULL, bundle TEXT NOT NULL, settings TEXT NOT NULL, part TEXT NOT NULL DEFAULT '',
  review TEXT NOT NULL DEFAULT '', pinned INTEGER NOT NULL DEFAULT 0, chance REAL NOT NULL DEFAULT 1, threshold REAL,
  PRIMARY KEY (camera, run, seq)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS minutes (
  camera TEXT NOT NULL, minute INTEGER NOT NULL, good INTEGER NOT NULL, bad INTEGER NOT NULL, unknown INTEGER NOT NULL,
  dropped INTEGER NOT NULL, lost INTEGER NOT NULL, latency_ms_sum REAL NOT NULL, latency_ms_max REAL NOT NULL,
  reasons TEXT NOT NULL, PRIMARY KEY (camera, minute)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS chain (
  number INTEGER PRIMARY KEY, utc_ns INTEGER NOT NULL, verdicts INTEGER NOT NULL, acts INTEGER NOT NULL,
  rows_sha256 BLOB NOT NULL, hash BLOB NOT NULL);
"""
INDEXES = """
CREATE INDEX IF NOT EXISTS runs_by_session ON runs (session);
CREATE INDEX IF NOT EXISTS verdicts_by_time ON verdicts (captured_utc_ns);
CREATE INDEX IF NOT EXISTS verdicts_by_moment ON verdicts
  (coalesce(captured_utc_ns, run * 1000), state, captured_utc_ns);
CREATE INDEX IF NOT EXISTS verdicts_by_part ON verdicts (part) WHERE part <> '';
CREATE INDEX IF NOT EXISTS verdicts_by_entry ON verdicts (entry);
CREATE INDEX IF NOT EXISTS events_by_time ON events (utc_ns, kind, camera);
CREATE INDEX IF NOT EXISTS parts_not_good ON parts (told_utc_ns) WHERE state <> 'GOOD';
CREATE INDEX IF NOT EXISTS parts_by_time ON parts (told_utc_ns);
CREATE INDEX IF NOT EXISTS parts_by_name ON parts (part);
CREATE INDEX IF NOT EXISTS incidents_by_time ON incidents (utc_ns);
CREATE INDEX IF NOT EXISTS incidents_by_part ON incidents (part, utc_ns) WHERE part <> '';
CREATE INDEX IF NOT EXISTS incidents_by_review ON incidents (review, utc_ns) WHERE review <> '';
CREATE INDEX IF NOT EXISTS incidents_to_delete ON incidents (utc_ns)
  WHERE evidence IS NOT NULL AND pinned=0 AND review='';
CREATE INDEX IF NOT EXISTS incidents_pinned ON incidents (utc_ns) WHERE pinned = 1;
CREATE INDEX IF NOT EXISTS acts_by_entry ON acts (entry);
CREATE INDEX IF NOT EXISTS acts_by_kind ON acts (kind, number);
CREATE INDEX IF NOT EXISTS acts_by_time ON acts (utc_ns);
CREATE INDEX IF NOT EXISTS reviews_by_frame ON reviews (camera, run, seq);
CREATE INDEX IF NOT EXISTS samples_by_time ON samples (utc_ns);
CREATE INDEX IF NOT EXISTS minutes_by_time ON minutes (minute);
"""


def version_of(db: sqlite3.Connection) -> int:
    """The version of a log; 0 where it has no tables yet."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def bring_up(db: sqlite3.Connection, version: int) -> None:
    """The tables of VERSION, from those of `version` (0: none), within the caller's transaction."""
    for step in range(version or VERSION, VERSION):
        for statement in STEPS[step]:
            db.execute(statement)
    for statement in (TABLES + INDEXES).split(";"):
        if statement.strip():
            db.execute(statement)
    db.execute(f"PRAGMA user_version={VERSION}")
