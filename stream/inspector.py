"""The inspector: judges the frames that captures lend it. The shell around detector.cascade."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from detector.opening import open_cascade
from detector.verdict import Box, State, Verdict
from stream.feed import Feed
from stream.heart import Heart
from stream.links import Claim, Link, Links
from stream.messages import FrameRef, InspectorUp, Judged
from stream.outbox import Outbox
from stream.places import Places
from stream.ring import RingViews, TornError
from stream.settings import LineSettings, settings_id
from stream.wire import to_record

log = logging.getLogger("linewatch")
GREET_EVERY_S = 2.0  # a recorder that was restarted learns again which engine judges
Judge = Callable[[np.ndarray, "Box | None"], Verdict]


def run(line: LineSettings, places: Places, heart: Heart, number: int) -> None:
    """Judges until the heart says stop. Raises detector.errors.OpenError where bundle or device must not judge."""
    name = f"inspect {number}"
    claim = Claim(places.lock(f"inspect-{number}"), f"inspector {number} of this line")
    wanted = line.inspector
    cascade = open_cascade(
        bundle=wanted.bundle,
        classifier=wanted.classifier,
        segmenter=wanted.segmenter,
        engine=wanted.engine,
        device=wanted.device,
        threads=wanted.threads,
        classifier_threshold=wanted.classifier_threshold,
        segmenter_threshold=wanted.segmenter_threshold,
        min_area_px=wanted.min_area_px,
        clock=time.perf_counter,
    )
    log.info("%s judges with %s, bundle %s", name, cascade.engine_name, cascade.bundle_id)
    links = Links()
    inspector = Inspector(line, places, links, name, number, cascade.judge)
    up = InspectorUp(name, os.getpid(), cascade.engine_name, cascade.bundle_id)
    try:
        while heart.beat():
            inspector.step(up, timeout_s=0.2)
    finally:
        inspector.close()
        links.flush_and_close(linger_s=0.2)
        claim.close()


class Inspector:
    """Feed, rings and outbox of one inspector; `step` is one turn of its work loop."""

    def __init__(self, line: LineSettings, places: Places, links: Links, name: str, number: int, judge: Judge) -> None:
        self._name = name
        self._judge = judge
        self._regions = {c.name: c.region for c in line.cameras}
        self._settings = {c.name: settings_id(line.inspector, c) for c in line.cameras}
        self._recorder: Link = links.ask(places.socket("record"), name)
        self._live: Link = links.publish(places.socket(f"inspect-{number}-live"))
        self._outbox = Outbox(self._recorder)
        self._feed = Feed(links, places, tuple(c.name for c in line.cameras), name)
        self._views = RingViews(places.folder)
        self._links = links
        self._up_at = 0.0

    def step(self, up: InspectorUp, timeout_s: float) -> None:
        now_s = time.monotonic()
        if now_s >= self._up_at:
            self._up_at = now_s + GREET_EVERY_S
            self._recorder.send(up)
        for _, message in self._recorder.receive():
            self._outbox.hear(message)
        self._outbox.repeat(now_s)
        if self._outbox.full:
            self._links.wait(timeout_s)
            return
        frame = self._feed.next(timeout_s)
        if frame is not None:
            self._inspect(frame)

    def close(self) -> None:
        self._views.close()

    def _inspect(self, frame: FrameRef) -> None:
        try:
            verdict = self._verdict(frame)
        except TornError as error:
            log.warning("%s: frame %d is gone: %s", frame.camera, frame.seq, error)
            return
        judged = Judged(self._name, frame, to_record(verdict), time.monotonic_ns())
        self._outbox.send(judged, time.monotonic())
        self._feed.judged(frame)
        self._live.send(judged)

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
