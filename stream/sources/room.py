"""What was read of a camera and waits to be decoded. Knows no kind of camera, and no decoder.

Reading and decoding are two threads: what a camera sends is taken off the network as it comes, and bears the time of
its arrival, however slow decoding is. Were it left in the network it would grow old there, and nobody could tell.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from stream.settings import CameraSettings
from stream.sources.source import LeftOut

LOOK_EVERY_S = 1.0
HELD_MOST = 512  # pictures: twenty seconds of most cameras, where each is wanted however late
BYTES_MOST = 64 << 20
Coded = TypeVar("Coded")


@dataclass(frozen=True)
class Arrived(Generic[Coded]):
    """One picture as it was read."""

    coded: Coded
    size: int  # bytes
    key: bool  # it copies from no other
    mono_ns: int
    lost: int = 0  # pictures that the camera counted before this one, and that never arrived


@dataclass(frozen=True)
class Bounds:
    """How much may wait."""

    wait_ns: int | None  # None: each is wanted, however late
    pictures: int = HELD_MOST
    bytes: int = BYTES_MOST


def bounds_for(camera: CameraSettings) -> Bounds:
    """Where the newest is wanted, half of the time that is left until its judgement would be late.

    Not `waiting_max`, which the ring holds to: a network brings several pictures in one piece, and a decoder that has
    nothing else to do has not seen the first of them when the last is read.
    """
    return Bounds(round(camera.deadline_ms / 2 * 1e6) if camera.newest else None)


def surplus(waiting: Sequence[Arrived[Coded]], now_ns: int, bounds: Bounds) -> int:
    """How many of them, the oldest first, are to be left out. All of them: so is what comes, until a key picture.

    Too late: up to the newest key picture. Too many, where each is wanted: up to the next one. The newest of all stays
    where it can be decoded alone: nothing newer is to be had, and its age is known.
    """
    if not waiting or (len(waiting) == 1 and waiting[0].key):
        return 0
    late = bounds.wait_ns is not None and now_ns - waiting[0].mono_ns > bounds.wait_ns
    many = len(waiting) > bounds.pictures or sum(one.size for one in waiting) > bounds.bytes
    if not (late or many):
        return 0
    keys = [place for place, one in enumerate(waiting) if one.key and place > 0]
    if not keys:
        return len(waiting)
    return keys[0] if bounds.wait_ns is None else keys[-1]


class Room(Generic[Coded]):
    """Between the thread that reads (`put`, `end`) and the one that decodes (`given`). The reader never waits."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._waiting: deque[Arrived[Coded]] = deque()
        self._left: LeftOut | None = None  # in front of what waits, and not told yet
        self._until_key = False
        self._end: BaseException | None = None
        self._over = False
        self._change = threading.Condition()

    @property
    def closed(self) -> bool:
        """Whether nobody takes anything any more: the reader may end."""
        return self._over and self._end is None

    def waits_s(self) -> float:
        """How long the oldest has waited; 0 where none waits."""
        with self._change:
            return (time.monotonic_ns() - self._waiting[0].mono_ns) / 1e9 if self._waiting else 0.0

    def put(self, coded: Coded, *, size: int, key: bool = True, lost: int = 0, mono_ns: int = 0) -> None:
        """It has just come; or `mono_ns`, where that is known."""
        arrived = Arrived(coded, size, key, mono_ns or time.monotonic_ns(), lost)
        with self._change:
            if self._over:
                return
            self._until_key = self._until_key and not key
            if self._until_key:
                self._leave_out((arrived,))
            else:
                self._waiting.append(arrived)
                self._clear()
            self._change.notify()

    def end(self, error: BaseException) -> None:
        """Nothing more comes, and why: raised once all that waits is taken."""
        with self._change:
            if not self._over:
                self._end, self._over = error, True
            self._change.notify()

    def close(self) -> None:
        """Nobody takes anything any more. From any thread; may be called twice."""
        with self._change:
            self._waiting.clear()
            self._end, self._over = None, True
            self._change.notify()

    def given(self) -> Iterator[Arrived[Coded] | LeftOut]:
        """What came, in order, and what was left out of it. Raises what ended the reading; ends when it is closed."""
        while (one := self._next()) is not None:
            yield one

    def _next(self) -> Arrived[Coded] | LeftOut | None:
        with self._change:
            while True:
                self._clear()
                if self._left is not None:
                    left, self._left = self._left, None
                    return left
                if self._waiting:
                    return self._waiting.popleft()
                if self._end is not None:
                    raise self._end
                if self._over:
                    return None
                self._change.wait(LOOK_EVERY_S)

    def _clear(self) -> None:
        count = surplus(self._waiting, time.monotonic_ns(), self._bounds)
        if count:
            self._leave_out([self._waiting.popleft() for _ in range(count)])
            self._until_key = not self._waiting

    def _leave_out(self, pictures: Sequence[Arrived[Coded]]) -> None:
        before, last = self._left, pictures[-1]
        waited_s = (time.monotonic_ns() - pictures[0].mono_ns) / 1e9
        self._left = LeftOut(
            pictures=len(pictures) + (before.pictures if before else 0),
            mono_ns=last.mono_ns,
            waited_s=max(waited_s, before.waited_s if before else 0.0),
            lost=sum(one.lost for one in pictures) + (before.lost if before else 0),
        )
