"""A capture's account of a run, told to a recorder over a line that loses, repeats and answers late."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from stream.ledger import Ledger
from stream.messages import Key, Outcome, Report
from stream.run_account import OUTCOMES_MAX, RunAccount

RUN = 7
DROPPED, POISON = ("dropped:newest", None), ("UNKNOWN", "poison")


def account() -> RunAccount:
    return RunAccount("belt", RUN, "s", "rtsp://cam", True)


class Recorder:
    """What a recorder does with reports, all the way to the disk."""

    def __init__(self) -> None:
        self.ledger = Ledger()
        self.reasons: dict[int, str | None] = {}
        self.counts: tuple[object, ...] = ()

    def write(self, report: Report) -> int:
        for outcome in report.outcomes:
            for start, stop in self.ledger.add(outcome.start, outcome.stop, outcome.outcome):
                self.reasons.update({seq: outcome.reason for seq in range(start, stop)})
        self.counts = (report.captured, report.lost, report.expired, report.ended)
        return report.serial


class AnyOrder(RuleBasedStateMachine):
    """Reports are lost, repeated and overtaken by nothing: a socket keeps their order, and so does it with answers."""

    @initialize()
    def begin(self) -> None:
        self.account, self.recorder = account(), Recorder()
        self.reports: list[Report] = []  # on their way to the recorder
        self.answers: list[int] = []  # on their way back
        self.decided: dict[int, tuple[str, str | None]] = {}

    @rule(count=st.integers(1, 4), what=st.sampled_from([None, DROPPED, POISON]))
    def pictures_come(self, count: int, what: tuple[str, str | None] | None) -> None:
        for _ in range(count):
            seq = self.account.take_seq()
            if what is not None:
                self.decide(seq, what)

    @rule(back=st.integers(0, 8), what=st.sampled_from([DROPPED, POISON]))
    def an_earlier_frame_is_decided(self, back: int, what: tuple[str, str | None]) -> None:
        if self.account.captured > back:
            self.decide(self.account.captured - 1 - back, what)

    @rule()
    def counts_change(self) -> None:
        self.account.lost += 1
        self.account.expired += 2

    @rule(pending=st.booleans())
    def it_is_reported(self, pending: bool) -> None:
        report = self.account.report([Key(RUN, 0)] if pending else [])
        if report is not None:
            self.reports.append(report)

    @rule(dies=st.booleans())
    def the_recorder_hears(self, dies: bool) -> None:
        """All that has arrived shares a commit; a recorder that dies before it took the reports along."""
        if not dies:
            self.answers += [self.recorder.write(report) for report in self.reports]
        self.reports.clear()

    @rule(lost=st.booleans())
    def an_answer_comes_back(self, lost: bool) -> None:
        if self.answers:
            serial = self.answers.pop(0)
            if not lost:
                self.account.confirm(serial)

    def decide(self, seq: int, what: tuple[str, str | None]) -> None:
        self.account.decide(seq, seq + 1, *what)
        self.decided.setdefault(seq, what)

    def teardown(self) -> None:
        """The run ends, and whatever was lost before: what was decided is on record exactly, and then all is told."""
        self.account.ended = True
        for _ in range(3):
            report = self.account.report([])
            if report is not None:
                self.account.confirm(self.recorder.write(report))
        assert self.account.settled
        assert self.account.report([]) is None
        there = {seq: self.recorder.ledger.outcome(seq) for seq in range(self.account.captured)}
        assert {seq: o for seq, o in there.items() if o} == {seq: o for seq, (o, _) in self.decided.items()}
        assert self.recorder.reasons == {seq: reason for seq, (_, reason) in self.decided.items()}
        assert self.recorder.counts == (self.account.captured, self.account.lost, self.account.expired, True)


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=80, stateful_step_count=30, deadline=None)


def test_answers_that_come_after_the_next_report_still_count() -> None:
    """A disk slower than the reports: without this nothing would ever be confirmed while frames come."""
    told, recorder, answers = account(), Recorder(), list[int]()
    for seq in range(3 * OUTCOMES_MAX):
        told.take_seq()
        if seq % 2:
            told.decide(seq, seq + 1, "dropped:newest")
        report = told.report([])
        assert report is not None
        answers.append(recorder.write(report))
        if len(answers) > 3:
            told.confirm(answers.pop(0))
    report = told.report([])
    assert report is not None
    assert len(report.outcomes) < 5


def test_more_than_fits_into_a_report_comes_with_the_next() -> None:
    told, recorder = account(), Recorder()
    for seq in range(0, 8 * OUTCOMES_MAX, 2):
        told.decide(seq, seq + 1, "dropped:newest")
    rounds = 0
    while (report := told.report([])) is not None:
        assert len(report.outcomes) <= OUTCOMES_MAX
        told.confirm(recorder.write(report))
        rounds += 1
    assert rounds == 4
    assert recorder.ledger.counts() == {"dropped:newest": 4 * OUTCOMES_MAX}


def test_neighbours_of_one_outcome_are_told_as_one_until_they_were_told() -> None:
    told = account()
    for seq in range(3):
        told.decide(seq, seq + 1, "dropped:newest")
    report = told.report([])
    assert report is not None
    assert report.outcomes == (Outcome(0, 3, "dropped:newest"),)
    told.decide(3, 4, "dropped:newest")
    report = told.report([])
    assert report is not None
    assert report.outcomes == (Outcome(0, 3, "dropped:newest"), Outcome(3, 4, "dropped:newest"))
    told.confirm(report.serial - 1)
    report = told.report([])
    assert report is not None
    assert report.outcomes == (Outcome(3, 4, "dropped:newest"),)


def test_the_same_report_keeps_its_serial() -> None:
    told = account()
    first, again = told.report([]), told.report([])
    assert first is not None
    assert first == again
    told.take_seq()
    second = told.report([])
    assert second is not None
    assert second.serial > first.serial


@pytest.mark.parametrize("what", ["unsent", "unconfirmed", "not-recalled", "unrecorded", "running"])
def test_a_run_is_not_settled_while_something_of_it_is_open(what: str) -> None:
    told = account()
    told.take_seq()
    told.ended = what != "running"
    told.recalled = what != "not-recalled"
    if what == "unrecorded":
        told.released(0, committed=False)
    report = told.report([])
    assert report is not None
    if what not in ("unsent", "unconfirmed"):
        told.confirm(report.serial)
    assert not told.settled


# --- frames whose slot is gone and whose verdict is in the recorder's memory alone -----------------------------------


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=30))
def test_unrecorded_is_what_left_early_and_was_not_written(words: list[tuple[int, bool]]) -> None:
    told = account()
    early, written = set[int](), set[int]()
    for seq, committed in words:
        told.released(seq, committed=committed)
        if not committed:
            early.add(seq)
        elif seq in early:
            written.add(seq)
    assert [seq for start, stop in told.unrecorded() for seq in range(start, stop)] == sorted(early - written)


def test_what_was_lost_with_the_recorders_memory_is_on_record_as_dropped() -> None:
    told = account()
    told.captured = 6
    for seq in (1, 2, 4):
        told.released(seq, committed=False)
    told.released(2, committed=True)
    told.give_up_unrecorded()
    assert told.unrecorded() == ()
    assert told.dropped() == {"unrecorded": 2}
    report = told.report([])
    assert report is not None
    assert report.outcomes == (Outcome(1, 2, "dropped:unrecorded"), Outcome(4, 5, "dropped:unrecorded"))


def test_the_first_word_of_capture_stands() -> None:
    told = account()
    told.decide(0, 3, "dropped:newest")
    told.decide(1, 5, "UNKNOWN", "poison")
    report = told.report([])
    assert report is not None
    assert report.outcomes == (Outcome(0, 3, "dropped:newest"), Outcome(3, 5, "UNKNOWN", "poison"))
    assert told.dropped() == {"newest": 3}


def test_what_a_live_camera_dropped_long_ago_is_counted_and_told_apart_no_longer() -> None:
    live = account()
    for _ in range(500):
        seq = live.take_seq()
        if seq % 2:
            live.decide(seq, seq + 1, "dropped:newest")
            live.confirm(live.serial) if live.report(()) else None
        live.settle(seq - 3)
    assert live.dropped() == {"newest": 250}
    assert len(live._decided.intervals()) <= 4
    live.decide(0, 500, "dropped:no_room")
    assert sum(live.dropped().values()) < 260


def test_what_waits_in_a_recorders_memory_is_not_settled() -> None:
    live = account()
    live.captured = 100
    live.decide(1, 2, "dropped:newest")
    live.released(10, committed=False)
    live.settle(90)
    live.give_up_unrecorded()
    assert live.dropped() == {"newest": 1, "unrecorded": 1}
