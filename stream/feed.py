"""Where an inspector gets its frames: it asks the capture whose oldest frame has waited longest, live ones first.

It asks only for what it judges next, so nothing ages inside an inspector, and a killed one loses nothing.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from stream.links import Link, Links
from stream.messages import Ask, FrameRef, Key, Lease, Waiting
from stream.places import Places

GREET_EVERY_S = 0.25  # an idle inspector makes itself known this often
ANSWER_S = 0.5  # an ask that is not answered for so long is asked again: the capture died


@dataclass
class Door:
    """One capture, as an inspector sees it."""

    camera: str
    link: Link
    waiting: Waiting | None = None
    judged: list[Key] = field(default_factory=list)  # to be told to the capture
    greeted_s: float = 0.0


class Feed:
    """Frames from all captures of a line."""

    def __init__(
        self,
        links: Links,
        places: Places,
        cameras: tuple[str, ...],
        inspector: str,
        enough: Callable[[], bool] = lambda: False,
    ) -> None:
        """`enough` True: no further frame is asked for; what was asked for still comes."""
        self._enough = enough
        self._links = links
        self._inspector = inspector
        self._pid = os.getpid()
        self._doors = [Door(c, links.ask(places.socket(f"capture-{c}"), inspector)) for c in cameras]
        self._asked: Door | None = None
        self._asked_s = 0.0
        self._frames: list[FrameRef] = []

    def next(self, timeout_s: float) -> FrameRef | None:
        """The next frame to judge; None where none came within `timeout_s`, or another socket has news."""
        if not self._frames:
            self._ask()
            self._links.wait(timeout_s)
            self._listen()
            if self._asked is None and not self._frames and self._ask():
                self._links.wait(timeout_s)
                self._listen()
        return self._frames.pop(0) if self._frames else None

    def judged(self, frame: FrameRef) -> None:
        """The verdict on this frame has been sent; its capture hears of it with the next ask."""
        for door in self._doors:
            if door.camera == frame.camera:
                door.judged.append(frame.key)

    @property
    def busy(self) -> bool:
        """Whether a frame is in hand or on its way, or a capture has not been told of a verdict."""
        return bool(self._frames or self._asked is not None or any(door.judged for door in self._doors))

    def _ask(self) -> bool:
        """Asks the door where a frame has waited longest for one frame, and greets the silent ones."""
        now_s = time.monotonic()
        if self._asked is not None:
            if now_s - self._asked_s < ANSWER_S:
                return False
            self._asked.waiting = None  # its capture died or hangs: the others' frames come first
        wanted = () if self._enough() else self._doors
        best = min((d for d in wanted if d.waiting and d.waiting.count), key=_urgency, default=None)
        for door in self._doors:
            silent = now_s - door.greeted_s > GREET_EVERY_S
            if door is best or door.judged or silent:
                ask = Ask(self._inspector, self._pid, 1 if door is best else 0, tuple(door.judged))
                if door.link.send(ask):
                    door.judged.clear()
                door.greeted_s = now_s
        self._asked, self._asked_s = best, now_s
        return best is not None

    def _listen(self) -> None:
        for door in self._doors:
            for _, message in door.link.receive():
                if isinstance(message, Waiting):
                    door.waiting = message
                elif isinstance(message, Lease):
                    door.waiting = message.waiting
                    self._frames.extend(message.frames)
                    if door is self._asked and (message.frames or message.waiting.count == 0):
                        self._asked = None


def _urgency(door: Door) -> tuple[bool, int]:
    assert door.waiting is not None
    return not door.waiting.live, door.waiting.oldest_mono_ns
