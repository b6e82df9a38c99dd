"""Staged records on their way to the log: one transaction at a time, in a thread of its own.

A disk that is slow is not a recorder that hangs: the work loop goes on, and says so. Knows log
and books; no socket.
"""

from __future__ import annotations

import contextlib
import logging
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from stream.bookkeeping import Bookkeeping
from stream.deed_desk import who_promoted
from stream.deeds import LINE
from stream.defect_log import DefectLog
from stream.evidence import keep_folders, remove_evidence, remove_leftovers
from stream.log_error import LOG_ERRORS, LogError
from stream.log_upgrade import refuse_older
from stream.messages import Key
from stream.promotions import Entry
from stream.settings import RecorderSettings
from stream.staged import Staged

log = logging.getLogger("linewatch")
RETRY_S = 1.0
STALLED_S = 1.0  # a commit that takes longer is an alarm, and inspection goes on without it
WRITTEN_S = 0.005  # a commit on its way is looked after this often
TURN_S = 0.001  # what is due is not waited for in a circle
BATCH_MAX = 256  # answers that share one commit, at most


@dataclass(frozen=True)
class SessionRow:
    """A start of the line, as the log enters it."""

    session: str
    started_utc_ns: int
    line: str
    settings: str  # without passwords
    gap: int = RecorderSettings().incident_gap_frames  # of incidents, where an older log has none yet
    who: str = LINE  # the user that the line runs as


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
        self._judge: tuple[str, str, Entry | None] = ("", "", None)
        self.took_s = 0.0  # the last commit
        self.error = ""
        self.log: DefectLog | None = None
        self._open()

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
        if self._judge[:2] != (engine, bundle_id):
            self._judge = (engine, bundle_id, who_promoted(self._data_dir, bundle_id))

    @property
    def stalled_s(self) -> float:
        """How long the disk has taken over the present commit, where that is too long; else 0."""
        took_s = time.monotonic() - self._writing.since_s if self._writing else 0.0
        return took_s if took_s > STALLED_S else 0.0

    @property
    def refuses(self) -> bool:
        """Whether the disk takes nothing just now, or has taken too long over it."""
        return bool(self.error or self.stalled_s)

    def early_releases(self, books: Bookkeeping) -> dict[str, tuple[Key, ...]]:
        """While the disk refuses or stalls: frames whose pixels nobody needs, by camera, once.

        Those of the commit that is on its way, and those judged since: a ring that waits for them is full within
        half a second.
        """
        if not self.refuses:
            return {}
        by_camera: dict[str, tuple[Key, ...]] = {}
        for staged in ([self._writing.staged] if self._writing else []) + [books.staged]:
            for camera, keys in staged.early_releases().items():
                by_camera[camera] = by_camera.get(camera, ()) + keys
        return by_camera

    def busy(self, books: Bookkeeping) -> bool:
        """Whether something is not on disk yet that could get there."""
        return self._writing is not None or (bool(books.staged) and not self.error)

    def pause_s(self, books: Bookkeeping, most_s: float) -> float:
        """How long the loop may wait for news before it should look here again; `most_s` at most."""
        if self._writing is not None:
            return min(most_s, WRITTEN_S)
        if not books.staged:
            return most_s
        if len(books.staged.replies) >= BATCH_MAX and not self.error:
            return min(most_s, TURN_S)
        now_s = time.monotonic()
        since_s = now_s if self._staged_since_s is None else self._staged_since_s
        due_s = self._retry_at_s if self.error else since_s + self._commit_s
        return min(most_s, max(TURN_S, due_s - now_s))

    def close(self) -> None:
        self._thread.shutdown(wait=True, cancel_futures=True)
        if self.log is None:
            return
        with contextlib.suppress(LogError):  # whoever keeps what the line says can tell later that no end was cut off
            if head := self.log.head():
                log.info("the log's newest entry: %s", head)
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
        self.took_s = time.monotonic() - self._writing.since_s
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
            refuse_older(self._data_dir)  # to bring a large one up would stop the heart
            opened = DefectLog(self._data_dir, self._session.gap)
            row = self._session
            opened.begin_session(row.session, row.started_utc_ns, row.line, row.settings, row.who)
            self._take_over(opened)
        except LOG_ERRORS as error:
            if opened is not None:
                opened.close()
            self._refused(str(error))
            return
        self.log = opened
        if self.error:
            log.warning("the log can be written again")
        self.error = ""

    def _take_over(self, opened: DefectLog) -> None:
        """The evidence that an earlier recorder left, before anything of this one: no picture is written without a log.

        Raises OSError where the disk refuses: what is on record might lose its picture in a power cut.
        """
        try:
            keep_folders(self._data_dir)
        except OSError as error:
            said = f"{self._data_dir}: the folders of the evidence cannot be kept: {error}; give them to this user"
            raise LogError(said) from error
        removed = remove_leftovers(self._data_dir, opened.evidence_folders(), opened.runs())
        if removed:
            log.info("%d folders of evidence that an earlier recorder left unfinished are removed", removed)
