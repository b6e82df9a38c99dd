"""What a recorder that is started anew in the middle of a session asks the log for: the session's other runs.

Books come back one by one as messages name their runs; of a run that is over no message comes, and without it the
session's counts would go back. Runs are read a few at a time: what arrives meanwhile is taken.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from stream.bookkeeping import Bookkeeping
from stream.defect_log import DefectLog
from stream.log_error import LogError
from stream.log_reading import reading, sound_book
from stream.run_book import RunBook

log = logging.getLogger("linewatch")
SLICE_S = 0.05  # of one turn of the recorder
PATIENCE_S = 0.3  # for counts of thousands of runs nobody is kept without a word


class Remembering:
    """The runs of the session that are not in memory yet, the newest first."""

    def __init__(self, data_dir: Path, session: str, gap: int) -> None:
        self._data_dir = data_dir
        self._session = session
        self._gap = gap
        self._left: list[tuple[str, int]] | None = None  # None: the log has not been asked
        self._began = 0.0

    @property
    def going_on(self) -> bool:
        """Whether there is more to read."""
        return bool(self._left)

    @property
    def too_early(self) -> bool:
        """Whether what is told of the session now would be too little, and can wait."""
        return self.going_on and time.monotonic() < self._began + PATIENCE_S

    def step(self, books: Bookkeeping, opened: DefectLog | None) -> None:
        """Reads for a moment, once there is a log. What cannot be read is said, and the rest counts."""
        if opened is None or self._left == []:
            return
        now = time.monotonic()
        try:
            if self._left is None:
                self._left, self._began = opened.runs_of(self._session), now
            with reading(self._data_dir) as db:
                while self._left and time.monotonic() < now + SLICE_S:
                    camera, run = self._left.pop()
                    if not books.has(camera, run):
                        self._read(partial(sound_book, db, camera, run, self._gap), books)
        except LogError as error:
            log.error("the counts of this session lack what was before: %s", error)
            self._left = []

    def _read(self, book_of: Callable[[], RunBook | None], books: Bookkeeping) -> None:
        try:
            if (book := book_of()) is not None:
                books.remember(book)
        except LogError as error:
            log.error("the counts of this session lack one: %s", error)
