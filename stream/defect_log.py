"""The defect log: one SQLite file per line, for ever. Knows rows; what they mean is run_book.py's business.

WAL with synchronous=FULL: a commit that returned survives a power cut. One transaction carries verdicts, ledger, digest
and counts together, so they can never disagree. Written by the recorder alone; anyone may read beside it
(log_reading.py). Its tables stand in log_schema.py, what a transaction writes in log_batch.py.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from stream.deeds import LINE
from stream.durable import make_folder
from stream.log_batch import Batch, Minute, SampleRow, VerdictRow
from stream.log_chain import last_entry, seal
from stream.log_columns import defects_from
from stream.log_error import LOG_ERRORS, LogError, cannot_keep, refused, unreadable
from stream.log_incidents import fill
from stream.log_reading import (
    book_of,
    judged_by,
    keeps_incidents,
    keeps_parts,
    open_for_reading,
    part_column,
    read_book,
    reading,
    recipe_column,
    session_books,
)
from stream.log_schema import FILE, KEEPS_INCIDENTS, STEPS, VERSION, VOUCHES, bring_up, version_of
from stream.log_sessions import enter_judge, enter_session
from stream.log_vouched import seal_rows
from stream.log_writing import write_batch
from stream.promotions import Entry
from stream.run_book import RunBook
from stream.settings import RecorderSettings

__all__ = [
    "FILE",
    "LOG_ERRORS",
    "SESSIONS_LOOKED_AT",
    "VERSION",
    "Batch",
    "DefectLog",
    "LogError",
    "Minute",
    "SampleRow",
    "VerdictRow",
    "book_of",
    "defects_from",
    "judged_by",
    "keeps_incidents",
    "keeps_parts",
    "open_for_reading",
    "part_column",
    "read_book",
    "reading",
    "recipe_column",
    "session_books",
]
SESSIONS_LOOKED_AT = 100
STEPS_A_CALL = 10_000  # of SQLite's machine: about a thousand rows
OPEN_RUNS = """
SELECT camera, run, session FROM runs
WHERE session IN (SELECT session FROM sessions ORDER BY rowid DESC LIMIT ?) AND (
  ended=0 OR captured > (
    SELECT coalesce(sum(stop - start), 0) FROM ledger WHERE ledger.camera=runs.camera AND ledger.run=runs.run))
"""


class DefectLog:
    """The log, open for writing; by one thread at a time."""

    def __init__(
        self,
        data_dir: Path,
        gap: int = RecorderSettings().incident_gap_frames,
        lasts: Callable[[], None] | None = None,
    ) -> None:
        """Opens or creates it. `gap`: of the incidents, where an older log has none yet. Raises LogError.

        `lasts`: called again and again while an older log is brought up, as long as that goes on.
        """
        self.path = data_dir / FILE
        self._judge: tuple[str, str, str, Entry | None] = ("", "", "", None)  # as noted last
        self._judge_written = True
        try:
            make_folder(data_dir)
            self._db = sqlite3.connect(self.path, timeout=1.0, isolation_level=None, check_same_thread=False)
        except (sqlite3.Error, OSError) as error:
            raise cannot_keep(self.path, error) from error
        try:
            self._db.set_progress_handler(lasts, STEPS_A_CALL)
            self._prepare(gap)
            self._db.set_progress_handler(None, 0)
        except LogError:
            self._db.close()
            raise
        except sqlite3.Error as error:
            self._db.close()
            raise cannot_keep(self.path, error) from error

    def begin_session(self, session: str, started_utc_ns: int, line: str, settings: str, who: str = LINE) -> None:
        """Enters a start of the line, and what is set otherwise than before. Raises LogError where the disk refuses."""
        try:
            with self._transaction():
                enter_session(self._db, session, started_utc_ns, line, settings, who)
        except sqlite3.Error as error:
            raise refused(self.path, error) from error

    def note_engine(self, session: str, engine: str, bundle: str, promoted: Entry | None = None) -> None:
        """Enters who judges; where the disk refuses, with the next batch that it takes.

        `promoted`: the entry that put the bundle live, where there is one.
        """
        if self._judge[:3] == (session, engine, bundle):
            return
        self._judge, self._judge_written = (session, engine, bundle, promoted), False
        with contextlib.suppress(sqlite3.Error):
            with self._transaction():
                enter_judge(self._db, *self._judge)
            self._judge_written = True

    def write(self, batch: Batch) -> None:
        """All of it or nothing, on disk when it returns. Raises LogError where the disk refuses."""
        if not batch.runs:
            batch.freeze()
        try:
            with self._transaction():
                write_batch(self._db, batch, time.time_ns())
                if not self._judge_written:
                    enter_judge(self._db, *self._judge)
        except sqlite3.Error as error:
            raise refused(self.path, error) from error
        self._judge_written = True

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def _prepare(self, gap: int) -> None:
        """Durable commits, and the tables of this version. Raises LogError where the log is of another version."""
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        with self._transaction():
            version = version_of(self._db)  # not before: whoever held the lock until now may have brought it up
            if version not in (0, *STEPS, VERSION):
                raise LogError(
                    f"{self.path}: a log of format {version}, this version keeps format {VERSION}; "
                    "set data_dir to another folder, or use the version that wrote it"
                )
            bring_up(self._db, version)
            if 0 < version < KEEPS_INCIDENTS:
                fill(self._db, gap)
                seal(self._db, time.time_ns())
            if 0 < version < VOUCHES:
                seal_rows(self._db, time.time_ns())

    def book(self, camera: str, run: int, gap: int) -> RunBook | None:
        """What the log has of a run; None where it has nothing. May be asked while another thread writes.

        Raises LogError.
        """
        return book_of(self.path.parent, camera, run, gap)

    def head(self) -> str:
        """The newest entry of the chain, NUMBER:HASH; empty where there is none. Raises LogError."""
        try:
            found = last_entry(self._db)
        except sqlite3.Error as error:
            raise unreadable(self.path, error) from error
        return "" if found is None else found.head

    def evidence_folders(self) -> set[str]:
        """Every folder of evidence or of a sample that a row points to."""
        asked = "SELECT evidence FROM verdicts WHERE evidence IS NOT NULL UNION ALL SELECT folder FROM samples"
        return {row[0] for row in self._db.execute(asked)}

    def runs(self) -> set[tuple[str, str]]:
        """Every run in the log, by camera and its number as text."""
        return {(camera, str(run)) for camera, run in self._db.execute("SELECT camera, run FROM runs")}

    def runs_of(self, session: str) -> list[tuple[str, int]]:
        """The runs of a session, the oldest first. Raises LogError."""
        try:
            return self._db.execute("SELECT camera, run FROM runs WHERE session=? ORDER BY run", (session,)).fetchall()
        except sqlite3.Error as error:
            raise unreadable(self.path, error) from error

    def open_runs(self) -> dict[tuple[str, int], str]:
        """The runs that have not ended, or have frames without an outcome, with the session of each. Raises LogError.

        Of the latest sessions alone: each start closes what the one before left, and a log is kept for ever.
        """
        try:
            found = self._db.execute(OPEN_RUNS, (SESSIONS_LOOKED_AT,)).fetchall()
        except sqlite3.Error as error:
            raise unreadable(self.path, error) from error
        return {(camera, run): session for camera, run, session in found}

    def close(self) -> None:
        self._db.close()
