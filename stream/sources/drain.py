"""A thread that does nothing but take a camera's pictures as they come. Knows no kind of camera.

Reading from a camera cannot be interrupted from outside, and closing it under its reader crashes. So the thread alone
opens, reads and closes it; one that hangs is left behind until the camera's own time-out ends it.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from typing import Generic, TypeVar

from stream.sources.patience import Patience
from stream.sources.source import SourceError

HELD = 2  # pictures between the thread and `pictures`; where that is full the thread waits
LATER_S = 0.25  # the camera's own time-out comes first: its reason says more
LOOK_EVERY_S = 0.1
GONE_S = 0.25  # a thread that is well ends within a frame or two
Given = TypeVar("Given")  # Picture; for a camera that waits for a trigger, Waiting beside it


class Drain(Generic[Given]):
    """Gives what `read` gives, but not later than `silent_after_s` and five periods, and not after `close`.

    `read` opens the camera, yields its pictures, and closes it when it is closed itself; it raises SourceError where it
    fails and where it ends. `silent` says that nothing came. `interrupt`, where there is one, ends a read that waits.
    """

    def __init__(
        self,
        name: str,
        read: Callable[[], Generator[Given, None, None]],
        silent_after_s: float,
        silent: str,
        interrupt: Callable[[], None] = lambda: None,
        behind_s: Callable[[], float] = lambda: 0.0,
    ) -> None:
        """`behind_s`: how long something that came has waited to be decoded: as long as it waits, none is silent."""
        self._read = read
        self._patience = Patience(silent_after_s)
        self._silent = silent
        self._interrupt = interrupt
        self._behind_s = behind_s
        self._arrived: queue.Queue[Given | BaseException | None] = queue.Queue(HELD)
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._drain, name=name, daemon=True)

    def pictures(self) -> Iterator[Given]:
        """Pictures as they come; once. Raises SourceError."""
        if not self._closed.is_set():
            self._thread.start()
        while not self._closed.is_set():
            try:
                arrived = self._arrived.get(timeout=(allowed_s := self._patience.allowed_s) + LATER_S)
            except queue.Empty:
                if self._behind_s() > LATER_S:
                    continue
                raise SourceError(f"{self._silent} (nothing for {allowed_s:.1f} s)") from None
            if isinstance(arrived, SourceError) and self._closed.is_set():
                return
            if isinstance(arrived, BaseException):
                raise arrived
            if arrived is not None and not self._closed.is_set():
                yield arrived

    def close(self) -> None:
        """From any thread; may be called twice."""
        self._closed.set()
        self._interrupt()
        self._hand_over(None)  # whoever waits for a picture waits no longer, however the thread ended
        if self._thread.is_alive():
            self._thread.join(GONE_S)

    def _drain(self) -> None:
        try:
            with closing(self._read()) as reading:
                for picture in reading:
                    if self._closed.is_set():
                        return
                    self._patience.arrived(time.monotonic())
                    self._hand_over(picture)
        except SourceError as error:
            self._hand_over(error)
        except BaseException as error:  # a fault of ours: whoever takes the pictures must fall too
            self._hand_over(error)
            raise

    def _hand_over(self, arrived: Given | BaseException | None) -> None:
        """Waits for room; after `close` nobody takes anything, and nobody misses it."""
        while True:
            try:
                return self._arrived.put(arrived, timeout=LOOK_EVERY_S)
            except queue.Full:
                if self._closed.is_set():
                    return
