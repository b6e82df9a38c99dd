"""A hung work loop: the main thread of a process stands still while its other threads go on. Linux, by ptrace(2).

SIGSTOP stops a whole process. What hangs in a driver or a lock is one thread, and that is what a supervisor must find,
too: a heartbeat from a helper thread would go on.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import threading
import time

SEIZE, INTERRUPT, DETACH = 0x4206, 0x4207, 17  # sys/ptrace.h
WALL = 0x40000000  # __WALL of waitpid(2): also threads
LOOK_EVERY_S = 0.01


class Hang:
    """Holds the main thread of a process until released or until the process is dead."""

    def __init__(self, pid: int, most_s: float) -> None:
        self._pid = pid
        self._until_s = time.monotonic() + most_s
        self._released = threading.Event()
        self._begun = threading.Event()
        self.error = ""
        self.died = False
        self._thread = threading.Thread(target=self._hold, name=f"hang {pid}")
        self._thread.start()
        self._begun.wait(2.0)

    def release(self) -> None:
        self._released.set()
        self._thread.join()

    def _hold(self) -> None:
        try:
            _ptrace(SEIZE, self._pid)
            _ptrace(INTERRUPT, self._pid)
        except OSError as error:
            self.error = error.strerror or str(error)
            return
        finally:
            self._begun.set()
        while not self._released.is_set() and time.monotonic() < self._until_s + 1.0:
            if self._over():
                self.died = True
                return
            time.sleep(LOOK_EVERY_S)
        with contextlib.suppress(OSError):
            _ptrace(DETACH, self._pid)

    def _over(self) -> bool:
        """Whether it was killed. A traced process is buried by its tracer first, else its parent hears nothing."""
        try:
            pid, status = os.waitpid(self._pid, os.WNOHANG | WALL)
        except ChildProcessError:
            return True
        return pid != 0 and (os.WIFSIGNALED(status) or os.WIFEXITED(status))


def _ptrace(request: int, pid: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.restype = ctypes.c_long
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    if libc.ptrace(request, pid, None, None) < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
