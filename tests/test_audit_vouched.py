"""Events, samples, sessions and runs in the chain: at a kill, on a full disk, over an older log, as time goes on."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest
from msgspec.structs import replace

from stream.__main__ import main
from stream.audit_vouched import check_vouched
from stream.bookkeeping import Bookkeeping
from stream.chain import OPEN, Change, changes_in
from stream.defect_log import DefectLog
from stream.keeping import sample_folder
from stream.log_batch import SampleRow
from stream.log_chain import CHAIN_COLUMNS, Entry
from stream.log_error import LogError
from stream.log_upgrade import bring_log_up
from stream.messages import Event, Outcome
from tests.audited_log import GAP, line_of, make_log
from tests.frames import RUN, judged, report
from tests.line import ROOT, rows
from tests.older_log import as_version_3

NAME = f"belt/{RUN}"
KILLS = (2, 7)  # after so many commits of the child were said to be on disk
WRITER = """
import sys
from pathlib import Path
from tests.test_audit_vouched import opened, one_commit
with opened(Path(sys.argv[1])) as (log, books):
    for turn in range(int(sys.argv[2]), 10**9):
        one_commit(log, books, turn)
        print(turn, flush=True)
"""
EVENTS_ASIDE = 30_000
VERIFIER = """
import resource
import sys
from stream.__main__ import main
resource.setrlimit(resource.RLIMIT_FSIZE, (LEAST, LEAST))
sys.exit(main(["audit", "verify", "--data-dir", sys.argv[1]]))
"""


@contextlib.contextmanager
def opened(data_dir: Path, session: str = "s") -> Iterator[tuple[DefectLog, Bookkeeping]]:
    with contextlib.closing(DefectLog(data_dir, GAP)) as log:
        log.begin_session(session, ord(session) * 10**9, "line", line_of(30.0))
        log.note_engine(session, "cpu", "codes-1")
        yield log, Bookkeeping(session, "recorder", GAP, lambda c, r: log.book(c, r, GAP), frozenset(), lambda: 9)


def write(log: DefectLog, books: Bookkeeping) -> None:
    staged = books.take()
    log.write(staged.batch)
    books.written(staged)


def sample_of(run: int, seq: int) -> SampleRow:
    folder = sample_folder("belt", run, seq)
    return SampleRow("belt", run, seq, run * 1000, 0.1, "random", folder, "codes-1", "a1", chance=0.5, threshold=0.6)


def one_commit(log: DefectLog, books: Bookkeeping, turn: int) -> None:
    """A run of its own, from its beginning to its end, with something of every table; the sample before goes."""
    run = RUN + turn
    books.judged(judged(0, run=run))
    books.judged(judged(1, "BAD", run=run))
    books.report(report(2, ended=True, run=run, serial=turn + 1))
    books.staged.batch.samples.append(sample_of(run, 0))
    books.staged.batch.gone_samples.append(("belt", run - 1, 0))
    books.event(Event("belt", run, "gap", "2 frames were lost", turn))
    write(log, books)


def verify(data_dir: Path, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    code = main(["audit", "verify", "--data-dir", str(data_dir), *words])
    return code, capsys.readouterr().out


def sabotage(data_dir: Path, statement: str) -> None:
    with contextlib.closing(sqlite3.connect(data_dir / "log.sqlite", isolation_level=None)) as db:
        assert db.execute(statement).rowcount > 0, statement


def held(data_dir: Path, table: str) -> list[tuple[bool, bool | None]]:
    """Each change of that table's rows: whether it was there before, and whether it was held (None: gone) after."""
    found = []
    for row in rows(data_dir, f"SELECT {CHAIN_COLUMNS} FROM chain ORDER BY number"):
        for change in changes_in(Entry(*row)):
            if change.table == table:
                found.append((change.before is not None, None if change.after is None else change.after != OPEN))
    return found


# --- a kill, a full disk ---------------------------------------------------------------------------------------------


def test_a_writer_that_is_killed_leaves_no_row_without_its_change_and_none_without_its_row(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    turn = 0
    for commits in KILLS:
        command = [sys.executable, "-c", WRITER, str(tmp_path), str(turn)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            said = [int(writer.stdout.readline()) for _ in range(commits)]
            writer.send_signal(signal.SIGKILL)
        turn = said[-1] + 1_000_000  # more may have been written than was read, however slow this process is
        assert verify(tmp_path, capsys)[0] == 0
    assert len(rows(tmp_path, "SELECT id FROM events")) >= sum(KILLS)


def test_a_commit_that_is_cut_off_at_any_step_leaves_the_log_as_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refused, steps = 0, 100
    with opened(tmp_path) as (log, books):
        one_commit(log, books, 0)
        while True:
            left = [steps]

            def step(left: list[int] = left) -> bool:
                left[0] -= 1
                return left[0] == 0  # SQLite gives up what it does, as on a disk that refuses

            log._db.set_progress_handler(step, 1)
            try:
                one_commit(log, books, 1)
                break
            except LogError:
                refused, steps = refused + 1, steps + steps // 8
                books = Bookkeeping("s", "recorder", GAP, lambda c, r: log.book(c, r, GAP), frozenset(), lambda: 9)
            finally:
                log._db.set_progress_handler(None, 0)
            assert verify(tmp_path, capsys)[0] == 0
    assert refused > 5
    assert len(rows(tmp_path, "SELECT id FROM events")) == 2 and verify(tmp_path, capsys)[0] == 0


def test_what_the_disk_refused_is_held_once_it_takes_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with opened(tmp_path) as (log, books):
        books.judged(judged(0))
        books.report(report(1, ended=True))
        staged = books.take()
        books.restore(staged)  # the commit failed
        books.event(Event("belt", RUN, "gap", "later", 1))
        write(log, books)
    assert held(tmp_path, "runs") == [(False, True)] and held(tmp_path, "events") == [(False, True)]
    assert verify(tmp_path, capsys)[0] == 0


# --- rows that change, and go ----------------------------------------------------------------------------------------


def test_a_run_is_held_from_its_end_on_and_again_when_frames_come_late(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with opened(tmp_path) as (log, books):
        for seq in range(3):
            books.judged(judged(seq))
            write(log, books)
        books.report(report(4, ended=True))
        write(log, books)
        assert held(tmp_path, "runs") == [(False, False)], "a frame has no outcome yet"
        books.report(report(4, Outcome(3, 4, "dropped:newest"), ended=True, serial=2))
        write(log, books)
        books.judged(judged(5))  # nobody has told of it: the ledger says so, the row is as it was written
        write(log, books)
        assert not list(check_vouched(log._db))
        books.report(report(6, Outcome(4, 5, "dropped:newest"), ended=True, serial=3))
        write(log, books)
        assert verify(tmp_path, capsys)[0] == 0
        books.report(report(6, ended=True, serial=4))  # said again: nothing is new
        write(log, books)
    assert held(tmp_path, "runs") == [(False, False), (True, True), (True, False), (True, True)]
    sabotage(tmp_path, "UPDATE runs SET note='the camera was lost'")
    code, said = verify(tmp_path, capsys)
    assert code == 1 and f"run {NAME}: changed since entry" in said


def test_a_recorder_that_comes_back_holds_the_run_that_it_closes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with opened(tmp_path) as (log, books):
        books.judged(judged(0))
        write(log, books)
    with opened(tmp_path) as (log, books):
        books.abandon("belt", RUN)
        write(log, books)
    assert held(tmp_path, "runs") == [(False, False), (True, True)] and verify(tmp_path, capsys)[0] == 0


def test_a_start_is_held_as_who_judges_changes_and_not_when_it_is_said_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        with opened(tmp_path) as (log, _books):
            log.note_engine("s", "cpu", "codes-1")
    assert held(tmp_path, "sessions") == [(False, True), (True, True)]
    with opened(tmp_path) as (log, _books):
        log.note_engine("s", "cpu", "codes-2")
    assert len(held(tmp_path, "sessions")) == 3 and verify(tmp_path, capsys)[0] == 0


def test_a_sample_that_retention_takes_is_nobodys_fault_and_one_that_somebody_takes_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with opened(tmp_path) as (log, books):
        books.judged(judged(0))
        books.judged(judged(1))
        for seq in (0, 1, 1):  # a killed recorder chooses the same once more
            books.staged.batch.samples.append(sample_of(RUN, seq))
        write(log, books)
        for _ in range(2):  # and reports what is gone once more
            books.staged.batch.gone_samples.append(("belt", RUN, 0))
            write(log, books)
    assert held(tmp_path, "samples") == [(False, True), (False, True), (True, None)]
    code, said = verify(tmp_path, capsys)
    assert code == 0 and "and for 0 events, 1 samples, 1 sessions, 1 runs" in said
    sabotage(tmp_path, "DELETE FROM samples")
    code, said = verify(tmp_path, capsys)
    assert code == 1 and f"sample {NAME}/1: missing, it came by entry 3 " in said


LATER = {
    "the newest event, whose number is given anew": (
        "DELETE FROM events WHERE id=(SELECT max(id) FROM events)",
        "event 1: taken out before entry 4 ",
    ),
    "a sample that goes": (
        f"UPDATE samples SET score=0.2 WHERE run={RUN}",
        rf"sample {NAME}/0: changed before entry 4 ",
    ),
    "a run that gets another frame": (
        f"UPDATE runs SET note='x' WHERE run={RUN}",
        rf"run {NAME}: changed before entry 5 ",
    ),
    "who judged, before another does": (
        "UPDATE sessions SET engine='gpu'",
        "session s: changed before entry 4 ",
    ),
    "a sample that was put there and goes": (
        "INSERT INTO samples SELECT camera, run, 1, utc_ns, score, why, folder, bundle, settings, part, review, pinned,"
        " chance, threshold FROM samples",
        rf"sample {NAME}/1: added before entry 7 ",
    ),
}


@pytest.mark.parametrize("name", LATER)
def test_what_was_done_to_a_row_is_found_also_when_the_line_has_written_it_since(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    statement, words = LATER[name]
    with opened(tmp_path) as (log, books):
        one_commit(log, books, 0)
    sabotage(tmp_path, statement)
    with opened(tmp_path) as (log, books):
        one_commit(log, books, 1)
        books.report(report(3, Outcome(2, 3, "dropped:newest"), ended=True, serial=9))
        write(log, books)
        log.note_engine("s", "cpu", "codes-2")
        books.staged.batch.gone_samples.append(("belt", RUN, 1))
        write(log, books)
    code, said = verify(tmp_path, capsys)
    assert code == 1 and re.search(words, said), said


TOLD = {
    "nothing": b"",
    "no MessagePack": b"\xc1",
    "a number": msgspec.msgpack.encode(7),
    "many lists in one another": b"\x91" * 100_000,
    "a table that there is not": msgspec.msgpack.encode([Change("x", (1,), None, None)]),
    "a name that is too long": msgspec.msgpack.encode([Change("events", (1, 2), None, None)]),
    "a name of lists": msgspec.msgpack.encode([Change("events", ([1],), None, None)]),
    "a number without an end": msgspec.msgpack.encode([Change("events", (2**64 - 1,), None, b"")]),
    "older rows without a number": msgspec.msgpack.encode([Change("older", ("x",), None, None)]),
    "no hash": msgspec.msgpack.encode([("events", (1,), 3, 4)]),
}


@pytest.mark.parametrize("name", TOLD)
def test_whatever_an_entry_tells_the_audit_goes_through(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    with opened(tmp_path) as (log, books):
        one_commit(log, books, 0)
    with contextlib.closing(sqlite3.connect(tmp_path / "log.sqlite", isolation_level=None)) as db:
        db.execute("UPDATE chain SET rows_sha256 = ? WHERE number = 2", (TOLD[name],))
    code, said = verify(tmp_path, capsys)
    assert (
        code == 1 and re.search("entry 2 .* of the chain: changed", said) and "session s: changed since entry 1" in said
    )


# --- a log of an older version ---------------------------------------------------------------------------------------


@pytest.fixture
def older(tmp_path: Path) -> Path:
    """A log of version 3, with a run that goes on."""
    make_log(tmp_path)
    with opened(tmp_path, "u") as (log, books):
        books.judged(judged(0, run=RUN + 50))
        write(log, books)
    as_version_3(tmp_path)
    return tmp_path


def test_a_log_of_the_version_before_is_accused_of_nothing(older: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = verify(older, capsys)
    assert code == 0 and "nothing vouches yet for events, samples, sessions, runs: the next start" in said
    bring_log_up(older, GAP)
    code, said = verify(older, capsys)
    assert code == 0
    assert "and for 1 events, 3 samples, 3 sessions, 3 runs" in said
    assert re.search(r"\n10 of these are from before entry \d+ \(2.*\): it vouches for them as they were then\n", said)
    with opened(older, "u") as (log, books):
        books.judged(judged(1, run=RUN + 50))
        books.report(report(2, ended=True, run=RUN + 50))
        books.staged.batch.gone_samples.append(("belt", RUN, 5))
        one_commit(log, books, 60)
        log.note_engine("t", "cpu", "codes-3")
    code, said = verify(older, capsys)
    assert code == 0 and "and for 2 events, 3 samples, 3 sessions, 4 runs" in said
    assert json.loads(verify(older, capsys, "--json")[1])["older_rows"] == 10


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE events SET text='x'", "event 1: changed since entry"),
        ("DELETE FROM samples WHERE seq=5", rf"sample {NAME}/5: missing, it came by entry"),
        ("UPDATE sessions SET line='x' WHERE session='s'", "session s: changed since entry"),
        (f"UPDATE runs SET latencies=x'00' WHERE run={RUN}", rf"run {NAME}: changed since entry"),
        (f"DELETE FROM runs WHERE run={RUN + 50}", rf"run belt/{RUN + 50}: missing, it came by entry"),
    ],
)
def test_what_is_changed_of_older_rows_is_found_from_then_on(
    older: Path, capsys: pytest.CaptureFixture[str], statement: str, words: str
) -> None:
    bring_log_up(older, GAP)
    sabotage(older, statement)
    code, said = verify(older, capsys)
    assert code == 1 and re.search(words, said), said


def test_a_log_whose_version_is_turned_back_hides_nothing(older: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bring_log_up(older, GAP)
    sabotage(older, "UPDATE events SET text='x'")
    with contextlib.closing(sqlite3.connect(older / "log.sqlite")) as db:
        db.execute("PRAGMA user_version=3")
    code, said = verify(older, capsys)
    assert code == 1 and "event 1: changed since entry" in said
    bring_log_up(older, GAP)
    code, said = verify(older, capsys)
    assert code == 1 and "event 1: taken out before entry" in said


def test_many_rows_are_taken_in_by_several_entries(
    older: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stream.log_vouched.TOGETHER", 4)
    before = len(rows(older, "SELECT number FROM chain"))
    bring_log_up(older, GAP)
    assert len(rows(older, "SELECT number FROM chain")) == before + 3
    code, said = verify(older, capsys)
    assert code == 0 and "10 of these are from before" in said


def test_a_step_without_room_is_refused_and_asks_for_little(older: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = 2999
    monkeypatch.setattr("stream.log_upgrade.shutil.disk_usage", lambda path: SimpleNamespace(free=free))
    with pytest.raises(LogError, match="free disk"):
        bring_log_up(older, GAP)
    assert rows(older, "PRAGMA user_version") == [(3,)]
    free = 3000
    bring_log_up(older, GAP)
    assert rows(older, "PRAGMA user_version") == [(4,)]


# --- the entry that somebody kept ------------------------------------------------------------------------------------


def test_a_head_that_was_kept_is_said_to_be_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with opened(tmp_path):
        pass
    assert main(["audit", "head", "--data-dir", str(tmp_path)]) == 0
    kept = capsys.readouterr().out
    with opened(tmp_path) as (log, books):
        one_commit(log, books, 0)
    for same in (kept, kept.strip().upper()):
        code, said = verify(tmp_path, capsys, "--head", same)
        assert code == 0 and "entry 2, which was kept, is there; 1 came after it" in said
    code, said = verify(tmp_path, capsys, "--head", "none\n")
    assert code == 0 and "of a log without entries: nothing can be missing by it" in said


NO_FORM, NOTHING = "as `audit head` prints it", "look at the file that keeps what `audit head` prints"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        *((odd, NO_FORM) for odd in ("4711:9f3c…", "x", "12", f"-1:{'0' * 64}", f"1:{'0' * 63}", f"1:{'g' * 64}")),
        *((nothing, NOTHING) for nothing in ("", " \n")),  # as the help's example gives where that file is away
    ],
)
def test_what_is_no_head_is_refused_and_accuses_nobody(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], given: str, says: str
) -> None:
    with opened(tmp_path):
        pass
    with pytest.raises(SystemExit) as ended:
        verify(tmp_path, capsys, f"--head={given}")
    assert ended.value.code == 2 and says in capsys.readouterr().err


@pytest.mark.parametrize("held", [False, True], ids=["in one commit", "after the run was held"])
def test_a_verdict_on_a_frame_behind_the_end_of_a_run_accuses_nobody(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], held: bool
) -> None:
    """Its capture died, and the run was closed without it: the inspector that has the frame says its verdict later."""
    with opened(tmp_path) as (log, books):
        for seq in range(4):
            books.judged(judged(seq))
        books.report(report(4))
        assert books.abandon("belt", RUN) == 0
        if held:
            write(log, books)
        books.judged(judged(5, "BAD"))
        write(log, books)
        assert rows(tmp_path, "SELECT captured, ended FROM runs") == [(6, 1)]
        code, said = verify(tmp_path, capsys)
        assert code == 0, said
        assert list(log.open_runs()) == [("belt", RUN)], "the next start looks after the frame between"
        assert books.abandon("belt", RUN) == 1
        write(log, books)
        assert not log.open_runs()
    code, said = verify(tmp_path, capsys)
    assert code == 0, said


# --- a disk for what is passing ---------------------------------------------------------------------------------------


def test_a_full_disk_beside_the_log_accuses_nobody(tmp_path: Path) -> None:
    """More changes than SQLite keeps in memory, and no file may grow past 128 KiB: of the log nothing is written."""
    with opened(tmp_path) as (log, books):
        for number in range(EVENTS_ASIDE):
            books.event(Event("belt", RUN, "gap", "2 frames were lost", number))
        write(log, books)
    beside = VERIFIER.replace("LEAST", str(2**17)), VERIFIER.replace("LEAST", str(2**30))
    full, free = (
        subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, capture_output=True, text=True)
        for code in beside
    )
    assert full.returncode == 2 and "nothing is said of the log: the temporary file beside it" in full.stderr
    assert "SQLITE_TMPDIR" in full.stderr and "damaged" not in full.stderr
    assert free.returncode == 0 and free.stdout.endswith("nothing is wrong\n")


def test_an_open_run_that_is_put_there_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with opened(tmp_path) as (log, books):
        books.judged(replace(judged(0)))
        write(log, books)
    sabotage(
        tmp_path,
        "INSERT INTO runs SELECT camera, run + 1, session, source, live, 0, 0, 0, 0, '', digest, latencies FROM runs",
    )
    code, said = verify(tmp_path, capsys)
    assert code == 1 and f"run belt/{RUN + 1}: added, the chain holds none of that name" in said
