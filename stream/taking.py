"""Each picture of a camera as it comes: stamped, looked at, and put into the ring; what goes with it is said.

For the intake thread. Knows the desk; opens no source, and knows nothing of runs that begin and end.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from stream.camera_clock import CameraClock
from stream.decoding_lag import BEHIND, DecodingLag
from stream.desk import NO_ROOM, Desk
from stream.messages import FRAMES_MAX, ClockStatus
from stream.run_account import RunAccount
from stream.settings import CameraSettings
from stream.sources.source import LeftOut, Picture

if TYPE_CHECKING:
    from stream.health_desk import HealthDesk

log = logging.getLogger("linewatch")
ROOM_TRIES = 5  # of a watched folder's file, about a second apart; then it is UNKNOWN, and the next one has its turn
Tell = Callable[[int, str, str], None]  # run, kind of event, text


class Taking:
    """What one camera's pictures have in common from one to the next."""

    def __init__(self, camera: CameraSettings, desk: Desk, tell: Tell, health: HealthDesk | None) -> None:
        self.last_s = 0.0  # when the last picture came
        self.size: tuple[int, int] | None = None  # width, height of the pictures
        self._camera = camera
        self._desk = desk
        self._tell = tell
        self._health = health
        self._no_room = 0  # tries of one file for which shared memory had no room
        self._clock = CameraClock()
        self._lag = DecodingLag(camera.newest)

    def clock(self) -> ClockStatus | None:
        """How the camera's own clock stands to this computer's; None where its pictures bear no time."""
        with self._desk.lock:
            return self._clock.reading(time.monotonic_ns(), time.time_ns())

    @property
    def alarm(self) -> str:
        """That decoding is behind, in words; empty: it is not."""
        return self._lag.alarm

    def take(self, account: RunAccount, picture: Picture) -> bool:
        """The picture has its number and its place, or its fate. False where the capture stops. Raises RingError."""
        now_ns, utc_ns = time.monotonic_ns(), time.time_ns()
        mono_ns = picture.arrived_mono_ns or now_ns  # it may have waited to be decoded: its age counts from arrival
        utc_ns -= now_ns - mono_ns
        self.last_s = mono_ns / 1e9
        self._say_lag(account, self._lag.step(self.last_s))
        if self._no_room >= ROOM_TRIES:  # one file that is too large must not keep all others waiting
            picture = replace(picture, pixels=np.zeros((1, 1, 3), np.uint8), problem=NO_ROOM)
        self._count_lost(account, picture.lost)
        if picture.taken_utc_ns is not None:
            with self._desk.lock:
                self._clock.picture(picture.taken_utc_ns, mono_ns)
        self._mind_size(account, picture)
        self._desk.alive(self._camera.silent_after_s + 10.0)
        if self._health is not None:
            picture = self._health.look(picture, run=account.run, seq=account.captured, now_s=mono_ns / 1e9)
        goes_on = self._desk.place(account, picture, mono_ns=mono_ns, utc_ns=utc_ns)
        self._no_room = 0
        if goes_on:
            self._say_running()
        return goes_on

    def leave_out(self, account: RunAccount, left: LeftOut) -> None:
        """They have their numbers, and their fate."""
        self.last_s = left.mono_ns / 1e9
        self._desk.alive(self._camera.silent_after_s + 10.0)
        self._count_lost(account, left.lost)
        self._desk.leave_out(account, left.pictures, mono_ns=left.mono_ns, reason=BEHIND)
        self._say_lag(account, self._lag.left_out(left.pictures, left.waited_s, self.last_s))
        self._say_running()

    def no_room(self) -> None:
        """Shared memory had no room for the picture that was to be taken."""
        self._no_room += 1

    def pause(self, account: RunAccount | None) -> None:
        """No picture comes until the source is open again."""
        self._say_lag(account, self._lag.step(math.inf))
        if self._health is not None:
            self._health.pause(run=account.run if account else 0, now_s=time.monotonic())

    def _say_running(self) -> None:
        if self._desk.state.word != "running":
            self._desk.say("running", "")

    def _say_lag(self, account: RunAccount | None, said: str) -> None:
        if said:
            log.warning("%s: %s", self._camera.name, said)
            self._tell(account.run if account else 0, BEHIND, said)

    def _count_lost(self, account: RunAccount, pictures: int) -> None:
        if pictures:
            with self._desk.lock:
                account.lost = min(account.lost + pictures, FRAMES_MAX)

    def _mind_size(self, account: RunAccount, picture: Picture) -> None:
        """A change of size is worth a word: a region may judge something else from here on."""
        size = (picture.pixels.shape[1], picture.pixels.shape[0])
        if picture.problem is not None or size == self.size:
            return
        if self.size is not None:
            (was_w, was_h), (w, h) = self.size, size
            said = f"the pictures are {w}x{h} px from frame {account.captured} on; they were {was_w}x{was_h}"
            log.warning("%s: %s", self._camera.name, said)
            self._tell(account.run, "size", said)
        self.size = size
