"""Where an inspector gets its frames: it asks the capture whose oldest frame has waited longest, live ones first.

It asks only for what it judges next, so nothing ages inside an inspector, and a killed one loses nothing.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from stream.far_door import ANSWER_S as FAR_ANSWER_S
from stream.far_door import FarDoor
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
    far: FarDoor | None = None  # of a capture on another host
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
        self._me = Ask(inspector, os.getpid(), 0, host=places.here, life=secrets.randbits(62))
        self._doors = [self._door(c, places) for c in cameras]
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

    def far_door(self, camera: str) -> FarDoor | None:
        """The door of that camera where it is on another host."""
        return next((door.far for door in self._doors if door.camera == camera), None)

    def _door(self, camera: str, places: Places) -> Door:
        name = f"capture-{camera}"
        link = self._links.ask(places.socket(name), self._me.inspector, (Waiting, Lease))
        return Door(camera, link, FarDoor() if name in places.elsewhere else None)

    @property
    def busy(self) -> bool:
        """Whether a frame is in hand or on its way, or a capture has not been told of a verdict."""
        return bool(self._frames or self._asked is not None or any(door.judged for door in self._doors))

    def _ask(self) -> bool:
        """Asks the door where a frame has waited longest for one frame, and greets the silent ones."""
        now_s = time.monotonic()
        if self._asked is not None:
            if now_s - self._asked_s < (ANSWER_S if self._asked.far is None else FAR_ANSWER_S):
                return False
            self._asked.waiting = None  # its capture died or hangs: the others' frames come first
        wanted = () if self._enough() else self._doors
        best = min((d for d in wanted if d.waiting and d.waiting.count), key=_urgency, default=None)
        for door in self._doors:
            silent = now_s - door.greeted_s > GREET_EVERY_S
            if door is best or door.judged or silent:
                if door.link.send(self._words(1 if door is best else 0, door.judged)):
                    door.judged.clear()
                door.greeted_s = now_s
        self._asked, self._asked_s = best, now_s
        return best is not None

    def _words(self, credits: int, judged: list[Key]) -> Ask:
        me = self._me
        return Ask(me.inspector, me.pid, credits, tuple(judged), me.host, me.life, time.monotonic_ns())

    def _listen(self) -> None:
        for door in self._doors:
            for _, message in door.link.receive():
                if isinstance(message, Waiting):
                    door.waiting = message if door.far is None else door.far.waiting(message)
                elif isinstance(message, Lease):
                    message = message if door.far is None else door.far.leased(message)
                    door.waiting = message.waiting
                    self._frames.extend(frame for frame in message.frames if frame.camera == door.camera)
                    if door is self._asked and (message.frames or message.waiting.count == 0):
                        self._asked = None


def _urgency(door: Door) -> tuple[bool, int]:
    assert door.waiting is not None
    return not door.waiting.live, door.waiting.oldest_mono_ns
