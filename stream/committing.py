"""Staged records on their way to the log: one transaction at a time, in a thread of its own.

A disk that is slow is not a recorder that hangs: the work loop goes on, and says so. Knows log
and books; no socket.
"""

from __future__ import annotations

import logging
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from stream.bookkeeping import Bookkeeping, Staged
from stream.defect_log import DefectLog, LogError
from stream.evidence import remove_evidence, remove_leftovers
from stream.messages import Key

log = logging.getLogger("linewatch")
RETRY_S = 1.0
STALLED_S = 1.0  # a commit that takes longer is an alarm, and inspection goes on without it
BATCH_MAX = 256  # answers that share one commit, at most


@dataclass(frozen=True)
class SessionRow:
    """A start of the line, as the log enters it."""

    session: str
    started_utc_ns: int
    line: str
    settings: str  # without passwords


@dataclass(frozen=True)
class Writing:
    """A transaction on its way."""

    staged: Staged
    done: Future[None]
    since_s: float


class Committer:
    """The log and the one transaction that is being written. `error` says why the disk refuses."""

    def __init__(self, data_dir: Path, session: SessionRow, commit_ms: float) -> None:
        self._data_dir = data_dir
        self._session = session
        self._commit_s = commit_ms / 1000
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="commit")
        self._writing: Writing | None = None
        self._staged_since_s: float | None = None
        self._retry_at_s = 0.0
        self._judge = ("", "")
        self.error = ""
        self.log: DefectLog | None = None
        self._open()
        if self.log is not None:
            removed = remove_leftovers(data_dir, self.log.evidence_folders(), self.log.runs())
            if removed:
                log.info("%d folders of evidence that an earlier recorder left unfinished are removed", removed)

    def step(self, books: Bookkeeping) -> Staged | None:
        """One turn: begins a commit where it is due; gives what has reached the disk, so that it can be answered."""
        now_s = time.monotonic()
        if self.log is None and now_s >= self._retry_at_s:
            self._open()
        if self._writing is not None:
            return self._finish(books) if self._writing.done.done() else None
        if books.staged and self._staged_since_s is None:
            self._staged_since_s = now_s
        if books.staged and self.log is not None and self._due(books, now_s):
            staged = books.take()
            self._staged_since_s = None
            self._writing = Writing(staged, self._thread.submit(self._write, self.log, staged), now_s)
        return None

    def judged_by(self, engine: str, bundle_id: str) -> None:
        """Who judges; enters the log with the next commit."""
        self._judge = (engine, bundle_id)

    @property
    def stalled_s(self) -> float:
        """How long the disk has taken over the present commit, where that is too long; else 0."""
        took_s = time.monotonic() - self._writing.since_s if self._writing else 0.0
        return took_s if took_s > STALLED_S else 0.0

    def early_releases(self, books: Bookkeeping) -> dict[str, tuple[Key, ...]]:
        """While the disk refuses or stalls: frames whose pixels nobody needs, by camera, once."""
        if self._writing is not None and self.stalled_s:
            return self._writing.staged.early_releases()
        return books.staged.early_releases() if self.error or self.stalled_s else {}

    def busy(self, books: Bookkeeping) -> bool:
        """Whether something is not on disk yet that could get there."""
        return self._writing is not None or (bool(books.staged) and not self.error)

    def waiting(self, books: Bookkeeping) -> bool:
        """Whether the loop should look again soon."""
        return self._writing is not None or bool(books.staged)

    def close(self) -> None:
        self._thread.shutdown(wait=True, cancel_futures=True)
        if self.log is not None:
            self.log.close()

    def _due(self, books: Bookkeeping, now_s: float) -> bool:
        if self.error:
            return now_s >= self._retry_at_s
        waited_s = now_s - (self._staged_since_s or now_s)
        return waited_s >= self._commit_s or len(books.staged.replies) >= BATCH_MAX

    def _write(self, opened: DefectLog, staged: Staged) -> None:
        """The thread's work."""
        if any(self._judge):
            opened.note_engine(self._session.session, *self._judge)
        opened.write(staged.batch)
        for folder in staged.outdated:
            remove_evidence(self._data_dir, folder)

    def _finish(self, books: Bookkeeping) -> Staged | None:
        assert self._writing is not None
        staged, error = self._writing.staged, self._writing.done.exception()
        self._writing = None
        if error is None:
            if self.error:
                log.warning("the disk takes records again")
            self.error = ""
            return staged
        if not isinstance(error, LogError):
            raise error
        books.restore(staged)
        self._refused(str(error))
        return None

    def _refused(self, text: str) -> None:
        if not self.error:
            log.error("%s. Inspection goes on; nothing is acknowledged until the disk takes it", text)
        self.error = text
        self._retry_at_s = time.monotonic() + RETRY_S

    def _open(self) -> None:
        opened = None
        try:
            opened = DefectLog(self._data_dir)
            row = self._session
            opened.begin_session(row.session, row.started_utc_ns, row.line, row.settings)
        except (LogError, OSError) as error:
            if opened is not None:
                opened.close()
            self._refused(str(error))
            return
        self.log = opened
        if self.error:
            log.warning("the log can be written again")
        self.error = ""
