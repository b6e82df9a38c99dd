"""Files that survive a power cut: replaced as a whole, or longer by a line. Knows not what they say."""

from __future__ import annotations

import os
from pathlib import Path


def replace_file(path: Path, content: bytes) -> None:
    """The file has this content, or, if anything fails, the old one; never a part. Raises OSError."""
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


def sync_folder(folder: Path) -> None:
    """Makes the names in the folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
