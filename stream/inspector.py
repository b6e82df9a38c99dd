"""The inspector: judges the frames that captures lend it. The shell around detector.cascade."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from detector.verdict import Box, State, Verdict
from stream.feed import Feed
from stream.gate import wait_at
from stream.heart import Heart
from stream.judge import open_judge
from stream.links import Claim, Link, Links
from stream.messages import FrameRef, InspectorUp, Judged
from stream.outbox import Outbox
from stream.places import Places
from stream.ring import RingViews, TornError
from stream.settings import LineSettings, settings_id
from stream.stage import Stage, place_of
from stream.wire import to_record

log = logging.getLogger("linewatch")
FINISH_S = 2.0  # for the last verdicts to reach the disk; a capture waits as long before it has them judged again
GREET_EVERY_S = 2.0  # a recorder that was restarted learns again which engine judges
Judge = Callable[[np.ndarray, "Box | None"], Verdict]


def run(line: LineSettings, places: Places, heart: Heart, number: int, gate: int = -1) -> None:
    """Judges until the heart says stop; then ends what it has in hand.

    `gate` is the descriptor of a gate (gate.py) where one with a new bundle waits for its turn; -1: none.
    Raises detector.errors.OpenError where bundle or device must not judge.
    """
    name = f"inspect {number}"
    claim = Claim(places.lock(f"inspect-{number}"), f"inspector {number} of this line")
    cascade = open_judge(line.inspector)
    does = "judges" if gate < 0 else "is ready to judge"
    log.info("%s %s with %s, bundle %s", name, does, cascade.engine_name, cascade.bundle_id)
    links = Links()
    stage = Stage(links, places, place_of(number, line.inspector.count))
    inspector = Inspector(line, places, links, name, cascade.judge, heart, stage)
    up = InspectorUp(name, os.getpid(), cascade.engine_name, cascade.bundle_id)
    try:
        if gate >= 0:
            wait_at(gate, links, heart)
        while heart.beat():
            inspector.greet(up)
            inspector.step(timeout_s=0.2)
        inspector.finish()
    finally:
        inspector.close()
        links.flush_and_close(linger_s=0.2)
        stage.close()
        claim.close()


class Inspector:
    """Feed, rings and outbox of one inspector; `step` is one turn of its work loop."""

    def __init__(
        self, line: LineSettings, places: Places, links: Links, name: str, judge: Judge, heart: Heart, stage: Stage
    ) -> None:
        self._name = name
        self._heart = heart
        self._judge = judge
        self._regions = {c.name: c.region for c in line.cameras}
        self._settings = {c.name: settings_id(line.inspector, c) for c in line.cameras}
        self._recorder: Link = links.ask(places.socket("record"), name)
        self._stage = stage
        self._outbox = Outbox(self._recorder)
        self._feed = Feed(links, places, tuple(c.name for c in line.cameras), name, lambda: heart.stopping)
        self._views = RingViews(places.folder)
        self._links = links
        self._up_at = 0.0
        self._judged_s = 0.0

    def greet(self, up: InspectorUp) -> None:
        """Tells the recorder now and then who judges."""
        now_s = time.monotonic()
        if now_s >= self._up_at:
            self._up_at = now_s + GREET_EVERY_S
            self._recorder.send(up)

    def step(self, timeout_s: float) -> None:
        self._stage.take()
        for _, message in self._recorder.receive():
            self._outbox.hear(message)
        self._outbox.repeat(time.monotonic())
        if self._outbox.full:
            self._links.wait(timeout_s)
            return
        frame = self._feed.next(timeout_s)
        if frame is not None:
            self._inspect(frame)

    def finish(self) -> None:
        """Judges the frame that was asked for, tells its capture, waits for the recorder: others need not begin again.

        Asks for nothing more. What the recorder has not taken FINISH_S after the last verdict is judged again.
        """
        until_s = time.monotonic() + FINISH_S
        while (self._feed.busy or len(self._outbox)) and time.monotonic() < max(until_s, self._judged_s + FINISH_S):
            self._heart.alive()
            self.step(timeout_s=0.02)

    def close(self) -> None:
        self._views.close()

    def _inspect(self, frame: FrameRef) -> None:
        try:
            verdict = self._verdict(frame)
        except TornError as error:
            log.warning("%s: frame %d is gone: %s", frame.camera, frame.seq, error)
            return
        judged = Judged(self._name, frame, to_record(verdict), time.monotonic_ns())
        self._judged_s = time.monotonic()
        self._outbox.send(judged, self._judged_s)
        self._feed.judged(frame)
        self._stage.show(judged)

    def _verdict(self, frame: FrameRef) -> Verdict:
        """The verdict on the very picture that the frame names. Raises TornError where the slot holds another."""
        ring = self._views.ring(frame.ring)
        picture = ring.pixels(frame.slot, frame.lock, frame.height, frame.width)
        if frame.problem is not None:
            verdict = unknown(frame.problem)
        elif self._late(frame):
            verdict = unknown("deadline")
        else:
            verdict = self._judge(picture, self._regions[frame.camera])
            if self._late(frame):
                verdict = unknown("deadline")
        ring.check(frame.slot, frame.lock)
        return replace(verdict, settings_id=self._settings[frame.camera])

    def _late(self, frame: FrameRef) -> bool:
        age_ms = (time.monotonic_ns() - frame.captured_mono_ns) / 1e6
        return frame.deadline_ms is not None and age_ms > frame.deadline_ms


def unknown(reason: str) -> Verdict:
    """A verdict on a frame that was not judged, or too late."""
    return Verdict(State.UNKNOWN, None, reason=reason)
