"""A recorder that is started anew in the middle of a session: what it counts is what is on record of all of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from stream.bookkeeping import Bookkeeping
from stream.defect_log import DefectLog
from stream.links import Links
from stream.messages import LineStatus, PartBegin
from stream.places import places_for
from stream.remembering import Remembering
from stream.tally import counts
from tests.frames import RUN, judged, report
from tests.line import rows, running, wait_for, write_line
from tests.recordings import numbered_frames, write_recording

GAP = 3


def log_of_two_sessions(folder: Path) -> DefectLog:
    """Session s: a run that is over, with 2 BAD of 4 frames, and one with 3 so far. Session t: another one."""
    opened = DefectLog(folder)
    for session, run, states, ended in (
        ("s", RUN, ("GOOD", "BAD", "BAD", "UNKNOWN"), True),
        ("s", RUN + 1, ("GOOD", "GOOD", "GOOD"), False),
        ("t", RUN + 2, ("BAD",), True),
    ):
        books = Bookkeeping(session, "recorder", GAP, lambda camera, run: None)
        for seq, state in enumerate(states):
            books.judged(judged(seq, state, run=run))
        books.report(report(len(states), ended=ended, run=run, session=session))
        opened.write(books.staged.batch)
    return opened


def test_every_run_of_the_session_counts_and_none_of_another(tmp_path: Path) -> None:
    opened = log_of_two_sessions(tmp_path)
    books = Bookkeeping("s", "another", GAP, lambda camera, run: opened.book(camera, run, GAP))
    books.book("belt", RUN + 1)  # a message of the run that goes on came first
    remembering = Remembering(tmp_path, "s", GAP)
    remembering.step(books, None)
    assert not remembering.going_on and len(list(books.books())) == 1  # there is no log yet
    while True:
        remembering.step(books, opened)
        if not remembering.going_on:
            break
    found = counts("belt", list(books.books()))
    assert (found.captured, found.good, found.bad, found.unknown, found.incidents) == (7, 4, 2, 1, 1)
    opened.close()


@pytest.mark.parametrize("remembered", [False, True], ids=["a message came first", "read from the log first"])
def test_a_part_that_is_reported_after_its_verdicts_has_its_state(tmp_path: Path, remembered: bool) -> None:
    opened = DefectLog(tmp_path)

    def recorder() -> Bookkeeping:
        return Bookkeeping("s", "another", GAP, lambda camera, run: opened.book(camera, run, GAP), frozenset(["belt"]))

    def commit(books: Bookkeeping) -> None:
        staged = books.take()
        opened.write(staged.batch)
        books.written(staged)

    books = recorder()
    for seq in range(3):
        books.judged(judged(seq))
    books.report(report(3, session="s"))
    commit(books)
    books = recorder()  # it was killed, and is started anew
    if remembered:
        Remembering(tmp_path, "s", GAP).step(books, opened)
        assert books.has("belt", RUN)
    for seq in range(3, 8):
        books.judged(judged(seq, "BAD" if seq == 5 else "GOOD"))
    commit(books)
    begun = (PartBegin(0, 4, "A", "u", 1),)
    books.report(replace(report(8, session="s", serial=2, ended=True), parts=begun))
    commit(books)
    assert rows(tmp_path, "SELECT part, first_seq, frames, state FROM parts") == [("A", 4, 4, "BAD")]
    opened.close()


@pytest.mark.parametrize(("column", "left"), [("digest", (4, 2)), ("latencies", (4, 2))])
def test_a_run_that_cannot_be_read_is_said_and_the_others_count(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, column: str, left: tuple[int, int]
) -> None:
    opened = log_of_two_sessions(tmp_path)
    opened._db.execute(f"UPDATE runs SET {column}='no such thing' WHERE run=?", (RUN + 1,))
    books = Bookkeeping("s", "another", GAP, lambda camera, run: None)
    remembering = Remembering(tmp_path, "s", GAP)
    while True:
        remembering.step(books, opened)
        if not remembering.going_on:
            break
    found = counts("belt", list(books.books()))
    assert (found.captured, found.bad) == left and f"run {RUN + 1} of camera belt cannot be read" in caplog.text
    opened.close()


def test_a_recorder_that_was_killed_still_counts_a_camera_whose_recording_is_over(tmp_path: Path) -> None:
    short = write_recording(tmp_path / "short.mp4", numbered_frames(8, bad={3}))
    long = write_recording(tmp_path / "long.mp4", numbered_frames(600, bad=()), fps=5)
    more = f"  other:\n    source: {long}\n    pace: recorded\n"
    over = "SELECT 1 FROM runs WHERE camera='belt' AND ended=1"
    with running(write_line(tmp_path, short, more)) as line:
        wait_for(lambda: rows(line.data_dir, over), "the end of the short recording")
        line.wait_beating("record", other_than=line.kill("record"))
        links = Links()
        told = links.listen([places_for(line.data_dir).socket("record-live")], (LineStatus,))

        def belt() -> tuple[int, int]:
            links.wait(0.1)
            newest = [status for _, status in told.receive() if isinstance(status, LineStatus)][-1:]
            found = [camera for status in newest for camera in status.cameras if camera.camera == "belt"]
            return (found[0].captured, found[0].bad) if found else (0, 0)

        wait_for(lambda: belt() == (8, 1), "the counts of the camera that has ended")
        links.close()
