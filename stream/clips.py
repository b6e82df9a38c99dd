"""The role `clips`: films of what was before and after each incident. The line waits for none of it.

It hears the inspectors' live verdicts as the display does, and encodes what cannot be copied; a gentle thread cuts the
clips out of the segments, once the log says that an incident is over.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import cv2

from stream.claim import Claim
from stream.clips_cameras import ROLE, encoded, may_be_copied, unpaced
from stream.clips_making import Making, Turn
from stream.clips_places import clipped, shelf_of
from stream.clips_watching import Watching
from stream.gentle import be_gentle
from stream.heart import Heart
from stream.links import Link, Links
from stream.messages import CameraStatus, ClipsStatus, Event, Judged, Message
from stream.places import Places
from stream.ring_views import RingViews
from stream.settings import CameraSettings, LineSettings

log = logging.getLogger("linewatch")
NICE = 5  # where processors are short, inspection comes first
WAIT_S = 0.1
TURN_EVERY_S = 0.5
STATUS_EVERY_S = 0.5
STUCK_S = 30.0  # a turn that takes longer is an alarm
NO_H264 = "no clips: it sends no H.264 that can be kept as it comes; let it send H.264, or set clips.enabled: on"
FAST = (
    "it is judged as fast as can be: clips leave out what cannot be encoded as fast; for all of it set pace: recorded"
)
LEFT_OUT = "{} of its pictures are in no film: they could not be copied or encoded in time"


def run(line: LineSettings, places: Places, heart: Heart, session: str) -> None:
    """Makes clips until the heart says stop; then what is still due, at most for `stop_s`. Raises BusyError."""
    os.nice(NICE)
    cv2.setNumThreads(1)
    claim = Claim(places.lock(ROLE), f"the clips of {line.data_dir}")
    links = Links(places.far)
    clips = Clips(line, places, links, session)
    try:
        while heart.beat():
            clips.step(WAIT_S)
        clips.end(heart.alive, line.supervisor.stop_s)
    finally:
        clips.close()
        links.flush_and_close(linger_s=0.2)
        claim.close()


class Clips:
    """The work loop; `step` is one turn of it."""

    def __init__(self, line: LineSettings, places: Places, links: Links, session: str) -> None:
        self._line = line
        self._links = links
        self._views = RingViews(places.folder)
        cameras = clipped(line)
        self._watched: dict[str, Watching] = {}
        self._undecided: dict[str, CameraSettings] = {}
        for camera in cameras:
            if may_be_copied(camera):
                self._undecided[camera.name] = camera
            else:
                self._watched[camera.name] = self._watching(camera)
        heard = [f"capture-{camera.name}-live" for camera in cameras]
        if encoded(line):
            heard += [f"inspect-{number}-live" for number in range(1, line.inspector.count + 1)]
        takes = (Judged, CameraStatus)
        self._ear: Link = links.listen((places.socket(name) for name in heard), takes)
        self._live = links.publish(places.socket(f"{ROLE}-live"))
        self._recorder = links.ask(places.socket("record"), ROLE)
        self._making = Making(line, session)
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="cut", initializer=be_gentle)
        self._turn: Future[Turn] | None = None
        self._turn_at = self._status_at = 0.0
        self._last = Turn()
        self._made = 0

    def step(self, timeout_s: float) -> None:
        """Takes what has arrived, and lets the thread have its turn."""
        self._links.wait(timeout_s)
        now_s = time.monotonic()
        for _, message in self._ear.receive():
            self._take(message, now_s)
        for watching in self._watched.values():
            watching.step(now_s)
        self._mind_turn(now_s)
        if now_s >= self._status_at:
            self._status_at = now_s + STATUS_EVERY_S
            self._live.send(self._status(now_s))

    def end(self, alive: Callable[[], None], patience_s: float) -> None:
        """No frame comes any more: what was recorded is closed, and clips that are due are made."""
        for name, watching in self._watched.items():
            watching.close()
            alive()
            if watching.missed:
                self._say(name, LEFT_OUT.format(watching.missed))
        self._making.ending = True
        until = time.monotonic() + patience_s
        turns = 0
        while time.monotonic() < until and (turns < 2 or self._last.busy):
            alive()
            if self._turn is None:
                turns += 1
            self._turn_at = min(self._turn_at, time.monotonic() + WAIT_S)
            self._mind_turn(time.monotonic())
            self._links.wait(WAIT_S)

    def close(self) -> None:
        for watching in self._watched.values():
            watching.close()
        self._worker.shutdown(wait=False, cancel_futures=True)
        self._views.close()

    def _watching(self, camera: CameraSettings) -> Watching:
        shelf = shelf_of(self._line, camera)
        assert shelf is not None
        return Watching(camera, self._line.clips, shelf, self._views, alone=self._line.inspector.count == 1)

    def _take(self, message: Message, now_s: float) -> None:
        if isinstance(message, Judged):
            if (watching := self._watched.get(message.frame.camera)) is not None:
                watching.take(message, now_s)
        elif isinstance(message, CameraStatus) and message.copies is not None:
            camera = self._undecided.pop(message.camera, None)
            if camera is not None and not message.copies:
                self._cannot_copy(camera)

    def _cannot_copy(self, camera: CameraSettings) -> None:
        """Its pictures are encoded here, where that is wished; else it has no clips, and people should know."""
        if not encoded(self._line):
            self._say(camera.name, NO_H264)
            return
        self._watched[camera.name] = self._watching(camera)
        if unpaced(camera):
            self._say(camera.name, FAST)

    def _say(self, camera: str, text: str, run: int = 0) -> None:
        log.warning("%s: %s", camera, text)
        self._recorder.send(Event(camera, run, ROLE, text, time.time_ns()))

    def _mind_turn(self, now_s: float) -> None:
        if self._turn is None:
            if now_s >= self._turn_at:
                self._turn_at = now_s + TURN_EVERY_S
                self._turn = self._worker.submit(self._making.turn)
        elif self._turn.done():
            self._last, self._turn = self._turn.result(), None
            self._made += self._last.made
            for camera, run, text in self._last.said:
                self._say(camera, text, run)

    def _status(self, now_s: float) -> ClipsStatus:
        alarms = [watching.alarm for watching in self._watched.values()] + [self._last.alarm]
        if self._turn is not None and now_s - self._turn_at > STUCK_S:
            alarms.append(f"clips: the disk has not answered for {now_s - self._turn_at:.0f} s")
        left_out = sum(watching.missed for watching in self._watched.values())
        return ClipsStatus(tuple(said for said in alarms if said), self._made, left_out)
