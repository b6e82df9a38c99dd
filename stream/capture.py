"""The capture: one process a camera. Its intake thread drains the camera into the ring; its work loop owns the sockets.

What it does with inspectors is lending.py, with the recorder reporting.py, with the camera intake.py.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stream.announced import Told
from stream.challenging import Challenging
from stream.claim import Claim
from stream.clips_cameras import may_be_copied
from stream.decoding_lag import WORD as LAGS
from stream.desk import Desk
from stream.heart import Heart
from stream.intake import Intake
from stream.ledger import Ledger
from stream.lending import TAKES as LENDS
from stream.lending import Lending
from stream.links import Link, Links
from stream.messages import CameraAlarm, CameraStatus, Trigger, Triggered
from stream.places import Places
from stream.reporting import TAKES, Reporting
from stream.secrets import redact
from stream.segments import Shelf
from stream.settings import CameraSettings
from stream.staged import capture_name

if TYPE_CHECKING:
    from stream.health_desk import HealthDesk
    from stream.mqtt import Broker
    from stream.segments_copying import Copier

REPORT_EVERY_S = 0.1
STATUS_EVERY_S = 0.2


@dataclass
class Pace:
    """Frames per second over the last two seconds."""

    seen: deque[tuple[float, int]] = field(default_factory=deque)

    def rate(self, now_s: float, count: int) -> float:
        self.seen.append((now_s, count))
        while now_s - self.seen[0][0] > 2.0:
            self.seen.popleft()
        span_s = now_s - self.seen[0][0]
        return (count - self.seen[0][1]) / span_s if span_s > 0.3 else 0.0


def run(
    camera: CameraSettings,
    places: Places,
    heart: Heart,
    session: str,
    stop_s: float,
    data_dir: Path | None = None,
    recipe: str = "",
    shelf: Shelf | None = None,
) -> None:
    """Captures until the heart says stop; then waits, at most `stop_s`, until its frames are judged and recorded."""
    claim = Claim(places.lock(f"capture-{camera.name}"), f"a capture of camera {camera.name}")
    links = Links(places.far)
    capture = Capture(camera, places, links, session, data_dir, recipe, shelf)
    try:
        while not heart.stopping:
            if capture.well():
                heart.beat()
            capture.step(0.1)
        capture.stop()
        until = time.monotonic() + stop_s
        while not capture.settled and time.monotonic() < until:
            heart.alive()
            capture.step(0.02)
    finally:
        capture.close()
        links.flush_and_close(linger_s=1.0)
        claim.close()


class Capture:
    """The work loop of one camera; `step` is one turn of it."""

    def __init__(
        self,
        camera: CameraSettings,
        places: Places,
        links: Links,
        session: str,
        data_dir: Path | None = None,
        recipe: str = "",
        shelf: Shelf | None = None,
    ) -> None:
        """`data_dir`, `recipe`: where what was learnt of the camera lies (None: nothing was), and what sets it now.

        `shelf`: where its stream is kept as it comes (None: nowhere).
        """
        self._camera = camera
        self._session = session
        self._links = links
        self._live: Link = links.publish(places.socket(f"capture-{camera.name}-live"))
        self._desk = Desk(camera, places, session, redact(camera.source))
        links.watch(self._desk.wake_descriptor)
        recorder = links.ask(places.socket("record"), capture_name(camera.name), TAKES)
        self._reporting = Reporting(camera.name, self._desk, recorder, session)
        inspectors = links.serve(places.socket(f"capture-{camera.name}"), LENDS)
        self._peers = (recorder, inspectors)
        self._garbage = 0
        self._health = self._eyes(data_dir, recipe)
        self._copier = None if shelf is None else copier_of(camera, shelf)
        self._intake = Intake(camera, self._desk, self._reporting.tell, self._health, self._copier)
        tell = self._reporting.tell
        for part in self._desk.parts.ordered_in_vain:
            tell(0, "part", f"part {part.part} was ordered by {part.by}: the capture died before its picture came")
        self._broker = None if camera.parts.told_by != "mqtt" else self._open_broker()
        self._lending = Lending(camera, self._desk, links, inspectors, tell, places.here, places.far, self._trigger)
        self._thread: threading.Thread | None = None
        self._report_at = self._status_at = 0.0
        self._challenging = Challenging(camera, self._desk, tell)
        self._pace = Pace()

    def well(self) -> bool:
        """Whether the intake thread works: a heart must not beat for a loop whose other half hangs."""
        if self._intake.failure is not None:
            raise RuntimeError("the intake thread failed") from self._intake.failure
        return self._thread is None or self._intake.done or time.monotonic() < self._desk.alive_until

    def step(self, timeout_s: float) -> None:
        ready = self._links.wait(timeout_s)
        now_s = time.monotonic()
        if self._desk.wake_descriptor in ready:
            self._desk.hush()
        self._lending.bury(ready)
        self._lending.listen()
        self._reporting.listen(now_s)
        self._challenging.step(self._reporting.challenges)
        if self._thread is None and not self._desk.stopping:
            self._begin()
        if now_s >= self._report_at:
            self._report_at = now_s + REPORT_EVERY_S
            self._lending.overdue()
            self._reporting.report(now_s)
        if now_s >= self._status_at:
            self._status_at = now_s + STATUS_EVERY_S
            self._mind_garbage()
            for said in self._links.refused():
                self._reporting.tell(0, "refused", said)
            self._live.send(self._status(now_s))

    def stop(self) -> None:
        """No further picture is taken; returns at once."""
        self._intake.stop()
        if self._thread is None:
            self._intake.done = True

    @property
    def settled(self) -> bool:
        """Whether no picture will come any more, and each is accounted for on disk."""
        return self._intake.done and not self._desk.accounts and not len(self._desk.slots)

    def close(self) -> None:
        if self._broker is not None:
            self._broker.close()
        self._intake.stop()
        if self._thread is not None:
            self._thread.join(2.0)
        if self._copier is not None:
            self._copier.close()
        self._live.send(self._status(time.monotonic()))
        self._lending.close()
        self._links.unwatch(self._desk.wake_descriptor)
        self._desk.close()

    def _eyes(self, data_dir: Path | None, recipe: str) -> HealthDesk | None:
        """What watches the pictures. Loaded for live cameras alone: OpenCV costs memory and time by the capture."""
        if not self._camera.live:
            return None
        import_module("cv2").setNumThreads(1)  # it looks at a few rows: threads would cost more than they help
        desk: Any = import_module("stream.health_desk")
        eyes: HealthDesk | None = desk.health_of(self._camera, data_dir, self._reporting.tell, recipe)
        return eyes

    def _open_broker(self) -> Broker:
        mqtt = import_module("stream.mqtt")  # whoever has no broker need not load it
        tell = partial(self._reporting.tell, 0, "mqtt")
        broker: Broker = mqtt.Broker(self._camera.parts.mqtt, self.announce, self._desk.parts.nobody, tell)
        broker.start()
        return broker

    def _trigger(self, trigger: Trigger) -> Triggered:
        refused = self.announce(trigger.part, trigger.by)
        return Triggered(trigger.camera, trigger.serial, not refused, refused)

    def announce(self, part: str, by: str) -> str:
        """A part is before the camera; why that is not taken, in words, which are on record. From any thread."""
        refused = self._desk.parts.announce(Told(part, by, time.time_ns(), time.monotonic_ns()), self._intake.order)
        if refused:
            self._reporting.tell(0, "part", f"part {part or '(no name)'}, announced by {by}: {refused}")
        return refused

    def _mind_garbage(self) -> None:
        """Messages that were none of ours are dropped, counted, and on record."""
        if (count := sum(link.garbage for link in self._peers)) > self._garbage:
            self._garbage = count
            self._reporting.tell(0, "garbage", f"{count} messages so far were none of this line's; they were dropped")

    def _begin(self) -> None:
        """Starts the intake; a recording that goes on waits until it is known what the log has of it."""
        resumed = self._desk.runs.resumable()
        if resumed is not None and not resumed.recalled:
            self._desk.say("starting", "asking the recorder what it has of the interrupted run")
            return
        known = self._reporting.known(resumed.run) if resumed else Ledger()
        self._thread = threading.Thread(target=self._intake.run, args=(known,), name="intake", daemon=True)
        self._thread.start()

    def _status(self, now_s: float) -> CameraStatus:
        desk = self._desk
        with desk.lock:
            accounts = [a for a in desk.accounts.values() if a.session == self._session and not a.challenge]
            captured = self._reporting.settled_frames + sum(a.captured for a in accounts)
            dropped = dict(self._reporting.settled_dropped)
            for account in accounts:
                for reason, frames in account.dropped().items():
                    dropped[reason] = dropped.get(reason, 0) + frames
            waiting, held, oldest_ns = desk.slots.waiting, len(desk.slots), desk.slots.oldest_mono_ns
        return CameraStatus(
            camera=self._camera.name,
            run=max((a.run for a in accounts), default=0),
            state=desk.state.word,
            text=redact(desk.state.text),
            captured=captured,
            fps=self._pace.rate(now_s, captured),
            waiting=waiting,
            held=held,
            oldest_age_ms=(time.monotonic_ns() - oldest_ns) / 1e6 if oldest_ns else 0.0,
            dropped=dropped,
            lost=sum(a.lost for a in accounts),
            live=self._camera.live,
            settled=self.settled,
            clock=self._intake.clock(),
            copies=None if self._copier is None else self._copier.copies,
            alarms=(
                *((CameraAlarm(LAGS, said),) if (said := self._intake.alarm) else ()),
                *((CameraAlarm("CLIPS", said),) if self._copier is not None and (said := self._copier.alarm) else ()),
                *(self._health.alarms if self._health is not None else ()),
                *(self._broker.alarms if self._broker is not None else ()),
            ),
        )


def copier_of(camera: CameraSettings, shelf: Shelf) -> Copier | None:
    """Who keeps the camera's stream as it comes. Loaded where it may be copied alone: PyAV costs memory."""
    if not may_be_copied(camera):
        return None
    copying: Any = import_module("stream.segments_copying")
    copier: Copier = copying.Copier(shelf, live=camera.live)
    return copier
