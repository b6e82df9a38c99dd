"""What a capture tells the recorder, and in which order."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from stream.desk import Desk
from stream.ledger import Ledger
from stream.messages import Event, Key, Known, Message, Recall, Release, Report, Reported
from stream.places import Places
from stream.reporting import GRACE_S, REPEAT_S, Reporting
from stream.ring import Ring
from stream.ring_layout import RunEntry
from stream.settings import CameraSettings
from stream.sources.source import Picture
from tests.recordings import numbered_frame


class PlayedRecorder:
    """The capture's end of the socket: keeps what is sent, gives what is to be heard."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.heard: list[Message] = []
        self.takes = True

    def send(self, message: Message) -> bool:
        if self.takes:
            self.sent.append(message)
        return self.takes

    def receive(self) -> Iterator[tuple[bytes, Message]]:
        while self.heard:
            yield b"", self.heard.pop(0)


@pytest.fixture
def desk(places: Places) -> Iterator[Desk]:
    desk = Desk(CameraSettings(name="belt", source="belt.mp4"), places, "session", "belt.mp4")
    yield desk
    desk.close()


def end_a_run(desk: Desk, reporting: Reporting) -> int:
    """As the intake does where a file cannot be read: it says why, then ends the run."""
    account = desk.begin_run()
    account.recalled = True
    reporting.tell(account.run, "source", "not a video")
    desk.end_run(account, "not a video", Ledger().missing(0, 0))
    return account.run


def test_why_a_run_ended_is_said_before_its_last_report(desk: Desk) -> None:
    recorder = PlayedRecorder()
    reporting = Reporting("belt", desk, recorder, "session")  # type: ignore[arg-type]
    reporting.listen(0.0)
    run = end_a_run(desk, reporting)  # between hearing and reporting, as a thread may
    reporting.report(0.0)
    assert [type(message) for message in recorder.sent] == [Event, Report]
    assert recorder.sent[1].ended and recorder.sent[1].run == run  # type: ignore[union-attr]


def test_no_report_overtakes_an_event_that_could_not_be_sent(desk: Desk) -> None:
    recorder = PlayedRecorder()
    reporting = Reporting("belt", desk, recorder, "session")  # type: ignore[arg-type]
    end_a_run(desk, reporting)
    recorder.takes = False
    reporting.report(0.0)
    recorder.takes = True
    reporting.report(REPEAT_S)
    assert [type(message) for message in recorder.sent] == [Event, Report]


def test_a_report_is_repeated_until_it_is_confirmed(desk: Desk) -> None:
    recorder = PlayedRecorder()
    reporting = Reporting("belt", desk, recorder, "session")  # type: ignore[arg-type]
    run = end_a_run(desk, reporting)
    for now_s in (0.0, 0.5 * REPEAT_S, REPEAT_S):
        reporting.report(now_s)
    reports = [message for message in recorder.sent if isinstance(message, Report)]
    assert len(reports) == 2
    recorder.heard.append(Reported("belt", run, reports[-1].serial, "recorder"))
    reporting.listen(REPEAT_S)
    reporting.report(REPEAT_S)
    assert not desk.accounts


def adopt_a_run(desk: Desk, captured: int) -> int:
    """As a capture finds what a dead one left: a run whose account nobody has settled."""
    desk.runs.adopt(RunEntry(7, captured, session="session"))
    return 7


def last_report(recorder: PlayedRecorder) -> Report:
    return [message for message in recorder.sent if isinstance(message, Report)][-1]


def test_a_recording_goes_on_while_the_disk_refuses_and_what_is_in_memory_is_asked_for(desk: Desk) -> None:
    recorder = PlayedRecorder()
    reporting = Reporting("belt", desk, recorder, "session")  # type: ignore[arg-type]
    run = adopt_a_run(desk, 10)
    reporting.listen(0.0)
    assert recorder.sent == [Recall("belt", run)]
    recorder.heard.append(Known("belt", run, ((0, 4),), ((4, 7),), "recorder 1"))
    reporting.listen(0.1)
    reporting.listen(0.2)
    account = desk.accounts[run]
    assert account.recalled and reporting.known(run).missing(0, 10) == ((7, 10),)
    reporting.report(0.2)
    assert last_report(recorder).pending == (Key(run, 4), Key(run, 5), Key(run, 6))
    recorder.heard.append(Release("belt", last_report(recorder).pending))
    reporting.listen(0.3)
    assert account.unrecorded() == ()


def test_what_a_dead_recorder_had_in_memory_is_given_up_though_it_never_confirmed_a_report(desk: Desk) -> None:
    recorder = PlayedRecorder()
    reporting = Reporting("belt", desk, recorder, "session")  # type: ignore[arg-type]
    account = desk.begin_run()
    account.captured = 3
    recorder.heard.append(Release("belt", (Key(account.run, 0),), committed=False, recorder="recorder 1"))
    reporting.listen(0.0)
    recorder.heard.append(Reported("belt", account.run, 1, "recorder 2"))
    reporting.listen(1.0)
    reporting.report(1.0 + GRACE_S)
    assert account.dropped() == {}
    reporting.report(1.1 + GRACE_S)
    assert account.dropped() == {"unrecorded": 1}


def test_a_frame_in_memory_alone_whose_picture_still_waits_here_is_not_given_up(desk: Desk) -> None:
    recorder = PlayedRecorder()
    reporting = Reporting("belt", desk, recorder, "session")  # type: ignore[arg-type]
    account = desk.begin_run()
    for seq in range(4):
        assert desk.place(account, Picture(numbered_frame(seq), seq, None), mono_ns=1, utc_ns=1)
    desk.slots.release(Key(account.run, 2))
    account.recalled = False  # as a capture finds it that comes after one that died
    recorder.heard.append(Known("belt", account.run, ((0, 1),), ((1, 4),), "recorder 1"))
    reporting.listen(0.0)
    reporting.listen(0.1)
    assert account.unrecorded() == ((2, 3),), "1 and 3 lie in the ring"
    recorder.heard.append(Reported("belt", account.run, 1, "recorder 2"))
    reporting.listen(1.0)
    reporting.report(1.1 + GRACE_S)
    assert account.dropped() == {"unrecorded": 1}


def test_a_run_is_reported_once_a_ring_holds_it(desk: Desk) -> None:
    """A capture that died before its first picture left a run on record that nobody could close."""
    recorder = PlayedRecorder()
    reporting = Reporting("belt", desk, recorder, "session")  # type: ignore[arg-type]
    account = desk.begin_run()
    reporting.report(0.0)
    assert recorder.sent == []
    assert desk.place(account, Picture(numbered_frame(0), 0, 0.0), mono_ns=1, utc_ns=1)
    reporting.report(0.1)
    assert last_report(recorder).captured == 1
    assert Ring.view(desk.folder / "belt.1.ring").runs.open()[0].run == account.run


def test_an_answer_to_a_dead_capture_confirms_nothing_of_its_successor(desk: Desk) -> None:
    recorder = PlayedRecorder()
    reporting = Reporting("belt", desk, recorder, "session")  # type: ignore[arg-type]
    run = adopt_a_run(desk, 10)
    recorder.heard.append(Known("belt", run, (), (), "recorder"))
    for _ in range(2):
        reporting.listen(0.0)
    desk.end_run(desk.accounts[run], "end of the recording", ((0, 10),))
    reporting.report(0.0)
    for serial in range(1, 1000):  # what the dead one was answered, late
        recorder.heard.append(Reported("belt", run, serial, "recorder"))
    reporting.listen(0.1)
    reporting.report(0.2)
    assert run in desk.accounts
    recorder.heard.append(Reported("belt", run, last_report(recorder).serial, "recorder"))
    reporting.listen(0.3)
    reporting.report(0.4)
    assert run not in desk.accounts
