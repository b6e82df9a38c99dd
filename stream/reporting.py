"""The recorder's side of a capture: what became of each frame, repeated until it is on disk.

Knows the desk and one socket; not the inspectors.
"""

from __future__ import annotations

import time
from collections import deque
from itertools import islice

from stream.desk import Desk
from stream.ledger import Interval, Ledger
from stream.links import Link
from stream.messages import Challenge, Event, Key, Known, Message, Recall, Release, Reported
from stream.run_account import RunAccount
from stream.secrets import redact

TAKES = (Release, Reported, Known, Challenge)
REPEAT_S = 1.0  # an unanswered report or question is sent again after this long
UNRELEASED_S = 1.0  # a judged frame that waits longer for the recorder is named in the report
GRACE_S = 5.0  # after a recorder's death: time for inspectors to repeat what it had in memory
PENDING_MAX = 64
IN_MEMORY = "in memory"  # outcome of a frame that the log has not, and its recorder has
IN_HAND = 2  # newest frames of a run that the intake thread may be about to put into a slot
CHALLENGES_MAX = 4  # one waits at a time; what gives way is asked for again
EVENTS_MAX = 256  # events that wait for a recorder; the oldest give way


class Reporting:
    """The account of one camera, as the recorder hears it."""

    def __init__(self, camera: str, desk: Desk, recorder: Link, session: str) -> None:
        self._camera = camera
        self._desk = desk
        self._recorder = recorder
        self._session = session
        self._recorder_id = ""
        self._recorder_died_s: float | None = None
        self._events: deque[Event] = deque(maxlen=EVENTS_MAX)  # filled by both threads, sent by the work loop
        self._known: dict[int, Ledger] = {}
        self._asked_s: dict[int, float] = {}
        self._reported_s: dict[int, tuple[int, float]] = {}  # run: serial, when
        self.challenges: deque[Challenge] = deque(maxlen=CHALLENGES_MAX)  # that the recorder asks for
        self.settled_frames = 0  # of this session's runs that need no report any more
        self.settled_dropped: dict[str, int] = {}  # of those, by reason

    def tell(self, run: int, kind: str, text: str) -> None:
        """Something a person should be able to read later. May be called from any thread."""
        self._events.append(Event(self._camera, run, kind, redact(text), time.time_ns()))

    def listen(self, now_s: float) -> None:
        """Hears the recorder, and asks what the log has of runs that a dead capture left."""
        for _, message in self._recorder.receive():
            self._hear(message, now_s)
        self._ask_log(now_s)
        self._say()

    def known(self, run: int) -> Ledger:
        """The frames of a run that need not be captured again."""
        return self._known.get(run, Ledger())

    def report(self, now_s: float) -> None:
        """Says what the recorder has not confirmed, and forgets the runs that are settled."""
        self._give_up(now_s)
        self._report(now_s)

    def _say(self) -> bool:
        """Sends the events that wait; whether none is left."""
        while self._events and self._recorder.send(self._events[0]):
            self._events.popleft()
        return not self._events

    def _ask_log(self, now_s: float) -> None:
        """Asks what the log has of the runs that a dead capture left, until it is known."""
        with self._desk.lock:
            unknown = [a for a in self._desk.accounts.values() if not a.recalled]
        for account in unknown:
            if account.run in self._known:
                with self._desk.lock:
                    self._adopt(account)
            elif now_s - self._asked_s.get(account.run, -REPEAT_S) >= REPEAT_S:
                self._asked_s[account.run] = now_s
                self._recorder.send(Recall(self._camera, account.run))

    def _adopt(self, account: RunAccount) -> None:
        """Frames of an interrupted run that neither ring nor log has are captured again, or on record as dropped."""
        held = self._desk.slots.held_by_run().get(account.run, [])
        known = self._known[account.run]
        pictures = Ledger()
        for seq in held:
            pictures.add(seq, seq + 1, "held")
            known.add(seq, seq + 1, "held")
        for interval in known.intervals():
            if interval.outcome == IN_MEMORY:
                for start, stop in pictures.missing(interval.start, interval.stop):
                    account.in_memory(start, stop)
        account.recalled = True
        if self._desk.runs.resumable() is account and not self._desk.stopping:
            return
        for start, stop in self._known.pop(account.run).missing(0, account.captured):
            account.decide(start, stop, "dropped:capture_died")
        if not account.ended:
            account.ended, account.note = True, "the capture died"

    def _hear(self, message: Message, now_s: float) -> None:
        if isinstance(message, Reported | Release | Known):
            self._meet(message.recorder, now_s)
        if isinstance(message, Release):
            with self._desk.lock:
                for key in message.keys:
                    self._desk.slots.release(key)
                    account = self._desk.accounts.get(key.run)
                    if account is not None and key.seq < account.captured:
                        account.released(key.seq, committed=message.committed)
                self._desk.lock.notify_all()
        elif isinstance(message, Reported):
            self._confirmed(message)
        elif isinstance(message, Challenge):
            self.challenges.append(message)
        elif isinstance(message, Known):
            known = Ledger(Interval(start, stop, "on record") for start, stop in message.intervals)
            for start, stop in message.early:
                known.add(start, stop, IN_MEMORY)
            self._known[message.run] = known

    def _meet(self, recorder: str, now_s: float) -> None:
        """Another recorder than the one before: what that one had in memory is gone."""
        if not recorder:
            return
        if self._recorder_id not in ("", recorder):
            self._recorder_died_s = now_s
        self._recorder_id = recorder

    def _confirmed(self, message: Reported) -> None:
        with self._desk.lock:
            account = self._desk.accounts.get(message.run)
            if account is not None:
                account.confirm(message.serial)
                self._desk.parts.confirmed(account)
                self._reported_s.pop(message.run, None)

    def _report(self, now_s: float) -> None:
        before_ns = time.monotonic_ns() - round(UNRELEASED_S * 1e9)
        with self._desk.lock:
            held = self._desk.slots.held_by_run()
            unreleased = [h.key for h in self._desk.slots.overdue(before_ns, judged=True)]
            for account in list(self._desk.accounts.values()):
                if account.settled and account.run not in held:
                    self._settle(account)
                    self._desk.forget(account)
                    continue
                if account.recalled:
                    self._report_run(account, unreleased, now_s)
                    account.settle(min([account.captured - IN_HAND, *held.get(account.run, [])[:1]]))
            self._desk.tidy()

    def _settle(self, account: RunAccount) -> None:
        if account.session != self._session or account.challenge:
            return
        self.settled_frames += account.captured
        for reason, frames in account.dropped().items():
            self.settled_dropped[reason] = self.settled_dropped.get(reason, 0) + frames

    def _report_run(self, account: RunAccount, unreleased: list[Key], now_s: float) -> None:
        if not account.captured and not account.ended:
            return  # no ring holds it yet: were this capture to die now, nobody would ever close what is on record
        late = (Key(account.run, seq) for start, stop in account.unrecorded() for seq in range(start, stop))
        pending = [key for key in unreleased if key.run == account.run] + list(islice(late, PENDING_MAX))
        report = account.report(pending[:PENDING_MAX])
        if report is None:
            return
        serial, when_s = self._reported_s.get(account.run, (-1, 0.0))
        due = serial != report.serial or now_s - when_s >= REPEAT_S
        # Why a run ended is said before its last report: once that is confirmed, everybody may stop.
        if due and self._say() and self._recorder.send(report):
            self._reported_s[account.run] = (report.serial, now_s)

    def _give_up(self, now_s: float) -> None:
        """What a dead recorder had in memory, and no inspector repeated in time, is on record as dropped."""
        if self._recorder_died_s is not None and now_s - self._recorder_died_s > GRACE_S:
            self._recorder_died_s = None
            with self._desk.lock:
                for account in self._desk.accounts.values():
                    account.give_up_unrecorded()
