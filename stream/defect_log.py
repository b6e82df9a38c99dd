"""The defect log: one SQLite file per line, for ever. Knows rows; what they mean is run_book.py's business.

WAL with synchronous=FULL: a commit that returned survives a power cut. One transaction carries verdicts, ledger, digest
and counts together, so they can never disagree. Written by the recorder alone; anyone may read beside it.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from stream.incidents import BadFrame, IncidentBook
from stream.ledger import Interval, Ledger
from stream.messages import DefectRecord, Event, FrameRef, VerdictRecord
from stream.metrics import Latencies
from stream.run_book import RunBook

FILE = "log.sqlite"
VERSION = 1
SCHEMA = """
CREATE TABLE IF NOT EXISTS sessions (
  session TEXT PRIMARY KEY, started_utc_ns INTEGER NOT NULL, line TEXT NOT NULL,
  engine TEXT NOT NULL DEFAULT '', bundle TEXT NOT NULL DEFAULT '', settings TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS runs (
  camera TEXT NOT NULL, run INTEGER NOT NULL, session TEXT NOT NULL, source TEXT NOT NULL, live INTEGER NOT NULL,
  captured INTEGER NOT NULL, lost INTEGER NOT NULL, expired INTEGER NOT NULL, ended INTEGER NOT NULL,
  note TEXT NOT NULL, digest TEXT NOT NULL, latencies BLOB NOT NULL,
  PRIMARY KEY (camera, run)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS runs_by_session ON runs (session);
CREATE TABLE IF NOT EXISTS ledger (
  camera TEXT NOT NULL, run INTEGER NOT NULL, start INTEGER NOT NULL, stop INTEGER NOT NULL, outcome TEXT NOT NULL,
  PRIMARY KEY (camera, run, start)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS verdicts (
  camera TEXT NOT NULL, run INTEGER NOT NULL, seq INTEGER NOT NULL, state TEXT NOT NULL, score REAL, reason TEXT,
  defects TEXT NOT NULL, mask_sha256 TEXT NOT NULL, bundle TEXT NOT NULL, settings TEXT NOT NULL,
  captured_utc_ns INTEGER, captured_mono_ns INTEGER, judged_mono_ns INTEGER, pts_s REAL, host TEXT, boot_id TEXT,
  inspector TEXT, attempt INTEGER, evidence TEXT,
  PRIMARY KEY (camera, run, seq)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS verdicts_by_time ON verdicts (captured_utc_ns);
CREATE TABLE IF NOT EXISTS events (
  id INTEGER PRIMARY KEY, utc_ns INTEGER NOT NULL, camera TEXT NOT NULL, run INTEGER NOT NULL, kind TEXT NOT NULL,
  text TEXT NOT NULL);
"""


class LogError(OSError):
    """The log cannot be opened or written; the text says what to do."""


@dataclass(frozen=True)
class VerdictRow:
    """One BAD or UNKNOWN frame as the log keeps it. GOOD frames stand in the ledger alone."""

    camera: str
    run: int
    seq: int
    verdict: VerdictRecord
    frame: FrameRef | None = None  # None where capture decided, without a picture
    judged_mono_ns: int | None = None
    inspector: str | None = None
    evidence: str | None = None  # folder relative to data_dir


@dataclass
class Batch:
    """What the next transaction writes."""

    verdicts: list[VerdictRow] = field(default_factory=list)
    moved_evidence: list[tuple[str, int, int]] = field(default_factory=list)  # (camera, run, seq): it has none any more
    events: list[Event] = field(default_factory=list)
    books: dict[tuple[str, int], RunBook] = field(default_factory=dict)  # those that changed
    ledger: dict[tuple[str, int, int], Interval | None] = field(default_factory=dict)
    runs: tuple[tuple[object, ...], ...] = ()  # the rows of the books as they stood at `freeze`

    def __bool__(self) -> bool:
        return bool(self.verdicts or self.moved_evidence or self.events or self.books or self.ledger)

    def note(self, book: RunBook) -> None:
        """Takes over what changed in a run."""
        self.books[book.camera, book.run] = book
        for start, interval in book.ledger.take_changes():
            self.ledger[book.camera, book.run, start] = interval

    def freeze(self) -> None:
        """Takes the books as they stand: they go on while another thread writes, and must agree with this ledger."""
        self.runs = tuple(_run_columns(book) for book in self.books.values())

    def join(self, newer: Batch) -> None:
        """What came later goes into the same transaction."""
        self.verdicts += newer.verdicts
        self.moved_evidence += newer.moved_evidence
        self.events += newer.events
        self.books.update(newer.books)
        self.ledger.update(newer.ledger)


class DefectLog:
    """The log, open for writing; by one thread at a time."""

    def __init__(self, data_dir: Path) -> None:
        """Opens or creates it. Raises LogError."""
        self.path = data_dir / FILE
        self._engine = ("", "", "")  # engine, bundle, session: as noted last
        self._engine_written = True
        try:
            data_dir.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(self.path, timeout=1.0, isolation_level=None, check_same_thread=False)
        except (sqlite3.Error, OSError) as error:
            raise LogError(_cannot_keep(self.path, error)) from error
        try:
            self._prepare()
        except sqlite3.Error as error:
            self._db.close()
            raise LogError(_cannot_keep(self.path, error)) from error

    def begin_session(self, session: str, started_utc_ns: int, line: str, settings: str) -> None:
        """Enters a start of the line. Raises LogError where the disk refuses."""
        try:
            self._db.execute(
                "INSERT OR IGNORE INTO sessions (session, started_utc_ns, line, settings) VALUES (?, ?, ?, ?)",
                (session, started_utc_ns, line, settings),
            )
        except sqlite3.Error as error:
            raise LogError(_refused(self.path, error)) from error

    def note_engine(self, session: str, engine: str, bundle: str) -> None:
        """Enters who judges; where the disk refuses, with the next batch that it takes."""
        if self._engine == (engine, bundle, session):
            return
        self._engine, self._engine_written = (engine, bundle, session), False
        with contextlib.suppress(sqlite3.Error):
            self._write_engine()
            self._engine_written = True

    def write(self, batch: Batch) -> None:
        """All of it or nothing, on disk when it returns. Raises LogError where the disk refuses."""
        if not batch.runs:
            batch.freeze()
        try:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                self._write(batch)
                if not self._engine_written:
                    self._write_engine()
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise LogError(_refused(self.path, error)) from error
        self._engine_written = True

    def _prepare(self) -> None:
        """Durable commits, and the tables of this version. Raises LogError where the log is of another version."""
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version not in (0, VERSION):
            self._db.close()
            raise LogError(
                f"{self.path}: a log of format {version}, this version keeps format {VERSION}; "
                "set data_dir to another folder, or use the version that wrote it"
            )
        self._db.executescript(f"BEGIN IMMEDIATE; {SCHEMA} PRAGMA user_version={VERSION}; COMMIT;")

    def _write_engine(self) -> None:
        self._db.execute("UPDATE sessions SET engine=?, bundle=? WHERE session=?", self._engine)

    def _write(self, batch: Batch) -> None:
        db = self._db
        db.executemany(
            "INSERT OR IGNORE INTO verdicts VALUES (" + ",".join("?" * 19) + ")", [_columns(v) for v in batch.verdicts]
        )
        db.executemany("UPDATE verdicts SET evidence=NULL WHERE camera=? AND run=? AND seq=?", batch.moved_evidence)
        db.executemany(
            "DELETE FROM ledger WHERE camera=? AND run=? AND start=?",
            [key for key, interval in batch.ledger.items() if interval is None],
        )
        db.executemany(
            "INSERT OR REPLACE INTO ledger VALUES (?, ?, ?, ?, ?)",
            [(c, r, s, i.stop, i.outcome) for (c, r, s), i in batch.ledger.items() if i is not None],
        )
        db.executemany(
            "INSERT OR REPLACE INTO runs VALUES (" + ",".join("?" * 12) + ")",
            batch.runs,
        )
        db.executemany(
            "INSERT INTO events (utc_ns, camera, run, kind, text) VALUES (?, ?, ?, ?, ?)",
            [(e.utc_ns, e.camera, e.run, e.kind, e.text) for e in batch.events],
        )

    def book(self, camera: str, run: int, gap: int) -> RunBook | None:
        """What the log has of a run; None where it has nothing. May be asked while another thread writes.

        Raises LogError.
        """
        with contextlib.closing(open_for_reading(self.path.parent)) as db:
            return read_book(db, camera, run, gap)

    def evidence_folders(self) -> set[str]:
        """Every evidence folder that a row points to."""
        return {row[0] for row in self._db.execute("SELECT evidence FROM verdicts WHERE evidence IS NOT NULL")}

    def runs(self) -> set[tuple[str, str]]:
        """Every run in the log, by camera and its number as text."""
        return {(camera, str(run)) for camera, run in self._db.execute("SELECT camera, run FROM runs")}

    def close(self) -> None:
        self._db.close()


def open_for_reading(data_dir: Path) -> sqlite3.Connection:
    """The log of a line, read-only, also while it runs. Raises LogError where there is none."""
    path = data_dir / FILE
    if not path.is_file():
        raise LogError(f"{path}: no log here; give the folder that the line keeps as data_dir")
    try:
        db = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=5.0)
    except sqlite3.Error as error:
        raise LogError(f"{path}: the log cannot be opened: {error}") from error
    try:
        db.execute("SELECT 1 FROM runs LIMIT 1")
    except sqlite3.Error as error:
        db.close()
        raise LogError(f"{path}: not a log that can be read: {error}") from error
    return db


def read_book(db: sqlite3.Connection, camera: str, run: int, gap: int) -> RunBook | None:
    """A run as the log has it; None where it is not in the log."""
    row = db.execute(
        "SELECT session, source, live, captured, lost, expired, ended, note, digest, latencies FROM runs"
        " WHERE camera=? AND run=?",
        (camera, run),
    ).fetchone()
    if row is None:
        return None
    session, source, live, captured, lost, expired, ended, note, digest, latencies = row
    intervals = db.execute("SELECT start, stop, outcome FROM ledger WHERE camera=? AND run=?", (camera, run))
    frames = db.execute(
        "SELECT seq, score, captured_utc_ns FROM verdicts WHERE camera=? AND run=? AND state='BAD'"
        " AND score IS NOT NULL",
        (camera, run),
    )
    return RunBook(
        camera=camera,
        run=run,
        incidents=IncidentBook(gap, (BadFrame(*frame) for frame in frames)),
        session=session,
        source=source,
        live=bool(live),
        captured=captured,
        lost=lost,
        expired=expired,
        ended=bool(ended),
        note=note,
        digest=int(digest, 16),
        ledger=Ledger(Interval(*interval) for interval in intervals),
        latencies=Latencies(msgspec.json.decode(latencies, type=dict[int, int])),
    )


def session_books(db: sqlite3.Connection, session: str, gap: int) -> Iterable[RunBook]:
    """Every run of a session, by camera, oldest first."""
    rows = db.execute("SELECT camera, run FROM runs WHERE session=? ORDER BY camera, run", (session,)).fetchall()
    for camera, run in rows:
        book = read_book(db, camera, run, gap)
        if book is not None:
            yield book


def defects_from(text: str) -> tuple[DefectRecord, ...]:
    """The defects of a row."""
    return msgspec.json.decode(text, type=tuple[DefectRecord, ...])


def _cannot_keep(path: Path, error: Exception) -> str:
    return f"{path}: cannot keep the log here: {error}; set data_dir to a writable folder"


def _refused(path: Path, error: Exception) -> str:
    return f"{path}: the log cannot be written: {error}; make room on the disk"


def _columns(row: VerdictRow) -> tuple[object, ...]:
    v, f = row.verdict, row.frame
    return (
        row.camera,
        row.run,
        row.seq,
        v.state,
        v.score,
        v.reason,
        msgspec.json.encode(v.defects).decode(),
        v.mask_sha256,
        v.bundle_id,
        v.settings_id,
        f and f.captured_utc_ns,
        f and f.captured_mono_ns,
        row.judged_mono_ns,
        f and f.pts_s,
        f and f.host,
        f and f.boot_id,
        row.inspector,
        f and f.attempt,
        row.evidence,
    )


def _run_columns(book: RunBook) -> tuple[object, ...]:
    return (
        book.camera,
        book.run,
        book.session,
        book.source,
        int(book.live),
        book.captured,
        book.lost,
        book.expired,
        int(book.ended),
        book.note,
        f"{book.digest:064x}",
        msgspec.json.encode(book.latencies.counts),
    )
