"""Where an inspector gets its frames: it asks the capture whose oldest frame has waited longest, live ones first.

It asks only for what it judges next, so nothing ages inside an inspector, and a killed one loses nothing. Where frames
are judged in batches, it asks several captures at once; a frame that an inspector died of is then asked for and judged
alone, after all that is in hand was told to be judged: who dies of it takes no other frame along.
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


@dataclass(frozen=True)
class Batch:
    """How many frames are judged at once, at most, and how long those that came first wait for what was asked for."""

    frames: int = 1
    wait_s: float = 0.0


@dataclass
class Door:
    """One capture, as an inspector sees it."""

    camera: str
    link: Link
    far: FarDoor | None = None  # of a capture on another host
    waiting: Waiting | None = None
    judged: list[Key] = field(default_factory=list)  # to be told to the capture
    greeted_s: float = 0.0
    credits: int = 0  # frames that it was asked for and has not given
    asked_s: float = 0.0

    @property
    def answers_within_s(self) -> float:
        return ANSWER_S if self.far is None else FAR_ANSWER_S


class Feed:
    """Frames from all captures of a line."""

    def __init__(
        self,
        links: Links,
        places: Places,
        cameras: tuple[str, ...],
        inspector: str,
        enough: Callable[[], bool] = lambda: False,
        batch: Batch = Batch(),
    ) -> None:
        """`enough` True: no further frame is asked for; what was asked for still comes."""
        self._enough = enough
        self._links = links
        self._me = Ask(inspector, os.getpid(), 0, host=places.here, life=secrets.randbits(62))
        self._doors = [self._door(c, places) for c in cameras]
        self._batch = batch
        self._frames: list[FrameRef] = []

    def next(self, timeout_s: float) -> list[FrameRef]:
        """The next frames to judge, at once; none where none came within `timeout_s`, or another socket has news."""
        if not self._frames:
            self._ask()
            self._links.wait(timeout_s)
            self._listen()
            if not self._outstanding and not self._frames and self._ask():
                self._links.wait(timeout_s)
                self._listen()
        self._fill()
        return self._taken()

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
        return bool(self._frames or self._outstanding or any(door.judged for door in self._doors))

    @property
    def _outstanding(self) -> int:
        return sum(door.credits for door in self._doors)

    def _fill(self) -> None:
        """Waits a moment for the rest of what was asked for."""
        until_s = time.monotonic() + self._batch.wait_s
        while self._frames and self._outstanding and len(self._frames) < self._batch.frames:
            left_s = until_s - time.monotonic()
            if left_s <= 0:
                return
            self._links.wait(left_s)
            self._listen()

    def _taken(self) -> list[FrameRef]:
        """What is judged together: the frames in hand that nobody died of, else one of the others."""
        safe = [frame for frame in self._frames if frame.attempt <= 1][: self._batch.frames]
        taken = safe or self._frames[:1]
        if not safe and taken:
            self._tell()
        self._frames = [frame for frame in self._frames if frame not in taken]
        return taken

    def _ask(self) -> bool:
        """Asks the doors where frames have waited longest for as many as are judged next; greets the silent ones."""
        now_s = time.monotonic()
        for door in self._doors:
            if door.credits and now_s - door.asked_s >= door.answers_within_s:
                door.waiting, door.credits = None, 0  # its capture died or hangs: the others' frames come first
        room = self._batch.frames - self._outstanding - len(self._frames)
        if room <= 0:
            return False
        wanted = {} if self._enough() else self._wanted(room)
        for number, door in enumerate(self._doors):
            credits = wanted.get(number, 0)
            silent = now_s - door.greeted_s > GREET_EVERY_S and not door.credits
            if credits or door.judged or silent:
                self._say(door, credits)
                door.greeted_s = now_s
            if credits:
                door.credits, door.asked_s = credits, now_s
        return bool(wanted)

    def _wanted(self, room: int) -> dict[int, int]:
        """How many frames are asked of which door, by its number: one of each, those that waited longest first, until
        there is no room or nothing waits. What an inspector died of is asked for when nothing else is in hand.
        """
        doors = [
            (n, d.waiting)
            for n, d in enumerate(self._doors)
            if d.waiting is not None and d.waiting.count and not d.credits
        ]
        doors.sort(key=lambda pair: _urgency(pair[1]))
        if any(door.credits and door.waiting and door.waiting.alone for door in self._doors):
            return {}
        if doors and doors[0][1].alone:
            return {doors[0][0]: 1} if room == self._batch.frames else {}
        wanted: dict[int, int] = {}
        # A picture that crosses a network is asked for when it is judged next, and its message holds one.
        left = {n: 1 if self._doors[n].far else waiting.count for n, waiting in doors if not waiting.alone}
        while room and left:
            for number in list(left)[:room]:
                wanted[number] = wanted.get(number, 0) + 1
                room -= 1
                left[number] -= 1
                if not left[number]:
                    del left[number]
        return wanted

    def _tell(self) -> None:
        """Tells captures what was judged."""
        for door in self._doors:
            if door.judged:
                self._say(door, 0)

    def _say(self, door: Door, credits: int) -> None:
        if door.link.send(self._words(credits, door.judged)):
            door.judged.clear()

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
                    if message.frames or message.waiting.count == 0:
                        door.credits = 0


def _urgency(waiting: Waiting) -> tuple[bool, int]:
    return not waiting.live, waiting.oldest_mono_ns
