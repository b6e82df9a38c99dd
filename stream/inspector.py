"""The inspector: judges the frames that captures lend it. The shell around detector.cascade."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from msgspec.structs import replace as replace_field

from detector.by_region import RegionJudge
from detector.regions import Where
from detector.verdict import State, Verdict
from stream.claim import Claim
from stream.feed import Batch, Feed
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
Judge = Callable[[Sequence[tuple[np.ndarray, Where]]], list[Verdict]]


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
    judge = RegionJudge(cascade, time.perf_counter, heart.alive).judge_many
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
        batch = Batch(line.inspector.batch, line.inspector.batch_wait_ms / 1000)
        self._feed = Feed(links, places, tuple(c.name for c in line.cameras), name, lambda: heart.stopping, batch)
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
        frames = self._feed.next(timeout_s)
        if frames:
            self._inspect(frames)

    def finish(self) -> None:
        """Judges what was asked for, tells its captures, waits for the recorder: others need not begin again.

        Asks for nothing more. What the recorder has not taken FINISH_S after the last verdict is judged again.
        """
        until_s = time.monotonic() + FINISH_S
        while (self._feed.busy or len(self._outbox)) and time.monotonic() < max(until_s, self._judged_s + FINISH_S):
            self._heart.alive()
            self.step(timeout_s=0.02)

    def close(self) -> None:
        self._views.close()

    def _inspect(self, frames: Sequence[FrameRef]) -> None:
        """Judges these at once; a frame whose pixels are gone is its capture's to account for."""
        sights = [sight for sight in map(self._seen, frames) if sight is not None]
        taken_ns = [sight.frame.captured_mono_ns + sight.age_ns() for sight in sights]
        for sight, at_ns, verdict in zip(sights, taken_ns, self._verdicts(sights), strict=True):
            self._say(sight, at_ns, verdict)

    def _seen(self, frame: FrameRef) -> Sight | None:
        try:
            return self._sights.of(frame)
        except TornError as error:
            _gone(frame, error)
            return None

    def _verdicts(self, sights: Sequence[Sight]) -> list[Verdict]:
        """The verdict on each, in order. A late one is not judged, and one that was late when judged is none."""
        reasons = [sight.frame.problem or ("deadline" if self._late(sight) else None) for sight in sights]
        fit = [sight for sight, reason in zip(sights, reasons, strict=True) if reason is None]
        judged = iter(self._judge([(sight.picture, self._where[sight.frame.camera]) for sight in fit]))
        found = []
        for sight, reason in zip(sights, reasons, strict=True):
            verdict = next(judged) if reason is None else unknown(reason)
            found.append(unknown("deadline") if reason is None and self._late(sight) else verdict)
        return found

    def _say(self, sight: Sight, taken_mono_ns: int, verdict: Verdict) -> None:
        """Tells the recorder, the frame's capture and the page, if the slot still holds the picture that was judged."""
        frame = sight.frame
        try:
            sight.check()
            verdict = replace(verdict, settings_id=self._settings[frame.camera])
            record = replace_field(to_record(verdict), recipe=self._recipe, threshold=self._threshold)
            picture = self._sights.evidence(sight, record.state)
        except TornError as error:
            _gone(frame, error)
            return
        judged_ns = frame.captured_mono_ns + sight.age_ns()
        judged = Judged(self._name, frame, record, judged_ns, taken_mono_ns=taken_mono_ns)
        self._judged_s = time.monotonic()
        self._outbox.send(judged if picture is None else replace_field(judged, picture=picture), self._judged_s)
        self._feed.judged(frame)
        if not frame.challenge:  # a stored picture must never be taken for a live one
            self._stage.show(judged)

    def _late(self, sight: Sight) -> bool:
        if sight.frame.deadline_ms is None:
            return False
        return sight.age_ns() / 1e6 > self._deadlines_ms.get(sight.frame.camera, sight.frame.deadline_ms)


def _gone(frame: FrameRef, error: TornError) -> None:
    log.warning("%s: frame %d is gone: %s", frame.camera, frame.seq, error)


def unknown(reason: str) -> Verdict:
    """A verdict on a frame that was not judged, or too late."""
    return Verdict(State.UNKNOWN, None, reason=reason)
