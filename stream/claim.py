"""A place that one process alone may have, such as that of a line's recorder: held for as long as the process lives."""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path

OWNER_BYTES = 32  # in a lock file: the number of the process that holds it


class BusyError(OSError):
    """Another process has this place; the text says which."""


class Claim:
    """The right to be the only one in a place: a lock file held for as long as the process lives.

    ZeroMQ would let a second process bind the same ipc path and steal it silently.
    """

    def __init__(self, path: Path, what: str) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            owner = os.pread(self._descriptor, OWNER_BYTES, 0).decode(errors="replace").strip()
            os.close(self._descriptor)
            raise BusyError(f"{what} runs already (process {owner or '?'}); stop it first") from error
        # Never shortened first: where shared memory is full, a page that was given back is not to be had again.
        with contextlib.suppress(OSError):  # the right is held; who holds it is only for the message above
            os.pwrite(self._descriptor, f"{os.getpid()}\n".encode().rjust(OWNER_BYTES), 0)

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
