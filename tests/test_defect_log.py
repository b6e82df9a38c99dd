"""The log on a real disk: all or nothing, durable when it says so, readable beside its writer."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from stream.defect_log import (
    FILE,
    VERSION,
    Batch,
    DefectLog,
    LogError,
    VerdictRow,
    book_of,
    defects_from,
    judged_by,
    open_for_reading,
    read_book,
    session_books,
)
from stream.incidents import IncidentBook
from stream.ledger import Interval
from stream.messages import Event
from stream.run_book import RunBook
from tests.frames import RUN, SCRATCH, frame, verdict
from tests.line import ROOT
from tests.test_line_disk import fill, small_disk
from tools.logged_frames import read_log

GAP = 10


@pytest.fixture
def log(tmp_path: Path) -> Iterator[DefectLog]:
    with contextlib.closing(DefectLog(tmp_path)) as opened:
        yield opened


def new_book(run: int = RUN, session: str = "s") -> RunBook:
    return RunBook("belt", run, IncidentBook(GAP), session=session)


def row(seq: int, state: str = "BAD", score: float | None = None, evidence: str | None = None) -> VerdictRow:
    return VerdictRow("belt", RUN, seq, verdict(state, score), frame(seq), 5, "inspect 1", evidence)


def batch(book: RunBook, *rows: VerdictRow) -> Batch:
    made = Batch(verdicts=list(rows))
    made.note(book)
    return made


def test_a_run_comes_back_as_it_was_written(log: DefectLog) -> None:
    book = new_book()
    book.source, book.live, book.ended, book.note = "x", True, True, "end"
    book.captured, book.lost, book.expired = 9, 2, 1
    book.account(0, 3, "dropped:newest")
    book.judge(3, "BAD", 0.9, "ab")
    book.latencies.add(20.0)
    log.write(batch(book, row(3, score=0.9)))
    back = log.book("belt", RUN, GAP)
    assert back is not None
    assert (back.digest, back.latencies.counts) == (book.digest, book.latencies.counts)
    assert back.ledger.intervals() == (Interval(0, 3, "dropped:newest"), Interval(3, 4, "BAD"))
    assert (back.source, back.live, back.captured, back.lost, back.expired) == ("x", True, 9, 2, 1)
    assert (back.ended, back.note, back.session) == (True, "end", "s")
    (incident,) = back.incidents.incidents
    assert (incident.worst.seq, incident.worst.captured_utc_ns) == (3, frame(3).captured_utc_ns)


def test_a_ledger_that_grows_on_disk_is_the_one_in_memory(log: DefectLog) -> None:
    book = new_book()
    for seq in (0, 2, 4, 1, 3):
        book.judge(seq, "GOOD", 0.1, "")
        log.write(batch(book))
        back = log.book("belt", RUN, GAP)
        assert back is not None
        assert back.ledger.intervals() == book.ledger.intervals()
    assert book.ledger.intervals() == (Interval(0, 5, "GOOD"),)


def test_the_first_verdict_on_a_frame_stands(log: DefectLog) -> None:
    log.write(batch(new_book(), row(3, "BAD", 0.9)))
    log.write(batch(new_book(), row(3, "UNKNOWN")))
    with contextlib.closing(open_for_reading(log.path.parent)) as db:
        assert db.execute("SELECT state, score FROM verdicts").fetchall() == [("BAD", 0.9)]


def test_a_frame_says_all_that_was_judged(log: DefectLog) -> None:
    log.write(batch(new_book(), row(3, "BAD", 0.9, "evidence/belt/1/00000003")))
    with contextlib.closing(open_for_reading(log.path.parent)) as db:
        db.row_factory = sqlite3.Row
        (found,) = db.execute("SELECT * FROM verdicts").fetchall()
    assert defects_from(found["defects"]) == (SCRATCH,)
    assert (found["inspector"], found["attempt"], found["boot_id"]) == ("inspect 1", 1, "b")
    assert found["captured_utc_ns"] == frame(3).captured_utc_ns
    assert log.evidence_folders() == {"evidence/belt/1/00000003"}


def test_evidence_moves_with_the_worst_frame(log: DefectLog) -> None:
    log.write(batch(new_book(), row(3, evidence="evidence/3")))
    moved = batch(new_book(), row(4, evidence="evidence/4"))
    moved.moved_evidence.append(("belt", RUN, 3))
    log.write(moved)
    assert log.evidence_folders() == {"evidence/4"}


def test_a_bad_frame_without_a_score_is_kept_and_is_no_incident(log: DefectLog) -> None:
    scoreless = msgspec.structs.replace(verdict("BAD"), score=None)
    log.write(batch(new_book(), row(3), VerdictRow("belt", RUN, 4, scoreless)))
    back = log.book("belt", RUN, GAP)
    assert back is not None
    assert [(i.first_seq, i.last_seq) for i in back.incidents.incidents] == [(3, 3)]


def test_what_cannot_be_written_whole_is_not_written_at_all(log: DefectLog) -> None:
    book = new_book()
    book.judge(3, "BAD", 0.9, "ab")
    broken = batch(book, row(3), VerdictRow("belt", RUN, 2**70, verdict("BAD")))
    with pytest.raises(OverflowError):
        log.write(broken)
    assert log.book("belt", RUN, GAP) is None
    log.write(batch(book, row(3)))
    assert log.book("belt", RUN, GAP) is not None


def test_sessions_have_their_own_runs(log: DefectLog) -> None:
    for run, session in ((1, "a"), (2, "b"), (3, "a")):
        log.write(batch(new_book(run, session)))
    log.write(Batch(events=[Event("belt", 1, "gap", "no pictures for 2 s", 5)]))
    with contextlib.closing(open_for_reading(log.path.parent)) as db:
        assert [book.run for book in session_books(db, "a", GAP)] == [1, 3]
        assert db.execute("SELECT camera, run, kind, text FROM events").fetchall() == [
            ("belt", 1, "gap", "no pictures for 2 s")
        ]


def test_the_log_is_read_while_it_is_written(log: DefectLog) -> None:
    book = new_book()
    with contextlib.closing(open_for_reading(log.path.parent)) as db:
        for captured in (1, 2):
            book.captured = captured
            log.write(batch(book))
            seen = read_book(db, "belt", RUN, GAP)
            assert seen is not None
            assert seen.captured == captured
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            db.execute("DELETE FROM runs")


def test_the_log_is_read_after_its_writer_is_gone(tmp_path: Path) -> None:
    with contextlib.closing(DefectLog(tmp_path)) as log:
        log.write(batch(new_book()))
    assert not (tmp_path / f"{FILE}-wal").exists()
    with contextlib.closing(open_for_reading(tmp_path)) as db:
        assert read_book(db, "belt", RUN, GAP) is not None


def no_file(path: Path) -> None:
    path.unlink(missing_ok=True)


def no_database(path: Path) -> None:
    path.write_bytes(b"what a fine log" * 100)


def another_database(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE cats (name TEXT)")


@pytest.mark.parametrize("spoil", [no_file, no_database, another_database])
def test_a_folder_without_a_log_is_refused_in_words(tmp_path: Path, spoil: object) -> None:
    assert callable(spoil)
    spoil(tmp_path / FILE)
    with pytest.raises(LogError, match=FILE):
        open_for_reading(tmp_path)


def test_a_runs_engine_is_that_of_its_session(log: DefectLog) -> None:
    for number, session in ((1, "s"), (2, "t")):
        log.begin_session(session, 0, "line", "")
        log.note_engine(session, f"engine of {session}", "b@1")
        log.write(batch(new_book(number, session)))
    found = [judged_by(log.path.parent, "belt", number) for number in (1, 2, 3)]
    assert found == ["engine of s", "engine of t", ""]


@pytest.mark.parametrize(
    "read",
    [lambda folder: judged_by(folder, "belt", 1), lambda folder: book_of(folder, "belt", 1, 9), read_log],
)
def test_a_log_that_is_damaged_further_in_is_refused_in_words(tmp_path: Path, read: object) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / FILE)) as db:
        db.execute("CREATE TABLE runs (camera TEXT)")  # it opens: what is wrong shows when a run is wanted
    assert callable(read)
    with pytest.raises(
        LogError, match=rf"{FILE}: the log cannot be read: .*no such (table|column).*; bring back a copy"
    ):
        read(tmp_path)


def test_a_log_of_another_format_is_left_alone(tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / FILE)) as db:
        db.execute(f"PRAGMA user_version={VERSION + 1}")
    with pytest.raises(LogError, match=f"format {VERSION + 1}"):
        DefectLog(tmp_path)
    with contextlib.closing(sqlite3.connect(tmp_path / FILE)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (VERSION + 1,)


def test_a_log_cannot_lie_where_a_file_is(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(LogError, match="set data_dir"):
        DefectLog(tmp_path / "data")


# --- a disk that refuses ---------------------------------------------------------------------------------------------


def engine_of(data_dir: Path) -> tuple[str, str]:
    with contextlib.closing(open_for_reading(data_dir)) as db:
        return db.execute("SELECT engine, bundle FROM sessions").fetchone()


def test_who_judges_is_on_record_at_once(log: DefectLog) -> None:
    log.begin_session("s", 1, "line", "")
    log.note_engine("s", "onnxruntime cpu", "codes-1")
    assert engine_of(log.path.parent) == ("onnxruntime cpu", "codes-1")


def test_a_full_disk_refuses_in_words_and_takes_everything_later(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", megabytes=1) as folder, contextlib.closing(DefectLog(folder)) as log:
        log.begin_session("s", 1, "line", "")
        filler = fill(folder)
        book = new_book()
        for seq in range(0, 2000, 2):
            book.judge(seq, "BAD", 0.9, "ab")
        pending = batch(book, *(row(seq) for seq in range(0, 2000, 2)))
        with pytest.raises(LogError, match="make room on the disk"):
            log.write(pending)
        log.note_engine("s", "onnxruntime cpu", "codes-1")
        with pytest.raises(LogError, match="make room on the disk"):
            log.begin_session("s" * 9000, 1, "line", "")
        filler.unlink()
        log.write(pending)
        back = log.book("belt", RUN, GAP)
        assert back is not None
        assert back.ledger.counts() == {"BAD": 1000}
        assert engine_of(folder) == ("onnxruntime cpu", "codes-1")


# --- a writer that is killed -----------------------------------------------------------------------------------------

WRITER = f"""
import sys
from pathlib import Path
from stream.defect_log import Batch, DefectLog, VerdictRow
from stream.incidents import IncidentBook
from stream.run_book import RunBook
from tests.frames import verdict

log = DefectLog(Path(sys.argv[1]))
book = log.book("belt", 7, {GAP}) or RunBook("belt", 7, IncidentBook({GAP}))
seq = book.captured
while True:
    rows = [VerdictRow("belt", 7, s, verdict("BAD", 0.9)) for s in range(seq, seq + 3)]
    for r in rows:
        book.judge(r.seq, "BAD", 0.9, "ab")
    seq = book.captured = seq + 3
    batch = Batch(verdicts=rows)
    batch.note(book)
    log.write(batch)
    print(seq, flush=True)
"""


def killed_after(data_dir: Path, commits: int) -> int:
    """A writer that dies by SIGKILL while it writes; the number of frames it had acknowledged."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(data_dir)], stdout=subprocess.PIPE, text=True, env=environment
    ) as writer:
        assert writer.stdout is not None
        said = [writer.stdout.readline() for _ in range(commits)]
        writer.send_signal(signal.SIGKILL)
        said += writer.stdout.readlines()
    return int([line for line in said if line.endswith("\n")][-1])


def test_what_was_acknowledged_survives_the_death_of_its_writer(tmp_path: Path) -> None:
    acknowledged = 0
    for commits in (1, 2, 7):
        acknowledged = killed_after(tmp_path, commits)
        with contextlib.closing(open_for_reading(tmp_path)) as db:
            book = read_book(db, "belt", 7, GAP)
            (verdicts,) = db.execute("SELECT count(*) FROM verdicts").fetchone()
        assert book is not None
        assert book.captured >= acknowledged
        assert book.ledger.intervals() == (Interval(0, book.captured, "BAD"),)
        assert verdicts == book.captured
        again = new_book(7)
        for seq in range(book.captured):
            again.judge(seq, "BAD", 0.9, "ab")
        assert book.digest == again.digest
    assert acknowledged >= 30
