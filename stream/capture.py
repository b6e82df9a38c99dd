"""The capture: one process a camera. Hands frames to inspectors that ask, and accounts for each to the recorder.

The intake thread (intake.py) drains the camera into the ring; this work loop owns the sockets. Leases end with a
verdict, with the death of their inspector, or when they are overdue.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

from stream.bookkeeping import capture_name
from stream.desk import Desk
from stream.heart import Heart
from stream.intake import Intake
from stream.links import Claim, Link, Links
from stream.messages import (
    Ask,
    CameraStatus,
    Event,
    FrameRef,
    Key,
    Known,
    Lease,
    Message,
    Recall,
    Release,
    Reported,
    Waiting,
)
from stream.places import Places
from stream.run_account import RunAccount
from stream.secrets import redact
from stream.settings import CameraSettings
from stream.slots import Holding

log = logging.getLogger("linewatch")
REPORT_EVERY_S = 0.1
REPEAT_S = 1.0  # an unanswered report or question is sent again after this long
STATUS_EVERY_S = 0.2
LEASE_MOST_S = 10.0  # a lease older than this is given back, whatever its inspector does
UNRELEASED_S = 1.0  # a judged frame that waits longer for the recorder is named in the report
GRACE_S = 5.0  # after a recorder's death: time for inspectors to repeat what it had in memory
PENDING_MAX = 64
EVENTS_MAX = 256  # events that wait for a recorder; the oldest give way


@dataclass
class Peer:
    """An inspector that has asked."""

    pid: int
    descriptor: int  # readable when the process is dead
    idle: bool = True  # asked, and was told that nothing waits


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


def run(camera: CameraSettings, places: Places, heart: Heart, session: str, stop_s: float) -> None:
    """Captures until the heart says stop; then waits, at most `stop_s`, until its frames are judged and recorded."""
    claim = Claim(places.lock(f"capture-{camera.name}"), f"a capture of camera {camera.name}")
    links = Links()
    capture = Capture(camera, places, links, session)
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
        links.flush_and_close(linger_s=0.2)
        claim.close()


class Capture:
    """Sockets, leases and reports of one camera; `step` is one turn of its work loop."""

    def __init__(self, camera: CameraSettings, places: Places, links: Links, session: str) -> None:
        self._camera = camera
        self._links = links
        self._inspectors: Link = links.serve(places.socket(f"capture-{camera.name}"))
        self._recorder: Link = links.ask(places.socket("record"), capture_name(camera.name))
        self._live: Link = links.publish(places.socket(f"capture-{camera.name}-live"))
        self._desk = Desk(camera, places, session, redact(camera.source))
        links.watch(self._desk.wake_descriptor)
        self._intake = Intake(camera, self._desk, self._tell)
        self._thread: threading.Thread | None = None
        self._peers: dict[str, Peer] = {}
        self._recorder_id = ""
        self._recorder_died_s: float | None = None
        self._events: deque[Event] = deque(maxlen=EVENTS_MAX)  # filled by both threads, sent by this one
        self._known: dict[int, set[int]] = {}
        self._asked_s: dict[int, float] = {}
        self._reported_s: dict[int, tuple[int, float]] = {}  # run: serial, when
        self._report_at = self._status_at = 0.0
        self._host, self._boot_id = os.uname().nodename, Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        self._pace = Pace()
        self._session = session
        self._settled = 0  # frames of this session's runs that are settled

    def well(self) -> bool:
        """Whether the intake thread works: a heart must not beat for a loop whose other half hangs."""
        if self._intake.failure is not None:
            raise RuntimeError("the intake thread failed") from self._intake.failure
        return self._thread is None or self._intake.done or time.monotonic() < self._desk.alive_until

    def step(self, timeout_s: float) -> None:
        ready = self._links.wait(timeout_s)
        now_s = time.monotonic()
        self._bury({d for d in ready if d != self._desk.wake_descriptor})
        if self._desk.wake_descriptor in ready:
            self._desk.hush()
        for sender, message in self._inspectors.receive():
            if isinstance(message, Ask):
                self._answer(sender, message)
        for _, message in self._recorder.receive():
            self._hear(message, now_s)
        self._announce()
        self._ask_log(now_s)
        if self._thread is None and not self._desk.stopping:
            self._begin()
        while self._events and self._recorder.send(self._events[0]):
            self._events.popleft()
        if now_s >= self._report_at:
            self._report_at = now_s + REPORT_EVERY_S
            self._overdue(now_s)
            self._report(now_s)
        if now_s >= self._status_at:
            self._status_at = now_s + STATUS_EVERY_S
            self._live.send(self._status(now_s))

    def stop(self) -> None:
        """No further picture is taken."""
        self._intake.stop()
        if self._thread is None:
            self._intake.done = True
        else:
            self._thread.join(5.0)

    @property
    def settled(self) -> bool:
        """Whether each captured frame is accounted for and on record."""
        return self._intake.done and not self._desk.accounts and not len(self._desk.slots)

    def close(self) -> None:
        self._intake.stop()
        if self._thread is not None:
            self._thread.join(5.0)
        for peer in self._peers.values():
            os.close(peer.descriptor)
        self._live.send(self._status(time.monotonic()))
        self._links.unwatch(self._desk.wake_descriptor)
        self._desk.close()

    # --- the beginning: what a dead capture left ---

    def _ask_log(self, now_s: float) -> None:
        """Asks what the log has of the runs that a dead capture left, until it is known."""
        for account in [a for a in self._desk.accounts.values() if not a.recalled]:
            if account.run in self._known:
                with self._desk.lock:
                    self._adopt(account)
            elif now_s - self._asked_s.get(account.run, -REPEAT_S) >= REPEAT_S:
                self._asked_s[account.run] = now_s
                self._recorder.send(Recall(self._camera.name, account.run))

    def _begin(self) -> None:
        """Starts the intake; a recording that goes on waits until it is known what the log has of it."""
        resumed = self._desk.resumable()
        if resumed is not None and not resumed.recalled:
            self._desk.say("starting", "asking the recorder what it has of the interrupted run")
            return
        known = self._known.get(resumed.run, set()) if resumed else set()
        self._thread = threading.Thread(target=self._intake.run, args=(known,), name="intake", daemon=True)
        self._thread.start()

    def _adopt(self, account: RunAccount) -> None:
        """Frames of an interrupted run that neither ring nor log has are captured again, or on record as dropped."""
        held = self._desk.slots.held_by_run().get(account.run, [])
        known = self._known[account.run]
        known.update(held)
        account.recalled = True
        if self._desk.resumable() is account and not self._desk.stopping:
            return
        start = 0
        for seq in [*sorted(s for s in known if s < account.captured), account.captured]:
            if seq > start:
                account.decide(start, seq, "dropped:capture_died")
            start = seq + 1
        if not account.ended:
            account.ended, account.note = True, "the capture died"

    # --- inspectors ---

    def _answer(self, sender: bytes, ask: Ask) -> None:
        self._meet(ask)
        now_ns = time.monotonic_ns()
        with self._desk.lock:
            self._desk.slots.judged(ask.judged, now_ns)
            leased = self._desk.slots.lease(ask.inspector, ask.credits, now_ns)
            frames = tuple(self._ref(holding) for holding in leased)
            waiting = self._waiting()
        peer = self._peers.get(ask.inspector)
        if peer is not None:
            peer.idle = waiting.count == 0
        if not self._inspectors.send(Lease(frames, waiting), to=sender) and leased:
            with self._desk.lock:
                self._desk.slots.wait_again(leased, guilty=False)

    def _meet(self, ask: Ask) -> None:
        """Gets to know an inspector, so that its death is noticed at once."""
        known = self._peers.get(ask.inspector)
        if known is not None and known.pid == ask.pid:
            return
        if known is not None:
            self._lose(ask.inspector)
        try:
            descriptor = os.pidfd_open(ask.pid)
        except OSError:
            return  # dead already; its leases, should it get any, become overdue
        self._links.watch(descriptor)
        self._peers[ask.inspector] = Peer(ask.pid, descriptor)

    def _bury(self, readable: set[int]) -> None:
        for name in [n for n, peer in self._peers.items() if peer.descriptor in readable]:
            self._lose(name)

    def _lose(self, inspector: str) -> None:
        """An inspector died: its frames wait again; a frame that killed too many is UNKNOWN."""
        peer = self._peers.pop(inspector)
        self._links.unwatch(peer.descriptor)
        os.close(peer.descriptor)
        with self._desk.lock:
            again, poison = self._desk.slots.give_back(inspector)
            self._give_back(again, poison)

    def _give_back(self, again: list[Key], poison: list[Key]) -> None:
        for key in [*again, *poison]:
            self._desk.accounts[key.run].expired += 1
        for key in poison:
            self._desk.accounts[key.run].decide(key.seq, key.seq + 1, "UNKNOWN", "poison")
            self._tell(key.run, "poison", f"frame {key.seq}: three inspectors died of it; it is UNKNOWN")
        self._desk.lock.notify_all()

    def _announce(self) -> None:
        """Tells those who were told that nothing waits that something does."""
        idle = [name for name, peer in self._peers.items() if peer.idle]
        if idle and self._desk.slots.waiting:
            with self._desk.lock:
                waiting = self._waiting()
            for name in idle:
                self._peers[name].idle = not self._inspectors.send(waiting, to=name.encode())

    def _waiting(self) -> Waiting:
        slots = self._desk.slots
        return Waiting(self._camera.name, slots.waiting, slots.oldest_mono_ns, self._camera.newest)

    def _ref(self, holding: Holding) -> FrameRef:
        header = holding.place.header()
        return FrameRef(
            camera=self._camera.name,
            run=header.run,
            seq=header.seq,
            captured_mono_ns=header.captured_mono_ns,
            captured_utc_ns=header.captured_utc_ns,
            pts_s=header.pts_s,
            host=self._host,
            boot_id=self._boot_id,
            ring=holding.place.ring.name,
            slot=holding.place.slot,
            lock=header.lock,
            height=header.height,
            width=header.width,
            attempt=holding.attempt,
            problem=header.problem,
            deadline_ms=self._camera.deadline_ms if self._camera.newest else None,
        )

    # --- the recorder ---

    def _hear(self, message: Message, now_s: float) -> None:
        if isinstance(message, Release):
            with self._desk.lock:
                for key in message.keys:
                    self._desk.slots.release(key)
                    account = self._desk.accounts.get(key.run)
                    if account is not None:
                        account.released(key.seq, committed=message.committed)
                self._desk.lock.notify_all()
        elif isinstance(message, Reported):
            self._confirmed(message, now_s)
        elif isinstance(message, Known):
            self._known[message.run] = {seq for start, stop in message.intervals for seq in range(start, stop)}

    def _confirmed(self, message: Reported, now_s: float) -> None:
        if self._recorder_id not in ("", message.recorder):
            self._recorder_died_s = now_s
        self._recorder_id = message.recorder
        with self._desk.lock:
            account = self._desk.accounts.get(message.run)
            if account is not None:
                account.confirm(message.serial)
                self._reported_s.pop(message.run, None)

    def _overdue(self, now_s: float) -> None:
        now_ns = time.monotonic_ns()
        with self._desk.lock:
            late = self._desk.slots.overdue(now_ns - round(LEASE_MOST_S * 1e9), judged=False)
            self._give_back(*self._desk.slots.wait_again(late, guilty=True))
            unreleased = self._desk.slots.overdue(now_ns - round(2 * UNRELEASED_S * 1e9), judged=True)
            orphans = [h for h in unreleased if h.inspector not in self._peers]
            self._give_back(*self._desk.slots.wait_again(orphans, guilty=False))
            if self._recorder_died_s is not None and now_s - self._recorder_died_s > GRACE_S:
                self._recorder_died_s = None
                for account in self._desk.accounts.values():
                    account.give_up_unrecorded()

    def _report(self, now_s: float) -> None:
        before_ns = time.monotonic_ns() - round(UNRELEASED_S * 1e9)
        with self._desk.lock:
            held = self._desk.slots.held_by_run()
            unreleased = [h.key for h in self._desk.slots.overdue(before_ns, judged=True)]
            for account in list(self._desk.accounts.values()):
                if account.settled and account.run not in held:
                    self._settled += account.captured if account.session == self._session else 0
                    self._desk.forget(account)
                    continue
                if account.recalled:
                    self._report_run(account, unreleased, now_s)
            self._desk.tidy()

    def _report_run(self, account: RunAccount, unreleased: list[Key], now_s: float) -> None:
        late = [Key(account.run, seq) for start, stop in account.unrecorded() for seq in range(start, stop)]
        pending = [key for key in unreleased if key.run == account.run] + late[:PENDING_MAX]
        report = account.report(pending[:PENDING_MAX])
        if report is None:
            return
        serial, when_s = self._reported_s.get(account.run, (-1, 0.0))
        if (serial != report.serial or now_s - when_s >= REPEAT_S) and self._recorder.send(report):
            self._reported_s[account.run] = (report.serial, now_s)

    def _tell(self, run: int, kind: str, text: str) -> None:
        self._events.append(Event(self._camera.name, run, kind, redact(text), time.time_ns()))

    # --- for people ---

    def _status(self, now_s: float) -> CameraStatus:
        desk = self._desk
        with desk.lock:
            accounts = [a for a in desk.accounts.values() if a.session == self._session]
            captured = self._settled + sum(a.captured for a in accounts)
            dropped: dict[str, int] = {}
            for account in accounts:
                for reason, frames in account.dropped().items():
                    dropped[reason] = dropped.get(reason, 0) + frames
            waiting, oldest_ns = desk.slots.waiting, desk.slots.oldest_mono_ns
        return CameraStatus(
            camera=self._camera.name,
            run=max((a.run for a in accounts), default=0),
            state=desk.state.word,
            text=redact(desk.state.text),
            captured=captured,
            fps=self._pace.rate(now_s, captured),
            waiting=waiting,
            oldest_age_ms=(time.monotonic_ns() - oldest_ns) / 1e6 if oldest_ns else 0.0,
            dropped=dropped,
            lost=sum(a.lost for a in accounts),
            live=self._camera.live,
            settled=self.settled,
        )
