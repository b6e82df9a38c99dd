"""Reads files that somebody else may have made: no larger than they may be, and nothing that never ends."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".ppm", ".pgm")  # of pictures


def read_file(path: Path, most: int) -> bytes:
    """The bytes of a regular file.

    Raises OSError where it cannot be read, is larger than `most` bytes, or is a pipe or a device: they need not end.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # to open a pipe would wait for its writer
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "no regular file", str(path))
        if found.st_size > most:
            raise OSError(errno.EFBIG, f"{found.st_size} bytes, at most {most} are read", str(path))
        return file.read(found.st_size)  # not `most`: a buffer of that size is made before the first byte is read
