"""A role's heart: a few bytes in memory that its own work loop writes, and the wish to stop.

A heartbeat from a helper thread would go on while the work hangs; this one stands still with the work loop.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import signal
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

SIZE = 64
_FORMAT = struct.Struct("<QQ")  # beats, CLOCK_MONOTONIC of the last beat in ns


class HeartError(OSError):
    """There is no room for a heart; the text says where and what to do."""


class Heart:
    """`while heart.beat():` is a work loop that a supervisor can watch, and that ends when the role shall stop."""

    def __init__(self, path: Path | None, wanted: Callable[[], bool] = lambda: True) -> None:
        """`path` None: nobody watches (a role that was started alone). `wanted` False: the role shall stop."""
        self._wanted = wanted
        self._map: mmap.mmap | None = None
        self._beats = 0
        self._stop = False
        if path is not None:
            self._map = _mapped(path)

    def beat(self) -> bool:
        """Says that the work loop is alive; False once the role shall stop."""
        self.alive()
        self._stop = self._stop or not self._wanted()
        return not self._stop

    def alive(self) -> None:
        """A beat in the middle of work that takes long, and during an orderly stop."""
        self._beats += 1
        if self._map is not None:
            _FORMAT.pack_into(self._map, 0, self._beats, time.monotonic_ns())

    def stop(self) -> None:
        self._stop = True

    @property
    def stopping(self) -> bool:
        return self._stop

    def close(self) -> None:
        if self._map is not None:
            self._map.close()
            self._map = None


def last_beat(path: Path) -> tuple[int, int]:
    """How many beats a role has given, and when the last came (CLOCK_MONOTONIC, ns); (0, 0) before the first."""
    try:
        beats, mono_ns = _FORMAT.unpack(path.read_bytes()[: _FORMAT.size])
    except (OSError, struct.error):
        return 0, 0
    return beats, mono_ns


def clear(path: Path) -> None:
    """Before a role is started: no beat yet.

    Written over, not removed: where shared memory is full, a page that was given back is not to be had again. For the
    same reason a heart without a beat is left alone: it may have no page.
    """
    if last_beat(path) == (0, 0):
        return
    with path.open("r+b", buffering=0) as file:
        file.write(bytes(_FORMAT.size))


def _mapped(path: Path) -> mmap.mmap:
    """The heart's file, there to its last byte: a first beat into a page that is not to be had is a SIGBUS."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.posix_fallocate(descriptor, 0, SIZE)
        return mmap.mmap(descriptor, SIZE)
    except OSError as error:
        said = f"no room for a heart of {SIZE} bytes ({error.strerror}); make room in {path.parent} or make it larger"
        raise HeartError(error.errno, said, str(path)) from error
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def stopping_on_signals(heart: Heart, *, supervised: bool) -> Iterator[None]:
    """SIGTERM asks the role to stop; so does SIGINT, unless a supervisor decides (Ctrl-C reaches the whole group)."""

    def ask_to_stop(_number: int, _frame: FrameType | None) -> None:
        heart.stop()

    before = (
        signal.signal(signal.SIGTERM, ask_to_stop),
        signal.signal(signal.SIGINT, signal.SIG_IGN if supervised else ask_to_stop),
    )
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before[0])
        signal.signal(signal.SIGINT, before[1])
