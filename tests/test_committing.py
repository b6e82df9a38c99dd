"""A disk that is slow: the loop goes on, pixels are let go, and nothing is answered before it is written."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from stream.bookkeeping import Bookkeeping
from stream.committing import TURN_S, WRITTEN_S, Committer, SessionRow
from stream.defect_log import Batch, DefectLog, LogError
from stream.keeping import evidence_folder
from stream.messages import Key
from tests.frames import RUN, judged
from tests.line import rows, wait_for

ROW = SessionRow("s", 1, "line", "{}")


def test_a_slow_commit_holds_up_nobody_and_is_answered_when_it_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_go, write = threading.Event(), DefectLog.write

    def slow(self: DefectLog, batch: Batch) -> None:
        may_go.wait(30)
        write(self, batch)

    monkeypatch.setattr(DefectLog, "write", slow)
    monkeypatch.setattr("stream.committing.STALLED_S", 0.0)
    books = Bookkeeping("s", "recorder 1", 10, lambda camera, run: None)
    committer = Committer(tmp_path, ROW, commit_ms=0)
    try:
        books.judged(judged(1, "UNKNOWN"))
        assert committer.step(books) is None and committer.busy(books)
        books.judged(judged(2, "UNKNOWN"))
        assert committer.step(books) is None, "one transaction at a time"
        assert committer.stalled_s > 0
        assert committer.early_releases(books) == {"belt": (Key(RUN, 1), Key(RUN, 2))}
        assert rows(tmp_path, "SELECT seq FROM verdicts") == []
        may_go.set()
        written = wait_for(lambda: committer.step(books), "the first commit")
        assert {reply.message.keys for reply in written.replies} == {(Key(RUN, 1),)}
        assert rows(tmp_path, "SELECT seq FROM verdicts") == [(1,)]
        wait_for(lambda: committer.step(books), "the second commit")
        assert rows(tmp_path, "SELECT seq FROM verdicts") == [(1,), (2,)]
    finally:
        may_go.set()
        committer.close()


def test_frames_judged_while_one_commit_stalls_are_let_go_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_go, write = threading.Event(), DefectLog.write

    def slow(self: DefectLog, batch: Batch) -> None:
        may_go.wait(30)
        write(self, batch)

    monkeypatch.setattr(DefectLog, "write", slow)
    monkeypatch.setattr("stream.committing.STALLED_S", 0.0)
    books = Bookkeeping("s", "recorder 1", 10, lambda camera, run: None)
    committer = Committer(tmp_path, ROW, commit_ms=0)
    try:
        books.judged(judged(1))
        assert committer.step(books) is None
        books.judged(judged(2))
        assert committer.early_releases(books) == {"belt": (Key(RUN, 1), Key(RUN, 2))}, "of both, by camera"
        for seq in (3, 4):
            books.judged(judged(seq))
            committer.step(books)
            assert committer.early_releases(books) == {"belt": (Key(RUN, seq),)}, "each once, as it is judged"
        may_go.set()
        wait_for(lambda: committer.step(books) is None and not committer.busy(books), "both commits")
        assert rows(tmp_path, "SELECT start, stop FROM ledger") == [(1, 5)]
    finally:
        may_go.set()
        committer.close()


def test_what_came_while_a_commit_was_refused_goes_with_it_to_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, refusals = DefectLog.write, iter([LogError("the disk is full")])

    def refusing_once(self: DefectLog, batch: Batch) -> None:
        for error in refusals:
            raise error
        write(self, batch)

    monkeypatch.setattr(DefectLog, "write", refusing_once)
    monkeypatch.setattr("stream.committing.RETRY_S", 0.05)
    books = Bookkeeping("s", "recorder 1", 10, lambda camera, run: None)
    committer = Committer(tmp_path, ROW, commit_ms=0)
    try:
        books.judged(judged(1, "BAD", 0.9))
        committer.step(books)
        books.judged(judged(2, "GOOD", 0.1))
        wait_for(lambda: committer.step(books) or committer.error, "the refusal")
        assert committer.error and not committer.busy(books)
        written = wait_for(lambda: committer.step(books), "the second try")
        assert {key for reply in written.replies for key in reply.message.keys} == {Key(RUN, 1), Key(RUN, 2)}
        assert rows(tmp_path, "SELECT start, stop, outcome FROM ledger") == [(1, 2, "BAD"), (2, 3, "GOOD")]
        assert not committer.error
    finally:
        committer.close()


def test_steps_that_meet_a_commit_on_its_way_lose_nothing(tmp_path: Path) -> None:
    books = Bookkeeping("s", "recorder 1", 10, lambda camera, run: None)
    committer = Committer(tmp_path, ROW, commit_ms=0)
    try:
        for seq in range(20):
            books.judged(judged(seq))
            committer.step(books)
        wait_for(lambda: committer.step(books) is None and not committer.busy(books), "the last commit")
        assert rows(tmp_path, "SELECT start, stop FROM ledger") == [(0, 20)]
    finally:
        committer.close()


def test_the_loop_waits_for_news_until_its_commit_is_due_and_no_longer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = 1000.0
    monkeypatch.setattr("stream.committing.time.monotonic", lambda: now_s)
    books = Bookkeeping("s", "recorder 1", 10, lambda camera, run: None)
    committer = Committer(tmp_path, ROW, commit_ms=20)
    try:
        assert committer.pause_s(books, 0.5) == 0.5, "nothing waits"
        books.judged(judged(1))
        committer.step(books)
        assert committer.pause_s(books, 0.5) == pytest.approx(0.02)
        assert committer.pause_s(books, 0.005) == 0.005, "another has less time"
        now_s += 0.015
        assert committer.pause_s(books, 0.5) == pytest.approx(0.005)
        now_s += 1.0
        assert committer.pause_s(books, 0.5) == TURN_S, "it is due, and no circle is run"
        committer.step(books)
        assert committer.pause_s(books, 0.5) == WRITTEN_S, "it is on its way"
    finally:
        committer.close()


def left_by_an_earlier_recorder(data_dir: Path) -> Path:
    """A picture that no row points to, of a run in the log."""
    log = DefectLog(data_dir)
    books = Bookkeeping("s", "recorder 1", 10, lambda camera, run: None)
    books.judged(judged(1))
    log.write(books.take().batch)
    log.close()
    folder = data_dir / evidence_folder("belt", RUN, 7)
    folder.mkdir(parents=True)
    return folder


def test_a_recorder_whose_log_opens_late_keeps_and_clears_the_evidence_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leftover = left_by_an_earlier_recorder(tmp_path)
    kept: list[Path] = []
    begin, refusals = DefectLog.begin_session, iter([LogError("the disk is full")])

    def refusing_once(self: DefectLog, *row: object) -> None:
        for error in refusals:
            raise error
        begin(self, *row)  # type: ignore[arg-type]

    monkeypatch.setattr(DefectLog, "begin_session", refusing_once)
    monkeypatch.setattr("stream.committing.keep_folders", kept.append)
    monkeypatch.setattr("stream.committing.RETRY_S", 0.0)
    books = Bookkeeping("s", "recorder 2", 10, lambda camera, run: None)
    committer = Committer(tmp_path, ROW, commit_ms=0)
    try:
        assert committer.log is None and kept == [] and leftover.exists()
        committer.step(books)
        assert committer.log is not None and kept == [tmp_path] and not leftover.exists()
        assert not committer.error
    finally:
        committer.close()


def test_evidence_folders_that_cannot_be_synced_are_an_alarm_and_no_crash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leftover = left_by_an_earlier_recorder(tmp_path)

    def refused(data_dir: Path) -> None:
        raise PermissionError(13, "Permission denied", str(data_dir))

    monkeypatch.setattr("stream.committing.RETRY_S", 0.0)
    with monkeypatch.context() as broken:
        broken.setattr("stream.committing.keep_folders", refused)
        committer = Committer(tmp_path, ROW, commit_ms=0)
    try:
        assert committer.log is None and "Permission denied" in committer.error and committer.refuses
        committer.step(Bookkeeping("s", "recorder 2", 10, lambda camera, run: None))
        assert committer.log is not None and not committer.error and not leftover.exists()
    finally:
        committer.close()
