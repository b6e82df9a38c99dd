"""The capture's side of a challenge: a stored picture goes into the ring as a run of its own, when there is room.

What cannot go is said to the recorder, which waits for it. Its file is read by a thread of its own: it may lie on a
share that hangs. Knows the desk and files; no socket.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import numpy as np

from detector.errors import PictureError
from stream.challenge_pictures import file_of
from stream.desk import Desk
from stream.messages import Challenge
from stream.ring_layout import RUNS
from stream.settings import CameraSettings

Tell = Callable[[int, str, str], None]  # run, kind of event, text
DONE_MAX = 64  # runs that are remembered: what is asked for again is not done again


class Challenging:
    """The challenges of one camera; `step` is one turn."""

    def __init__(self, camera: CameraSettings, desk: Desk, tell: Tell) -> None:
        self._camera = camera
        self._desk = desk
        self._tell = tell
        self._done: deque[int] = deque(maxlen=DONE_MAX)
        self._now: Challenge | None = None  # in hand
        self._until_s = 0.0  # then it is given up: the recorder has, too
        self._read: tuple[int, np.ndarray | str] | None = None  # by its run: the picture, or why there is none

    def step(self, wanted: deque[Challenge]) -> None:
        """Begins one, or goes on with the one in hand; whatever else is wanted is asked for again."""
        while wanted and self._now is None:
            self._begin(wanted.popleft())
        wanted.clear()
        if self._now is None:
            return
        done, refused = False, ""
        if self._read is not None and self._read[0] == self._now.run:
            done, refused = self._put(self._now, self._read[1])
        if refused:
            self._tell(self._now.run, "challenge", refused)
        if done or refused or time.monotonic() > self._until_s:
            self._done.append(self._now.run)
            self._now = self._read = None  # a picture in memory for a shift would be one too many

    def _begin(self, challenge: Challenge) -> None:
        if challenge.run in self._done or challenge.run in self._desk.accounts:
            return
        self._now, self._until_s = challenge, time.monotonic() + self._camera.challenge.deadline_s
        threading.Thread(target=self._read_file, args=(challenge,), name="challenge", daemon=True).start()

    def _put(self, challenge: Challenge, pixels: np.ndarray | str) -> tuple[bool, str]:
        """Whether the picture is in the ring; else why it never will be, in words: empty where it may still."""
        if isinstance(pixels, str):
            return False, pixels
        usual, (height, width) = self._desk.picture_size, pixels.shape[:2]
        if usual is not None and usual != (width, height):
            said = f"{challenge.picture} has {width}x{height} px, the camera's pictures {usual[0]}x{usual[1]}"
            return False, f"{said}; take one of the camera's own pictures"
        return usual is not None and self._place(challenge, pixels), ""

    def _place(self, challenge: Challenge, pixels: np.ndarray) -> bool:
        """Puts the picture into a slot, as a run of its own; False where there is no room now. Waits for none."""
        desk = self._desk
        with desk.lock:
            ring = desk.rings.newest
            room = ring is not None and ring.slot_bytes >= pixels.nbytes and len(desk.accounts) < RUNS - 2
            place = desk.slots.claim() if room and not desk.stopping else None
            if place is None:
                return False
            account = desk.runs.challenge(challenge.run, challenge.picture)
            desk.rings.note(account)
        now_ns, utc_ns = time.monotonic_ns(), time.time_ns()
        place.ring.write(
            place.slot,
            pixels,
            run=challenge.run,
            seq=0,
            captured_mono_ns=now_ns,
            captured_utc_ns=utc_ns,
            pts_s=None,
            problem=None,
        )
        with desk.lock:
            desk.slots.ready(place)
            account.ended, account.note = True, "a challenge"
            desk.rings.note(account)
        desk.wake()
        return True

    def _read_file(self, challenge: Challenge) -> None:
        """The thread's work: (H, W, 3) BGR uint8, or in words why not."""
        read: Callable[[Path], np.ndarray] = import_module("detector.pictures").read_picture  # no other use for PIL
        try:
            found: np.ndarray | str = read(file_of(self._camera.challenge.pictures or Path(), challenge.picture))
        except (OSError, PictureError) as error:
            found = f"{challenge.picture}: {error}"
        self._read = challenge.run, found
