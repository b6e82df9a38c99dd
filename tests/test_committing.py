"""A disk that is slow: the loop goes on, pixels are let go, and nothing is answered before it is written."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from stream.bookkeeping import Bookkeeping
from stream.committing import Committer, SessionRow
from stream.defect_log import Batch, DefectLog, LogError
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
        assert committer.early_releases(books) == {"belt": (Key(RUN, 1),)}
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
