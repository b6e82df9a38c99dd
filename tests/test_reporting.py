"""What a capture tells the recorder, and in which order."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from stream.desk import Desk
from stream.ledger import Ledger
from stream.messages import Event, Message, Report, Reported
from stream.places import Places
from stream.reporting import REPEAT_S, Reporting
from stream.settings import CameraSettings


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
