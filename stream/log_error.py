"""What a person is told when the log cannot be opened, read or written. Knows no SQL."""

from __future__ import annotations

import sqlite3
from pathlib import Path


class LogError(OSError):
    """The log cannot be opened or written; the text says what to do."""


LOG_ERRORS = (OSError, sqlite3.Error)  # all that a disk or a damaged log may raise, LogError among it


def cannot_keep(path: Path, error: Exception) -> LogError:
    return LogError(f"{path}: cannot keep the log here: {error}; set data_dir to a writable folder")


def unreadable(path: Path, error: Exception) -> LogError:
    said = f"{path}: the log cannot be read: {error}; bring back a copy, or move it away: the line begins another"
    return LogError(said)


def refused(path: Path, error: Exception) -> LogError:
    return LogError(f"{path}: the log cannot be written: {error}; make room on the disk")
