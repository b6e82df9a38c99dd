"""The table of incidents: whatever the order of arrival and wherever it was cut, it is what the verdicts say."""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from stream.__main__ import main
from stream.audit_reviews import check_reviews
from stream.bookkeeping import Bookkeeping
from stream.committing import Committer, SessionRow
from stream.defect_log import DefectLog
from stream.incidents import BadFrame, incidents_of
from stream.log_batch import SampleRow
from stream.log_error import LogError
from stream.log_schema import VERSION
from stream.log_upgrade import bring_log_up
from stream.messages import DefectRecord, Judged, Report
from stream.places import SHM
from tests.frames import RUN, SCRATCH, frame, judged
from tests.line import rows
from tests.test_bookkeeping import GAP, PlayedRecorder, act
from tests.test_noting import act as said
from tests.test_noting import review

SCORES = [0.6, 0.8, 0.9]
TABLE = "SELECT first_seq, last_seq, frames, worst_seq, worst_score, utc_ns, evidence, review, pinned FROM incidents"


def as_the_verdicts_say(data_dir: Path, gap: int = GAP) -> list[tuple[object, ...]]:
    """What the table must hold, reckoned anew from verdicts, reviews and pins."""
    bad = rows(data_dir, "SELECT seq, score FROM verdicts WHERE state='BAD' AND score IS NOT NULL")
    kept = dict(rows(data_dir, "SELECT seq, evidence FROM verdicts"))
    reviews = rows(data_dir, "SELECT seq, verdict FROM reviews ORDER BY number DESC")
    pins = {int(subject.split("/")[2]) for (subject,) in rows(data_dir, "SELECT subject FROM acts WHERE kind='pin'")}
    return [
        (
            *(i.first_seq, i.last_seq, i.frames, i.worst.seq, i.worst.score, frame(i.worst.seq).captured_utc_ns),
            kept[i.worst.seq],
            next((word for seq, word in reviews if i.first_seq <= seq <= i.last_seq), ""),
            int(any(i.first_seq <= seq <= i.last_seq for seq in pins)),
        )
        for i in incidents_of((BadFrame(*row) for row in bad), gap)
    ]


Action = int | str | tuple[str, int]
SEQS = st.lists(st.integers(0, 30), min_size=1, max_size=12, unique=True)
ACTIONS = st.lists(
    st.integers(0, 11)
    | st.sampled_from(["commit", "commit", "refuse", "evidence", "evidence", "die"])
    | st.tuples(st.sampled_from(["defect", "false_alarm", "pin"]), st.integers(0, 30)),
    max_size=60,
)


@settings(max_examples=120, deadline=None)
@given(SEQS, st.lists(st.sampled_from(SCORES), min_size=12, max_size=12), ACTIONS)
def test_the_table_is_what_the_verdicts_say(seqs: list[int], scores: list[float], actions: list[Action]) -> None:
    with tempfile.TemporaryDirectory(prefix="lw-", dir=SHM) as folder:
        recorder = PlayedRecorder(Path(folder))
        frames: list[Judged | Report] = [judged(seq, "BAD", score) for seq, score in zip(seqs, scores, strict=False)]
        at_last: list[Action] = [*range(len(frames)), *["evidence"] * len(frames), "commit"]
        for number, action in enumerate(actions + at_last):
            if isinstance(action, tuple):
                word, seq = action
                name = str(number)
                pin = said(name, "pin", f"belt/{RUN}/{seq}", "1")
                recorder.books.act(pin if word == "pin" else review(name, seq, word))
            else:
                act(recorder, frames, action)
            if action == "commit":
                assert rows(recorder.data_dir, TABLE) == as_the_verdicts_say(recorder.data_dir)
        assert sum(row[2] for row in rows(recorder.data_dir, TABLE)) == len(frames)
        recorder.log.close()


def test_an_incident_says_how_large_its_worst_frame_is(tmp_path: Path) -> None:
    small, large = SCRATCH, DefectRecord("dent", 0.7, (1, 2, 9, 9), 999, 12.5, 7.5)
    with contextlib.closing(DefectLog(tmp_path)) as log:
        books = Bookkeeping("s", "recorder 1", GAP, lambda camera, run: None)
        books.judged(judged(3, "BAD", 0.8))
        worst = judged(4, "BAD", 0.9)
        books.judged(replace(worst, verdict=replace(worst.verdict, defects=(small, large), recipe="lid")))
        log.write(books.take().batch)
    asked = "SELECT defects, length_px, width_px, area_px, bundle, settings, recipe, frames FROM incidents"
    assert rows(tmp_path, asked) == [(2, 12.5, 7.5, 999, "codes-1", "a1b2c3d4e5f6", "lid", 2)]


def test_evidence_that_goes_is_gone_from_its_incident_too(tmp_path: Path) -> None:
    with contextlib.closing(DefectLog(tmp_path)) as log:
        books = Bookkeeping("s", "recorder 1", GAP, lambda camera, run: None)
        books.judged(judged(3, "BAD"), "evidence/3")
        books.judged(judged(90, "BAD"), "evidence/90")
        log.write(books.take().batch)
        books.staged.batch.moved_evidence.append(("belt", RUN, 3))
        log.write(books.take().batch)
    assert rows(tmp_path, "SELECT evidence FROM incidents") == [(None,), ("evidence/90",)]


def test_another_gap_makes_other_incidents_of_a_run_that_goes_on(tmp_path: Path) -> None:
    for gap, seq in ((3, 0), (3, 5), (10, 40), (3, 60)):
        with contextlib.closing(DefectLog(tmp_path)) as log:
            books = Bookkeeping("s", "recorder", gap, lambda camera, run: log.book(camera, run, gap))  # noqa: B023
            books.judged(judged(seq, "BAD"))
            log.write(books.take().batch)
        assert rows(tmp_path, TABLE) == as_the_verdicts_say(tmp_path, gap)


def test_a_pin_stays_when_incidents_become_one(tmp_path: Path) -> None:
    with contextlib.closing(DefectLog(tmp_path)) as log:
        books = Bookkeeping("s", "recorder 1", GAP, lambda camera, run: None)
        for seq in (0, 6, 3):
            books.judged(judged(seq, "BAD"))
            if seq == 6:
                books.act(said("a", "pin", f"belt/{RUN}/6", "1"))
                books.act(review("b", 0, "false_alarm"))
            log.write(books.take().batch)
    assert rows(tmp_path, "SELECT first_seq, last_seq, review, pinned FROM incidents") == [(0, 6, "false_alarm", 1)]


def test_what_was_said_of_a_sample_is_not_said_of_the_incident_once_the_sample_has_gone(tmp_path: Path) -> None:
    with contextlib.closing(DefectLog(tmp_path)) as log:
        books = Bookkeeping("s", "recorder 1", GAP, lambda camera, run: None)
        books.judged(judged(10, "BAD"))
        books.judged(judged(12, "BAD"))
        books.staged.batch.samples.append(SampleRow("belt", RUN, 11, 1, 0.1, "random", "samples/11", "b", "s"))
        for name, seq, word in (("a", 10, "defect"), ("b", 11, "missed"), ("c", 11, "withdrawn")):
            books.act(review(name, seq, word))
        log.write(books.take().batch)
        books.staged.batch.gone_samples.append(("belt", RUN, 11))
        log.write(books.take().batch)
        assert list(check_reviews(log._db)) == []
        books.judged(judged(13, "BAD"))  # the row is written anew
        books.act(review("d", 11, "unsure"))  # of a frame that was GOOD, and is kept no longer
        staged = books.take()
        log.write(staged.batch)
    assert [noted.ok for noted in staged.batch.noted] == [False]
    assert rows(tmp_path, "SELECT last_seq, review FROM incidents") == [(13, "defect")]


def test_a_commit_costs_the_same_after_any_number_of_incidents(tmp_path: Path) -> None:
    """Counted in steps of SQLite's machine, of which the thousandth incident took a thousand times as many once."""
    steps, taken = 0, []

    def step() -> None:
        nonlocal steps
        steps += 1

    with contextlib.closing(DefectLog(tmp_path)) as log:
        books = Bookkeeping("s", "recorder 1", GAP, lambda camera, run: None)
        log._db.set_progress_handler(step, 10)
        for seq in range(0, 20_000, 20):
            books.judged(judged(seq, "BAD"))
            staged = books.take()
            before = steps
            log.write(staged.batch)
            books.written(staged)
            taken.append(steps - before)
    assert max(taken[-50:]) < 2 * max(taken[20:70])


# --- a log of an older version ---------------------------------------------------------------------------------------


def older_log(data_dir: Path, version: int, seqs: range) -> None:
    """A log as that version left it."""
    with contextlib.closing(DefectLog(data_dir)) as log:
        books = Bookkeeping("s", "recorder 1", GAP, lambda camera, run: None)
        for seq in seqs:
            books.judged(judged(seq, "BAD", 0.5 + seq / 1000))
        log.write(books.take().batch)
    with contextlib.closing(sqlite3.connect(data_dir / "log.sqlite", isolation_level=None)) as db:
        for table in ("incidents", "acts", "reviews", "samples", "minutes", "chain"):
            db.execute(f"DROP TABLE {table}")
        for index in ("verdicts_by_entry", "verdicts_by_part"):
            db.execute(f"DROP INDEX IF EXISTS {index}")
        columns = ["evidence_sha256", "entry", *(["part"] if version == 1 else [])]
        for column in columns:
            db.execute(f"ALTER TABLE verdicts DROP COLUMN {column}")
        db.execute(f"PRAGMA user_version={version}")


@pytest.mark.parametrize("version", [1, 2])
def test_a_log_of_an_older_version_gets_its_incidents(tmp_path: Path, version: int) -> None:
    older_log(tmp_path, version, range(0, 200, 2))
    before = rows(tmp_path, "SELECT seq, score, evidence FROM verdicts")
    with contextlib.closing(DefectLog(tmp_path, gap=2)):
        pass
    assert rows(tmp_path, "PRAGMA user_version") == [(VERSION,)]
    assert rows(tmp_path, "SELECT seq, score, evidence FROM verdicts") == before
    assert rows(tmp_path, TABLE) == as_the_verdicts_say(tmp_path, 2)
    with contextlib.closing(DefectLog(tmp_path, gap=1)):
        pass
    assert len(rows(tmp_path, TABLE)) == 1, "once: what is there stays"


def test_a_line_that_starts_brings_its_log_up_before_any_role_beats(tmp_path: Path) -> None:
    bring_log_up(tmp_path, 10)
    assert not (tmp_path / "log.sqlite").exists(), "no log is begun here"
    older_log(tmp_path, 2, range(0, 200, 20))
    bring_log_up(tmp_path, 10)
    assert rows(tmp_path, "PRAGMA user_version") == [(VERSION,)] and len(rows(tmp_path, TABLE)) == 10
    (tmp_path / "log.sqlite").write_bytes(b"no log" * 1000)
    bring_log_up(tmp_path, 10)  # the recorder's own alarm says what is wrong


def test_a_log_that_lacks_room_is_left_and_the_line_is_refused_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    older_log(tmp_path, 2, range(0, 200, 20))
    free = (tmp_path / "log.sqlite").stat().st_size
    monkeypatch.setattr("stream.log_upgrade.shutil.disk_usage", lambda path: SimpleNamespace(free=free))
    with pytest.raises(LogError, match=r"takes \d+ MB of free disk, \d+ MB are free: make room"):
        bring_log_up(tmp_path, 10)
    assert rows(tmp_path, "PRAGMA user_version") == [(2,)]


def test_a_recorder_never_brings_a_log_up_and_says_so(tmp_path: Path) -> None:
    older_log(tmp_path, 2, range(0, 200, 20))
    session = SessionRow("s", 0, "", "")
    for _ in range(2):
        committer = Committer(tmp_path, session, 5.0)
        committer.close()
        assert committer.log is None and "the start brings the log up" in committer.error
    assert rows(tmp_path, "PRAGMA user_version") == [(2,)]
    bring_log_up(tmp_path, 10)
    committer = Committer(tmp_path, session, 5.0)
    committer.close()
    assert committer.log is not None and not committer.error


def test_a_log_that_is_brought_up_says_again_and_again_that_it_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    older_log(tmp_path, 2, range(0, 200, 20))
    monkeypatch.setattr("stream.log_upgrade.TOLD_EVERY_S", 0.0)
    monkeypatch.setattr("stream.defect_log.STEPS_A_CALL", 100)
    told: list[str] = []
    bring_log_up(tmp_path, 10, told.append)
    assert len(told) > 2 and all(text.startswith("bringing the log up") for text in told)
    told.clear()
    bring_log_up(tmp_path, 10, told.append)
    assert not told


@pytest.mark.parametrize("damage", ["no JSON", "{}", '[{"box": 1}]', ""])
def test_a_row_whose_defects_cannot_be_read_counts_as_without(tmp_path: Path, damage: str) -> None:
    older_log(tmp_path, 2, range(0, 200, 20))
    with contextlib.closing(sqlite3.connect(tmp_path / "log.sqlite", isolation_level=None)) as db:
        db.execute("UPDATE verdicts SET defects=? WHERE seq=40", (damage,))
    bring_log_up(tmp_path, 10)
    assert len(rows(tmp_path, TABLE)) == 10
    assert rows(tmp_path, "SELECT defects, area_px FROM incidents WHERE first_seq=40") == [(0, 0)]


def test_a_step_that_is_cut_off_leaves_the_older_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    older_log(tmp_path, 2, range(0, 200, 20))

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as broken:
        broken.setattr("stream.defect_log.seal", full)
        with pytest.raises(OSError, match="database or disk is full"):
            DefectLog(tmp_path)
    assert rows(tmp_path, "PRAGMA user_version") == [(2,)]
    with contextlib.closing(DefectLog(tmp_path)):
        pass
    assert len(rows(tmp_path, TABLE)) == 10


def test_rows_from_before_the_chain_are_sealed_as_they_were_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    older_log(tmp_path, 2, range(0, 200, 20))
    with contextlib.closing(DefectLog(tmp_path)) as log:
        books = Bookkeeping("s", "recorder 2", GAP, lambda camera, run: None)
        books.judged(judged(300, "BAD"))
        log.write(books.take().batch)
    verify = ["audit", "verify", "--data-dir", str(tmp_path)]
    assert main(verify) == 0
    assert "10 verdicts are from before the chain" in capsys.readouterr().out
    with contextlib.closing(sqlite3.connect(tmp_path / "log.sqlite", isolation_level=None)) as db:
        db.execute("UPDATE verdicts SET score=0.99 WHERE seq=40")
    assert main(verify) == 1
    assert "the rows from before the chain: 10 when it began, 10 now, some changed" in capsys.readouterr().out
