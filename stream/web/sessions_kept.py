"""Sessions on disk, so that a killed page logs nobody out: their hashes alone, which open nothing."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import Executor
from pathlib import Path

from stream.durable import replace_file
from stream.web.sessions import Session, Sessions, sessions_in, text_of

log = logging.getLogger("linewatch.page")
KEPT = "page-sessions.json"


class SessionsKept:
    """The file of one page."""

    def __init__(self, data_dir: Path, threads: Executor) -> None:
        self._threads = threads
        self.sessions = Sessions(_read(data_dir / KEPT))
        self._file = data_dir / KEPT
        self._saved = self.sessions.changes
        self._saving = asyncio.Lock()

    async def save(self) -> None:
        """On disk as they are now, where that is another state than before; a full disk only makes it say so."""
        async with self._saving:
            changes = self.sessions.changes
            if changes == self._saved:
                return
            try:
                content = text_of(self.sessions.all())
                await asyncio.get_running_loop().run_in_executor(self._threads, replace_file, self._file, content)
            except OSError as error:
                log.warning("%s: who is logged in cannot be kept (%s)", self._file, error.strerror)
            self._saved = changes


def _read(path: Path) -> tuple[Session, ...]:
    try:
        return sessions_in(path.read_bytes())
    except FileNotFoundError:
        return ()
    except (OSError, ValueError) as error:
        log.warning("%s: whoever was logged in must log in again (%s)", path, error)
        return ()
