"""The inspector: judges the frames that captures lend it. The shell around detector.cascade."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from msgspec.structs import replace as replace_field

from detector.by_region import RegionJudge
from detector.regions import Where
from detector.verdict import State, Verdict
from stream.claim import Claim
from stream.feed import Feed
from stream.gate import wait_at
from stream.heart import Heart
from stream.judge import open_judge
from stream.links import Link, Links
from stream.messages import Event, FrameRef, InspectorUp, Judged, Recorded
from stream.outbox import Outbox
from stream.places import Places
from stream.ring import TornError
from stream.ring_views import RingViews
from stream.settings import LineSettings, settings_id
from stream.sights import Sight, Sights
from stream.stage import Stage, place_of
from stream.wire import to_record

log = logging.getLogger("linewatch")
FINISH_S = 2.0  # for the last verdicts to reach the disk; a capture waits as long before it has them judged again
GREET_EVERY_S = 2.0  # a recorder that was restarted learns again which engine judges
Judge = Callable[[np.ndarray, Where], Verdict]


@dataclass(frozen=True)
class Judging:
    """How one inspector judges."""

    judge: Judge
    threshold: float  # BAD from this score on


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
    links = Links(places.far)
    stage = Stage(links, places, place_of(number, line.inspector.count))
    judge = RegionJudge(cascade, time.perf_counter, heart.alive).judge
    inspector = Inspector(line, places, links, name, Judging(judge, cascade.threshold), heart, stage)
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
        self, line: LineSettings, places: Places, links: Links, name: str, judging: Judging, heart: Heart, stage: Stage
    ) -> None:
        self._name = name
        self._heart = heart
        self._judge = judging.judge
        self._threshold = judging.threshold
        self._where = {c.name: c.where for c in line.cameras}
        self._settings = {c.name: settings_id(line.inspector, c, line.recipe) for c in line.cameras}
        self._deadlines_ms = {c.name: c.deadline_ms for c in line.cameras}  # a recipe's, where it has its own
        self._recipe = line.recipe or ""
        self._recorder: Link = links.ask(places.socket("record"), name, (Recorded,))
        self._stage = stage
        self._outbox = Outbox(self._recorder)
        self._feed = Feed(links, places, tuple(c.name for c in line.cameras), name, lambda: heart.stopping)
        self._views = RingViews(places.folder)
        self._sights = Sights(self._views, self._feed, places.far)
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
        for said in self._links.refused():
            self._recorder.send(Event("", 0, "refused", f"{self._name}: {said}", time.time_ns()))
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
            sight = self._sights.of(frame)
            taken_ns = frame.captured_mono_ns + sight.age_ns()
            verdict = self._verdict(sight)
            record = replace_field(to_record(verdict), recipe=self._recipe, threshold=self._threshold)
            picture = self._sights.evidence(sight, record.state)
        except TornError as error:
            log.warning("%s: frame %d is gone: %s", frame.camera, frame.seq, error)
            return
        judged_ns = frame.captured_mono_ns + sight.age_ns()
        judged = Judged(self._name, frame, record, judged_ns, taken_mono_ns=taken_ns)
        self._judged_s = time.monotonic()
        self._outbox.send(judged if picture is None else replace_field(judged, picture=picture), self._judged_s)
        self._feed.judged(frame)
        if not frame.challenge:  # a stored picture must never be taken for a live one
            self._stage.show(judged)

    def _verdict(self, sight: Sight) -> Verdict:
        """The verdict on the very picture that the frame names. Raises TornError where the slot holds another."""
        frame = sight.frame
        if frame.problem is not None:
            verdict = unknown(frame.problem)
        elif self._late(sight):
            verdict = unknown("deadline")
        else:
            verdict = self._judge(sight.picture, self._where[frame.camera])
            if self._late(sight):
                verdict = unknown("deadline")
        sight.check()
        return replace(verdict, settings_id=self._settings[frame.camera])

    def _late(self, sight: Sight) -> bool:
        if sight.frame.deadline_ms is None:
            return False
        return sight.age_ns() / 1e6 > self._deadlines_ms.get(sight.frame.camera, sight.frame.deadline_ms)


def unknown(reason: str) -> Verdict:
    """A verdict on a frame that was not judged, or too late."""
    return Verdict(State.UNKNOWN, None, reason=reason)
