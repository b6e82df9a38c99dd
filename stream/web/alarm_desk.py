"""Keeps the alarms of a page over its own death: when each began, on disk; who acknowledged it, in the line's log."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
import time
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
from msgspec.structs import replace

from stream.durable import replace_file
from stream.log_error import LogError
from stream.searching_pool import LogPool
from stream.web.alarms import Acknowledged, AlarmBook, Kept
from stream.web.talk import AlarmState, PageStatus

log = logging.getLogger("linewatch.page")
KEPT = "page-alarms.json"
KEEP_EVERY_S = 0.5
READ_MAX = 1000  # acknowledgements that a page reads as it starts, the newest
READ_AGAIN_S = 1.0  # where the log cannot be read yet
QUESTION = "SELECT new, subject, who, utc_ns FROM acts WHERE kind='acknowledge' ORDER BY number DESC LIMIT ?"


class KeptAlarms(msgspec.Struct, frozen=True):
    """The file: of one start of the line. Another start begins with no alarm that anybody knows of."""

    session: str
    alarms: tuple[Kept, ...]


class AlarmDesk:
    """The alarms of one page."""

    def __init__(self, data_dir: Path, session: str) -> None:
        self._file = data_dir / KEPT
        self._session = session
        self._book = AlarmBook(_read(self._file, session), time.monotonic())
        self._saved = self._book.changes
        self._tasks: tuple[asyncio.Task[None], ...] = ()

    def with_states(self, status: PageStatus) -> PageStatus:
        """The status, with what is known of each of its alarms."""
        return replace(status, alarm_states=self._book.see(status, time.monotonic(), time.time_ns()))

    def standing(self, text: str, camera: str | None) -> tuple[AlarmState, ...]:
        """The alarms that say so; of any camera where none is named."""
        return self._book.standing(text, camera)

    def acknowledge(self, done: Acknowledged) -> None:
        """Once it is on record."""
        self._book.acknowledge(done)

    @contextlib.asynccontextmanager
    async def minding(self, pool: LogPool) -> AsyncIterator[None]:
        """While the page is served."""
        self._tasks = (asyncio.create_task(self._read_back(pool)), asyncio.create_task(self._keep()))
        try:
            yield
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def check(self) -> None:
        """Raises what one of the tasks fell over, so that the page falls with it and is started again."""
        for task in self._tasks:
            if task.done():
                task.result()

    async def _read_back(self, pool: LogPool) -> None:
        """Who acknowledged what; the recorder may make the log only now."""
        while True:
            try:
                rows = await pool.ask(_acknowledged)
            except LogError:
                await asyncio.sleep(READ_AGAIN_S)
            else:
                for done in reversed(rows):  # the first counts
                    self._book.acknowledge(done)
                return

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(KEEP_EVERY_S)
            if (changes := self._book.changes) == self._saved:
                continue
            content = msgspec.json.encode(KeptAlarms(self._session, self._book.kept()))
            try:
                await asyncio.to_thread(replace_file, self._file, content)
            except OSError as error:
                log.warning("%s: since when alarms stand cannot be kept (%s)", self._file, error.strerror)
            self._saved = changes


def _acknowledged(db: sqlite3.Connection) -> list[Acknowledged]:
    return [Acknowledged(*row) for row in db.execute(QUESTION, (READ_MAX,))]


def _read(file: Path, session: str) -> tuple[Kept, ...]:
    try:
        kept = msgspec.json.decode(file.read_bytes(), type=KeptAlarms)
    except (OSError, msgspec.DecodeError, RecursionError):
        return ()  # the safe side: nobody knows of any alarm yet
    return kept.alarms if kept.session == session else ()
