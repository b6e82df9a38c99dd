"""Runs that wait for a log that cannot be opened, and runs that need not: whatever any clock says."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stream.abandoned import Left
from stream.bookkeeping import Bookkeeping
from stream.defect_log import DefectLog, LogError
from stream.ledger import Interval
from stream.links import Links
from stream.messages import Known, Message, Recall
from stream.places import Places
from stream.recorder import Recorder
from stream.ring import Ring
from stream.ring_layout import RunEntry
from stream.settings import CameraSettings, LineSettings
from stream.unopened import Unopened
from tests.frames import RUN, judged, report
from tests.line import wait_for
from tests.test_ring import BYTES

LATER = time.time_ns() // 1000 + 3_600_000_000  # a run that was named before the clock was set back by an hour
HERE = {"belt", "lid", "cap"}
LEFT = Left(frozenset({("belt", 1)}), frozenset({"cap"}))


@pytest.mark.parametrize(
    ("camera", "run", "new"),
    [("belt", 1, False), ("belt", 2, True), ("lid", 1, True), ("cap", 2, False), ("far", 2, False)],
    ids=["it lay in a ring", "it lay in none", "of another camera", "a ring was unreadable", "rings out of sight"],
)
def test_where_the_log_cannot_be_read_a_run_that_lay_in_no_ring_is_new(
    tmp_path: Path, camera: str, run: int, new: bool
) -> None:
    unopened = Unopened(tmp_path, HERE, LEFT)
    assert not unopened.new(camera, run, by_capture=False), "a verdict said again, of a run that was settled"
    assert unopened.new(camera, run, by_capture=True) is new
    assert unopened.new(camera, run, by_capture=False) is new


def write_a_run(data_dir: Path, run: int) -> None:
    with contextlib.closing(DefectLog(data_dir)) as log:
        log.begin_session("s", 1, "line", "")
        books = Bookkeeping("s", "recorder 1", 10, lambda camera, run: None)
        books.judged(judged(0, run=run))
        log.write(books.take().batch)


def test_where_the_log_can_be_read_it_says_which_runs_are_new(tmp_path: Path) -> None:
    write_a_run(tmp_path, RUN)
    unopened = Unopened(tmp_path, HERE, LEFT)
    assert not unopened.new("belt", RUN, by_capture=True)
    for run in (1, RUN + 1):
        assert unopened.new("belt", run, by_capture=False)


class Played:
    """A recorder without peers; keeps what it says to them."""

    def __init__(self, data_dir: Path, places: Places) -> None:
        self.line = LineSettings((CameraSettings("belt", "belt.mp4"),), data_dir)
        self.links = Links()
        self.recorder = Recorder(self.line, places, self.links, "s")
        self.said: list[Message] = []
        self.recorder._peers.send = self._say  # type: ignore[method-assign]

    def _say(self, message: Message, to: bytes = b"") -> bool:
        self.said.append(message)
        return True

    def turn(self) -> Recorder:
        self.recorder.step(0)
        return self.recorder

    def hear(self, *messages: Message) -> None:
        for message in messages:
            self.recorder._inbox.take(message)

    def close(self) -> None:
        self.recorder.close()
        self.links.close()


@pytest.fixture
def unwritable(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """No log can be opened for writing, until undone."""
    with monkeypatch.context() as patch:
        patch.setattr("stream.committing.DefectLog", lambda *_: (_ for _ in ()).throw(LogError("the disk is full")))
        patch.setattr("stream.committing.RETRY_S", 0.0)
        yield patch


def test_a_clock_that_was_set_back_begins_no_empty_book_for_a_run_on_record(
    tmp_path: Path, places: Places, unwritable: pytest.MonkeyPatch
) -> None:
    write_a_run(tmp_path, LATER)
    played = Played(tmp_path, places)
    try:
        played.hear(judged(1, run=LATER), report(2, run=LATER), Recall("belt", LATER))
        assert not played.recorder._books.staged and played.said == []
        unwritable.undo()
        wait_for(lambda: played.turn()._committer.log, "the log")
        played.hear(judged(1, run=LATER), report(2, run=LATER))
        wait_for(lambda: not played.turn().busy(), "the commit")
        book = played.recorder._committer.log.book("belt", LATER, 10)  # type: ignore[union-attr]
        assert book is not None and book.ledger.intervals() == (Interval(0, 2, "GOOD"),)
    finally:
        played.close()


def test_of_a_run_that_lay_in_a_ring_nobody_hears_that_nothing_is_on_record(
    tmp_path: Path, places: Places, unwritable: pytest.MonkeyPatch
) -> None:
    ring = Ring.create(places.ring("belt", 1), slots=2, slot_bytes=BYTES)
    ring.runs.note(RunEntry(LATER, 3))
    ring.close()
    played = Played(tmp_path / "not mounted", places)
    try:
        played.hear(Recall("belt", LATER), report(3, run=LATER), judged(0, run=LATER))
        assert played.said == [] and not played.recorder._books.staged
        played.hear(Recall("belt", LATER + 1))
        assert [type(message) for message in played.said] == [Known]
        played.hear(judged(0, run=LATER + 1))
        assert played.recorder._books.staged
    finally:
        played.close()
