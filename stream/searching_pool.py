"""Connections that read the defect log for the page: few, read-only, each question bounded in time.

A question runs in a thread, never in the page's loop. Knows no rows and no HTTP.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

from stream.keeping import LOG_FILE
from stream.log_error import LogError, unreadable
from stream.log_schema import VERSION, version_of

CONNECTIONS = 3
WAITING_MAX = 32  # questions that wait for a connection; past it, none is taken
ANSWER_S = 2.0
LOOK_EVERY = 10_000  # steps of SQLite's machine between two looks at the clock: well under a millisecond
Found = TypeVar("Found")
Question = Callable[[sqlite3.Connection], Found]


class NoLogError(LogError):
    """There is no log yet, or one that an older version wrote and no recorder has opened since."""


class SlowError(LogError):
    """The question took too long, or too many wait."""


class LogPool:
    """Answers questions to one line's log."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / LOG_FILE
        self._idle: list[_Opened] = []
        self._turn = asyncio.Semaphore(CONNECTIONS)
        self._waiting = 0
        self._closed = False

    async def ask(self, question: Question[Found]) -> Found:
        """What the question finds. Raises NoLogError, SlowError, LogError."""
        if self._waiting >= WAITING_MAX:
            raise SlowError(f"{WAITING_MAX} questions to the log wait already; ask again in a moment")
        self._waiting += 1
        try:
            async with self._turn:
                return await asyncio.to_thread(self._answer, question)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """What is asked at this moment still gets its answer."""
        self._closed = True
        while self._idle:
            self._idle.pop().db.close()

    def _answer(self, question: Question[Found]) -> Found:
        opened = self._borrow()
        until_s = time.monotonic() + ANSWER_S
        opened.db.set_progress_handler(lambda: time.monotonic() > until_s, LOOK_EVERY)
        try:
            found = question(opened.db)
        except (sqlite3.Error, msgspec.MsgspecError) as error:  # the latter: a row that no recorder wrote
            opened.db.close()
            if time.monotonic() > until_s:
                raise SlowError(f"the log had no answer within {ANSWER_S:g} s; ask for less: a shorter time") from None
            raise unreadable(self._path, error) from error
        except BaseException:
            opened.db.close()
            raise
        if self._closed:
            opened.db.close()
        else:
            self._idle.append(opened)
        return found

    def _borrow(self) -> _Opened:
        """A connection to the file that lies there now: a log may be moved away, and the line begin another."""
        while self._idle:
            opened = self._idle.pop()
            if opened.file == _file(self._path):
                return opened
            opened.db.close()
        return _open(self._path)


@dataclass(frozen=True)
class _Opened:
    """A connection, and the file that it reads."""

    db: sqlite3.Connection
    file: tuple[int, int]


def _file(path: Path) -> tuple[int, int] | None:
    """Device and inode; None where there is no file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _open(path: Path) -> _Opened:
    if (file := _file(path)) is None:
        raise NoLogError("there is no log yet; it begins when the line starts")
    try:
        db = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=ANSWER_S, check_same_thread=False)
    except sqlite3.Error as error:
        raise unreadable(path, error) from error
    try:
        version = version_of(db)
    except sqlite3.Error as error:
        db.close()
        raise unreadable(path, error) from error
    if version < VERSION:
        db.close()
        raise NoLogError(f"the log is of version {version}; the line makes it one of {VERSION} when it starts")
    return _Opened(db, file)
