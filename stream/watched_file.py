"""The file by which another program names the recipe that it wants: what it says, and which writing of it that is.

It may be a pipe that nobody writes into, or lie on a share that hangs: who asks here never waits longer than it says.
"""

from __future__ import annotations

import os
import stat
import threading
from dataclasses import dataclass
from pathlib import Path

LONGEST = 128  # bytes of its first line that are read
LOOK_EVERY_S = 0.5
SILENT_S = 5.0  # so long a share may take


@dataclass(frozen=True)
class Said:
    """What the file says."""

    name: str = ""  # what can be shown of its first line; empty: it wants nothing
    mark: str = ""  # of this writing: another one where the file was written anew, be it with the same name
    trouble: str = ""  # why it could not be read, in words

    def newer_than(self, acted_on: Said) -> bool:
        """Whether it was written since; by the name alone where nobody kept the mark."""
        return self.name != acted_on.name or (acted_on.mark != "" and self.mark != acted_on.mark)


def read_now(path: Path) -> Said:
    """What it says now, however long that takes; a file that is missing wants nothing."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # else a pipe would wait for a writer
        with os.fdopen(descriptor, "rb") as file:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                return Said(trouble=f"the file {path} is none, but a pipe or the like; name a file in its place")
            read = file.readline(LONGEST)
    except (FileNotFoundError, NotADirectoryError):
        return Said()
    except OSError as error:
        return Said(trouble=f"the file {path} cannot be read ({error.strerror}); look at its rights and its share")
    name = "".join(sign for sign in read.decode(errors="replace").strip() if sign.isprintable())
    return Said(name, f"{found.st_mtime_ns}-{found.st_ino}")


class WatchedFile:
    """What it said last, read by threads of its own, one at a time: a share that hangs holds up nobody else."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._said = Said()
        self._thread: threading.Thread | None = None
        self._began_s = 0.0

    def look(self, now_s: float) -> Said:
        """Returns at once; what it says now is told by a later look."""
        if self._thread is not None and self._thread.is_alive():
            return self._said if now_s <= self._began_s + SILENT_S else self._silent
        if self._thread is None or now_s >= self._began_s + LOOK_EVERY_S:
            self._began_s = now_s
            self._begin()
        return self._said

    def first(self) -> Said:
        """What it says, waited for, but not for ever."""
        thread = self._begin()
        thread.join(SILENT_S)
        return self._silent if thread.is_alive() else self._said

    @property
    def _silent(self) -> Said:
        text = f"the file {self._path} does not answer for {SILENT_S:g} s; look to the share that it lies on"
        return Said(trouble=text)

    def _begin(self) -> threading.Thread:
        self._thread = threading.Thread(target=self._read, name="recipe file", daemon=True)
        self._thread.start()
        return self._thread

    def _read(self) -> None:
        self._said = read_now(self._path)
