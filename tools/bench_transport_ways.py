"""How pictures go from one process to others: what a way must be able to do, and how this house does it.

One reader: the capture's desk and lending, the inspector's feed: leased, judged, released. Several readers: the ring
and a published note, each slot free again when all have said that they are done. Knows no peer and no measuring.
"""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from stream.desk import Desk
from stream.feed import Feed
from stream.lending import TAKES, Lending
from stream.links import Links
from stream.messages import Ask, FrameRef, Key, Lease, Waiting
from stream.places import Places
from stream.ring import Ring
from stream.ring_layout import SlotState
from stream.ring_views import RingViews
from stream.settings import CameraSettings
from stream.sources.source import Picture

CAMERA, SLOTS = "bench", 8
WAIT_S = 0.05


@dataclass(frozen=True)
class Meeting:
    """Where a sender and its readers meet."""

    folder: Path  # private, in memory
    port: int  # free, for those that want tcp
    readers: int
    shape: tuple[int, int, int]  # of every picture

    @property
    def places(self) -> Places:
        return Places(self.folder)


class Sender(Protocol):
    """One process; `send` may wait until there is room."""

    def send(self, picture: np.ndarray) -> None: ...

    def call(self) -> None:
        """Called while nothing is sent, before and after: lets readers of a lossy way know that somebody is there."""

    def close(self) -> None: ...


class Reader(Protocol):
    """One of the processes that every picture goes to."""

    def receive(self, timeout_s: float) -> np.ndarray | None:
        """The next picture, valid until the next call; None where none came. A call of the sender has another shape."""

    def close(self) -> None: ...


class LeasedSender:
    """A capture without its camera and without a recorder: what is judged is released."""

    def __init__(self, meeting: Meeting) -> None:
        camera = CameraSettings(CAMERA, "recording", policy="every", slots=SLOTS)
        self._desk = Desk(camera, meeting.places, "bench", "recording")
        self._account = self._desk.begin_run()
        self._over = False
        self._index = 0
        self._loop = threading.Thread(target=self._work, args=(camera, meeting.places), name="work")
        self._loop.start()

    def send(self, picture: np.ndarray) -> None:
        numbered = Picture(picture, self._index, None)
        self._desk.place(self._account, numbered, mono_ns=time.monotonic_ns(), utc_ns=time.time_ns())
        self._index += 1

    def call(self) -> None:
        return

    def close(self) -> None:
        self._over = True
        self._desk.wake()
        self._loop.join()
        self._desk.close()

    def _work(self, camera: CameraSettings, places: Places) -> None:
        """The capture's work loop, as far as it is about inspectors."""
        links = Links()
        links.watch(self._desk.wake_descriptor)
        inspectors = links.serve(places.socket(f"capture-{CAMERA}"), TAKES)
        lending = Lending(camera, self._desk, links, inspectors, lambda run, kind, text: None)
        while not self._over:
            ready = links.wait(0.1)
            if self._desk.wake_descriptor in ready:
                self._desk.hush()
            lending.bury(ready)
            lending.listen()
            self._release()
        lending.close()
        links.close()

    def _release(self) -> None:
        with self._desk.lock:
            for holding in self._desk.slots.overdue(time.monotonic_ns(), judged=True):
                self._desk.slots.release(holding.key)
                self._desk.lock.notify_all()


class LeasedReader:
    """An inspector that looks at each picture and judges nothing."""

    def __init__(self, meeting: Meeting, index: int) -> None:
        self._links = Links()
        self._views = RingViews(meeting.folder)
        self._feed = Feed(self._links, meeting.places, (CAMERA,), f"reader {index}")
        self._last: FrameRef | None = None

    def receive(self, timeout_s: float) -> np.ndarray | None:
        self._judge()
        until = time.monotonic() + timeout_s
        while not (frames := self._feed.next(WAIT_S)):
            if time.monotonic() > until:
                return None
        [frame] = frames
        self._last = frame
        return self._views.ring(frame.ring).pixels(frame.slot, frame.lock, frame.height, frame.width)

    def close(self) -> None:
        self._judge()
        self._feed.next(0.0)  # says so
        self._links.flush_and_close(linger_s=1.0)
        self._views.close()

    def _judge(self) -> None:
        if self._last is not None:
            self._views.ring(self._last.ring).check(self._last.slot, self._last.lock)
            self._feed.judged(self._last)
            self._last = None


class PublishingSender:
    """A ring of its own, and a note of each picture to whoever listens."""

    def __init__(self, meeting: Meeting) -> None:
        path = meeting.places.ring(CAMERA, 1)
        size = meeting.shape[0] * meeting.shape[1] * meeting.shape[2]
        self._ring = Ring.create(path, slots=SLOTS, slot_bytes=size)
        self._links = Links()
        self._notes = self._links.publish(meeting.places.socket("notes"))
        self._done = self._links.serve(meeting.places.socket("done"), (Ask,))
        self._readers = meeting.readers
        self._left = [0] * SLOTS  # readers that are not done with a slot
        self._seq = 0

    def send(self, picture: np.ndarray) -> None:
        slot = self._seq % SLOTS
        while self._left[slot]:
            self._links.wait(WAIT_S)
            self._listen()
        now_ns, utc_ns = time.monotonic_ns(), time.time_ns()
        self._ring.write(
            slot,
            picture,
            run=1,
            seq=self._seq,
            captured_mono_ns=now_ns,
            captured_utc_ns=utc_ns,
            pts_s=None,
            problem=None,
        )
        self._left[slot] = self._readers
        header = self._ring.header(slot)
        height, width = picture.shape[:2]
        note = FrameRef(
            CAMERA, 1, self._seq, now_ns, utc_ns, None, "", "", self._ring.name, slot, header.lock, height, width
        )
        self._notes.send(Lease((note,), Waiting(CAMERA, 1, now_ns, True)))
        self._seq += 1
        self._listen()

    def call(self) -> None:
        self._notes.send(Waiting(CAMERA, 0, 0, True))

    def close(self) -> None:
        self._links.close()
        self._ring.close()

    def _listen(self) -> None:
        for _, message in self._done.receive():
            assert isinstance(message, Ask)
            for key in message.judged:
                self._left[key.seq % SLOTS] -= 1
                if not self._left[key.seq % SLOTS]:
                    self._ring.set_state(key.seq % SLOTS, SlotState.FREE)


class NotedReader:
    """Looks at each picture that is noted, and says when it is done."""

    CALL = np.zeros((1, 1, 3), np.uint8)

    def __init__(self, meeting: Meeting, index: int) -> None:
        self._links = Links()
        self._views = RingViews(meeting.folder)
        self._notes = self._links.listen([meeting.places.socket("notes")], (Lease, Waiting))
        self._door = self._links.ask(meeting.places.socket("done"), f"reader {index}")
        self._me = f"reader {index}"
        self._waiting: list[Lease | Waiting] = []
        self._last: FrameRef | None = None

    def receive(self, timeout_s: float) -> np.ndarray | None:
        self._say_done()
        until = time.monotonic() + timeout_s
        while not self._waiting:
            self._waiting.extend(m for _, m in self._notes.receive() if isinstance(m, (Lease, Waiting)))
            if not self._waiting:
                self._links.wait(WAIT_S)
            if time.monotonic() > until:
                return None
        message = self._waiting.pop(0)
        if isinstance(message, Waiting):
            return self.CALL
        frame = self._last = message.frames[0]
        return self._views.ring(frame.ring).pixels(frame.slot, frame.lock, frame.height, frame.width)

    def close(self) -> None:
        self._say_done()
        self._links.flush_and_close(linger_s=1.0)
        self._views.close()

    def _say_done(self) -> None:
        if self._last is not None:
            self._views.ring(self._last.ring).check(self._last.slot, self._last.lock)
            self._door.send(Ask(self._me, os.getpid(), 0, (Key(self._last.run, self._last.seq),)))
            self._last = None


class CopyingSender:
    """The floor: one memcpy a picture into memory that others could map, and nobody who looks."""

    def __init__(self, meeting: Meeting) -> None:
        size = meeting.shape[0] * meeting.shape[1] * meeting.shape[2]
        self._ring = Ring.create(meeting.places.ring("floor", 1), slots=SLOTS, slot_bytes=size)
        for slot in range(SLOTS):
            self._ring.set_state(slot, SlotState.FREE)
        self._slots = [self._ring._slot_pixels(slot, *meeting.shape[:2]) for slot in range(SLOTS)]
        self._seq = 0

    def send(self, picture: np.ndarray) -> None:
        np.copyto(self._slots[self._seq % SLOTS], picture)
        self._seq += 1

    def call(self) -> None:
        return

    def close(self) -> None:
        self._slots.clear()
        self._ring.close()
