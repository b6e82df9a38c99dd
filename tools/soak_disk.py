"""A small disk for a line's records: one that can be filled, and a log that can be held locked. Undone by `close`."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
import threading
from pathlib import Path

BLOCK = b"x" * (1 << 16)
FILLER = "filler"
BUSY_S = 2.0


class SmallDisk:
    """A tmpfs mounted at a folder; root alone may."""

    def __init__(self, folder: Path, megabytes: int) -> None:
        """Raises OSError where it cannot be mounted, with the reason."""
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        if os.geteuid() != 0:
            raise PermissionError("a small disk can be mounted by root alone")
        command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0755", "linewatch-soak", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise OSError(f"a small disk cannot be mounted here: {done.stderr.strip()}")
        self._mounted = True

    def fill(self) -> int:
        """Takes all that is left; gives how many bytes that was."""
        with contextlib.suppress(OSError), (self._folder / FILLER).open("wb", buffering=0) as file:
            while file.write(BLOCK) == len(BLOCK):
                continue
        return (self._folder / FILLER).stat().st_size

    def free(self) -> None:
        (self._folder / FILLER).unlink(missing_ok=True)

    def close(self) -> None:
        """What is on it stays, in the folder it was mounted at. May be called twice."""
        if not self._mounted:
            return
        self._mounted = False
        self.free()
        kept = self._folder.with_name(f"{self._folder.name}.kept")
        shutil.copytree(self._folder, kept, symlinks=True)
        subprocess.run(["umount", "--lazy", str(self._folder)], check=True)
        self._folder.rmdir()
        kept.rename(self._folder)


class LogLock:
    """Holds the log locked for writing, as a backup program or a person's shell might, in a thread of its own."""

    def __init__(self, log_file: Path, most_s: float) -> None:
        self._log_file = log_file
        self._most_s = most_s
        self._release = threading.Event()
        self._held = threading.Event()
        self.error = ""
        self._thread = threading.Thread(target=self._hold, name="log lock")
        self._thread.start()
        self._held.wait(BUSY_S + 1.0)

    def release(self) -> None:
        self._release.set()
        self._thread.join()

    def _hold(self) -> None:
        try:
            with contextlib.closing(sqlite3.connect(self._log_file, timeout=BUSY_S, isolation_level=None)) as log:
                log.execute("BEGIN IMMEDIATE")
                self._held.set()
                self._release.wait(self._most_s + 1.0)
                log.execute("ROLLBACK")
        except sqlite3.Error as error:
            self.error = str(error)
            self._held.set()
