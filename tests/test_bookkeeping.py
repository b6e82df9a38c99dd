"""The recorder between two commits: repeated, reordered, refused by the disk or killed, the log ends equal."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from stream.bookkeeping import MEMORY_MAX, NEWEST_INCIDENTS, UNSAID, Bookkeeping
from stream.defect_log import DefectLog
from stream.incidents import BadFrame, incidents_of
from stream.keeping import evidence_folder
from stream.ledger import Interval
from stream.messages import (
    UNKNOWN_MOST,
    Act,
    Event,
    Judged,
    Key,
    Known,
    Outcome,
    Recall,
    Recorded,
    Release,
    Report,
    Reported,
)
from stream.places import SHM
from stream.run_book import DIGEST_MODULUS, RunBook, digest_term
from stream.staged import Reply, Staged
from tests.frames import RUN, judged, report

GAP = 3
FATES = ["GOOD", "GOOD", "BAD .6", "BAD .8", "BAD .9", "UNKNOWN", "dropped:newest", "poison"]


@dataclass
class PlayedRecorder:
    """A recorder without sockets and threads: books, a real log, and evidence as a set of folders."""

    data_dir: Path
    log: DefectLog = field(init=False)
    books: Bookkeeping = field(init=False)
    evidence: set[str] = field(default_factory=set)
    jobs: list[Judged] = field(default_factory=list)
    answers: list[Reply] = field(default_factory=list)
    starts: int = 0

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        self.starts += 1
        self.log = DefectLog(self.data_dir)
        self.books = Bookkeeping("s", f"recorder {self.starts}", GAP, lambda c, r: self.log.book(c, r, GAP))
        self.evidence &= self.log.evidence_folders()
        self.jobs.clear()

    def die(self) -> None:
        self.log.close()
        self.start()

    def hear(self, message: Judged | Report) -> None:
        if isinstance(message, Report):
            self.books.report(message)
        elif self.books.knows(message):
            if not self.books.in_hand(message):
                self.books.judged(message)
        elif self.books.wants_pixels(message):
            self.books.hold(message)
            self.jobs.append(message)
        else:
            self.books.judged(message)

    def write_evidence(self) -> None:
        if self.jobs:
            job = self.jobs.pop(0)
            folder = evidence_folder(job.frame.camera, job.frame.run, job.frame.seq)
            self.evidence.add(folder)
            self.books.judged(job, folder)

    def commit(self, *, refused: bool = False) -> None:
        staged = self.books.take()
        if refused:
            self.books.restore(staged)
            self.books.staged.early_releases()
            return
        self.log.write(staged.batch)
        self.books.written(staged)
        self.answers += staged.replies
        self.evidence.difference_update(staged.outdated)

    def book(self) -> RunBook:
        """As the log has it."""
        book = self.log.book("belt", RUN, GAP)
        return book or RunBook("belt", RUN, incidents=self.books.book("belt", RUN).incidents)


def message_of(seq: int, fate: str) -> Judged | Report:
    if fate == "poison":
        return report(0, Outcome(seq, seq + 1, "UNKNOWN", "poison"), serial=seq + 1)
    if fate.startswith("dropped"):
        return report(0, Outcome(seq, seq + 1, fate), serial=seq + 1)
    state, _, score = fate.partition(" ")
    return judged(seq, state, float(score) if score else None)


def acknowledged(answers: list[Reply], message: Judged | Report) -> bool:
    if isinstance(message, Report):
        return any(isinstance(a.message, Reported) and a.message.serial == message.serial for a in answers)
    told = [a.message for a in answers]
    return Recorded("belt", (message.frame.key,)) in told and Release("belt", (message.frame.key,)) in told


ACTIONS = st.lists(st.integers(0, 19) | st.sampled_from(["commit", "refuse", "evidence", "die"]), max_size=50)


@settings(max_examples=150)
@given(st.lists(st.sampled_from(FATES), max_size=12), ACTIONS)
def test_whatever_is_repeated_refused_or_killed_the_log_ends_equal(fates: list[str], actions: list[int | str]) -> None:
    with tempfile.TemporaryDirectory(prefix="lw-", dir=SHM) as folder:
        recorder = PlayedRecorder(Path(folder))
        messages = [message_of(seq, fate) for seq, fate in enumerate(fates)]
        for action in actions:
            act(recorder, messages, action)
        for _ in range(2):
            for message in messages:
                if not acknowledged(recorder.answers, message):
                    recorder.hear(message)
            while recorder.jobs:
                recorder.write_evidence()
            recorder.commit()
        assert all(acknowledged(recorder.answers, message) for message in messages)
        recorder.hear(report(len(fates), ended=True, serial=99))
        recorder.commit()
        is_as_if_all_had_been_well(recorder, fates)
        recorder.log.close()


def act(recorder: PlayedRecorder, messages: list[Judged | Report], action: int | str) -> None:
    if action == "commit":
        recorder.commit()
        for message in messages:
            if acknowledged(recorder.answers, message):
                seq = message.frame.seq if isinstance(message, Judged) else message.outcomes[0].start
                assert recorder.book().ledger.outcome(seq) is not None, "acknowledged before it was on disk"
    elif action == "refuse":
        recorder.commit(refused=True)
    elif action == "evidence":
        recorder.write_evidence()
    elif action == "die":
        recorder.die()
    elif isinstance(action, int) and messages:
        recorder.hear(messages[action % len(messages)])


def is_as_if_all_had_been_well(recorder: PlayedRecorder, fates: list[str]) -> None:
    book = recorder.book()
    words = ["UNKNOWN" if fate == "poison" else fate.split(" ")[0] for fate in fates]
    assert [book.ledger.outcome(seq) for seq in range(len(fates) + 1)] == [*words, None]
    assert book.closed
    spoken = [m for seq, fate in enumerate(fates) if isinstance(m := message_of(seq, fate), Judged)]
    terms = [digest_term(m.frame.seq, m.verdict.state, m.verdict.score, m.verdict.mask_sha256) for m in spoken]
    terms += [digest_term(seq, "UNKNOWN", None, "") for seq, fate in enumerate(fates) if fate == "poison"]
    assert book.digest == sum(terms) % DIGEST_MODULUS
    assert sum(book.latencies.counts.values()) == len(spoken)
    frames = [
        BadFrame(m.frame.seq, m.verdict.score)
        for m in spoken
        if m.verdict.state == "BAD" and m.verdict.score is not None
    ]
    incidents = incidents_of(frames, GAP)
    assert book.incidents.incidents == incidents
    worst = {evidence_folder("belt", RUN, incident.worst.seq) for incident in incidents}
    assert recorder.log.evidence_folders() == worst
    assert recorder.evidence == worst


# --- one thing at a time ---------------------------------------------------------------------------------------------


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[PlayedRecorder]:
    played = PlayedRecorder(tmp_path)
    yield played
    played.log.close()


def test_a_run_that_stays_open_keeps_in_memory_what_may_still_change_alone(recorder: PlayedRecorder) -> None:
    for seq in range(600):
        recorder.hear(judged(seq, "BAD" if seq % 10 == 0 else "GOOD"))
        recorder.write_evidence()
        if seq % 7 == 0:
            recorder.commit()
    recorder.commit()
    book, logged = recorder.books.book("belt", RUN), recorder.book()
    assert len(book.ledger.intervals()) <= 2 and len(book.incidents.incidents) == NEWEST_INCIDENTS
    assert book.incidents.newest(5) == logged.incidents.newest(5)
    assert (len(book.incidents), book.ledger.counts()) == (60, logged.ledger.counts())
    assert len(logged.incidents.incidents) == len(recorder.evidence) == 60
    recorder.hear(judged(10, "GOOD"))
    recorder.hear(report(600, ended=True))
    recorder.commit()
    assert book.closed and recorder.book().ledger.intervals() == logged.ledger.intervals()


def test_nothing_is_answered_before_its_commit(recorder: PlayedRecorder) -> None:
    recorder.hear(judged(1))
    recorder.hear(report(2))
    assert recorder.answers == []
    recorder.commit(refused=True)
    assert recorder.answers == []
    recorder.commit()
    assert [type(answer.message) for answer in recorder.answers] == [Recorded, Release, Reported]
    assert [answer.to for answer in recorder.answers] == ["inspect 1", "capture belt", "capture belt"]


def test_a_verdict_in_memory_alone_lets_its_slot_go_once(recorder: PlayedRecorder) -> None:
    recorder.hear(judged(1))
    recorder.hear(judged(2, "BAD"))
    recorder.commit(refused=True)
    recorder.hear(judged(3))
    assert recorder.books.staged.early_releases() == {"belt": (Key(RUN, 3),)}
    recorder.hear(judged(1))
    assert recorder.books.staged.early_releases() == {}


def test_a_repeat_while_the_disk_refuses_takes_no_memory(recorder: PlayedRecorder) -> None:
    for _ in range(50):
        recorder.hear(judged(1, "UNKNOWN"))
        recorder.hear(report(2))
        recorder.commit(refused=True)
    staged = recorder.books.take()
    assert len(staged.batch.verdicts) == 1
    assert len(staged.replies) == 3


def test_a_pending_frame_is_released_when_it_is_on_record(recorder: PlayedRecorder) -> None:
    """Not while its picture is being written, and not when nobody has heard of it."""
    recorder.hear(judged(1))
    recorder.hear(judged(2, "BAD"))
    known, in_hand, unheard = (Key(RUN, seq) for seq in (1, 2, 3))
    asked = Report("belt", RUN, 5, "s", "x", True, 4, 0, 0, (), (known, in_hand, unheard), False)
    recorder.commit()
    recorder.answers.clear()
    recorder.hear(asked)
    recorder.commit()
    assert Release("belt", (known,)) in [answer.message for answer in recorder.answers]
    recorder.write_evidence()
    recorder.hear(asked)
    recorder.commit()
    assert Release("belt", (known, in_hand)) in [answer.message for answer in recorder.answers]


@pytest.mark.parametrize(
    ("said", "note"),
    [
        (("the cable was pulled", ""), "the cable was pulled"),
        (("", ""), UNSAID),
        (("", "the cable was pulled"), "the cable was pulled"),
    ],
    ids=["its own reason stays", "none came", "the reason comes late"],
)
def test_a_run_that_has_ended_has_a_reason(recorder: PlayedRecorder, said: tuple[str, str], note: str) -> None:
    """A successor finds in the ring that a run has ended, and not why."""
    for reason in said:
        recorder.hear(replace(report(5), ended=True, note=reason))
        recorder.commit()
    assert (recorder.book().ended, recorder.book().note) == (True, note)


def test_evidence_of_a_frame_that_capture_decided_meanwhile_goes(recorder: PlayedRecorder) -> None:
    recorder.hear(judged(4, "BAD"))
    recorder.hear(report(5, Outcome(4, 5, "UNKNOWN", "poison")))
    recorder.write_evidence()
    recorder.commit()
    assert recorder.evidence == recorder.log.evidence_folders() == set()
    assert recorder.book().ledger.outcome(4) == "UNKNOWN"


def test_a_recall_answers_with_all_that_is_on_disk_by_then(recorder: PlayedRecorder) -> None:
    recorder.hear(judged(0))
    recorder.hear(report(5, Outcome(1, 3, "dropped:newest")))
    recorder.books.recall(Recall("belt", RUN))
    recorder.commit()
    assert recorder.answers[-1] == Reply("capture belt", Known("belt", RUN, ((0, 3),), recorder="recorder 1"))


def test_a_recall_while_the_disk_refuses_tells_memory_from_disk(recorder: PlayedRecorder) -> None:
    recorder.hear(judged(0))
    recorder.hear(judged(1))
    recorder.commit()
    recorder.hear(judged(2))
    recorder.hear(judged(4))
    refused = recorder.books.take()
    recorder.books.restore(refused)
    reply = recorder.books.recall_now(Recall("belt", RUN))
    assert reply == Reply("capture belt", Known("belt", RUN, ((0, 2),), ((2, 3), (4, 5)), "recorder 1"))
    recorder.die()
    reply = recorder.books.recall_now(Recall("belt", RUN))
    assert reply == Reply("capture belt", Known("belt", RUN, ((0, 2),), (), "recorder 2"))


def test_the_session_of_a_run_is_the_one_it_was_captured_in(recorder: PlayedRecorder) -> None:
    recorder.hear(judged(0))
    recorder.hear(report(5, session="the session before"))
    recorder.hear(report(6, session="another", serial=2))
    recorder.commit()
    assert recorder.book().session == "the session before"
    assert list(recorder.books.books()) == []


def test_counts_never_go_back(recorder: PlayedRecorder) -> None:
    recorder.hear(report(9, ended=True))
    recorder.hear(report(4))
    recorder.commit()
    assert (recorder.book().captured, recorder.book().ended) == (9, True)
    assert recorder.book().ledger.intervals() == ()


def test_a_bad_frame_without_its_picture_is_on_record(recorder: PlayedRecorder) -> None:
    recorder.books.judged(judged(3, "BAD"))
    recorder.commit()
    assert recorder.book().ledger.intervals() == (Interval(3, 4, "BAD"),)
    assert recorder.log.evidence_folders() == set()


def test_memory_has_a_bound(recorder: PlayedRecorder) -> None:
    spans = [(start, min(start + UNKNOWN_MOST, MEMORY_MAX - 1)) for start in range(0, MEMORY_MAX - 1, UNKNOWN_MOST)]
    recorder.hear(report(MEMORY_MAX, *(Outcome(start, stop, "UNKNOWN", "poison") for start, stop in spans)))
    assert not recorder.books.full
    recorder.hear(judged(MEMORY_MAX - 1, "UNKNOWN"))
    assert recorder.books.full
    recorder.commit()
    assert not recorder.books.full


def test_a_question_about_a_run_that_nobody_knows_begins_no_book(recorder: PlayedRecorder) -> None:
    for run in range(100):
        recorder.books.recall(Recall("belt", run))
    assert not list(recorder.books.books())


def test_an_event_alone_is_worth_a_commit(recorder: PlayedRecorder) -> None:
    assert not Staged()
    recorder.books.event(Event("belt", RUN, "gap", "no pictures for 2 s", 1))
    assert recorder.books.staged


def test_two_acts_of_one_id_are_never_both_on_record(tmp_path: Path) -> None:
    """In one commit, or while the commit before is refused by the disk: who says another thing hears so."""
    with contextlib.closing(DefectLog(tmp_path)) as log:
        books = Bookkeeping("s", "recorder", GAP, lambda c, r: log.book(c, r, GAP))
        one, other = (Act("a", 1, who, "operator", "acknowledge", "the disk is full") for who in ("Ann", "Bob"))
        assert books.act(one, b"page 1") is None
        assert books.act(replace(one, utc_ns=2), b"page 3") is None
        refused = books.act(other, b"page 2")
        assert refused is not None and not refused.ok and "another act has this id" in refused.text
        staged = books.take()
        assert books.act(other, b"page 2") is None, "nothing is known of the first, which is being written"
        books.restore(staged)
        written = books.take()
        log.write(written.batch)
        assert [(asker, noted.ok) for asker, noted in written.noted()] == [(b"page 1", True), (b"page 3", True)]
