"""Files and folders that survive a power cut: a file is replaced as a whole, or longer by a line.

Knows not what they say.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def alone_in(folder: Path, timeout_s: float) -> Iterator[None]:
    """Of all that ask so for a folder one goes on at a time; a killed one leaves nothing to clear away.

    Raises TimeoutError where another one stays, OSError.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        _lock(descriptor, folder, time.monotonic() + timeout_s)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, folder: Path, until_s: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError as error:
            if time.monotonic() > until_s:
                raise TimeoutError(error.errno, "another process is writing here, and does not end", folder) from error
        time.sleep(0.01)


def replace_file(path: Path, content: bytes) -> None:
    """The file has this content, or, if anything fails, the old one; never a part. Raises OSError.

    One writer at a time: what is not written whole stands beside it under one name.
    """
    beside = path.with_name(f".{path.name}.partial")
    write_file(beside, content)
    beside.replace(path)
    sync_folder(path.parent)


def write_file(path: Path, content: bytes) -> None:
    """A file through to the disk; one that dies on the way leaves a part. Raises OSError."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def append_line(path: Path, line: bytes) -> None:
    """One more line at the end, on disk when this returns; a half line that a dead writer left is closed first.

    Raises OSError.
    """
    with path.open("ab+") as file:
        size = file.seek(0, os.SEEK_END)
        if size:
            file.seek(size - 1)
            line = line if file.read(1) == b"\n" else b"\n" + line
        file.write(line + b"\n")
        file.flush()
        os.fsync(file.fileno())
    sync_folder(path.parent)


def make_folder(folder: Path) -> None:
    """The folder and those above it are there, and a power cut takes none of them away. Raises OSError."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for made in reversed(missing):
        sync_folder(made.parent)


def sync_folder(folder: Path) -> None:
    """Makes the names in the folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
