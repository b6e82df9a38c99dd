"""The audit by sabotage: whatever is changed in a log behind its back is found, and named."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest

from stream.__main__ import main
from stream.audit_check import Finding, check_chain
from stream.audit_evidence import check_evidence
from stream.bookkeeping import Bookkeeping
from stream.defect_log import DefectLog
from stream.evidence import description_hash, write_evidence
from stream.log_chain import ACT_COLUMNS, CHAIN_COLUMNS, VERDICT_COLUMNS
from stream.log_reading import open_for_reading
from tests.frames import RUN, judged
from tests.test_noting import act, review

FRAME = f"frame belt/{RUN}"


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """Five BAD frames in a commit each, then one commit with two frames and three acts."""
    with contextlib.closing(DefectLog(tmp_path)) as log:
        books = Bookkeeping("s", "recorder 1", 3, lambda camera, run: log.book(camera, run, 3))
        for seq in range(0, 100, 20):
            books.judged(judged(seq, "BAD"))
            log.write(books.take().batch)
        books.judged(judged(105, "BAD"))
        books.judged(judged(110, "UNKNOWN"))
        for one in (act("a"), review("b", 20), act("c", "setting", "inspector.threads", "4")):
            books.act(one)
        log.write(books.take().batch)
    return tmp_path


def verify(data_dir: Path, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    code = main(["audit", "verify", "--data-dir", str(data_dir), *words])
    return code, capsys.readouterr().out


def head(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["audit", "head", "--data-dir", str(data_dir)]) == 0
    return capsys.readouterr().out.strip()


def sabotage(data_dir: Path, *statements: str) -> None:
    with contextlib.closing(sqlite3.connect(data_dir / "log.sqlite", isolation_level=None)) as db:
        for statement in statements:
            assert db.execute(statement).rowcount > 0, statement


def test_nothing_is_wrong_with_a_log_that_nobody_touched(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = verify(data_dir, capsys, "--head", head(data_dir, capsys))
    assert code == 0
    assert "6 entries vouch for 7 verdicts and 3 acts" in said
    assert said.endswith("nothing is wrong\n")


COPY = "INSERT INTO verdicts SELECT camera, run, 300, {} FROM verdicts WHERE seq=40"
LATER = """state, score, reason, defects, mask_sha256, bundle, settings, captured_utc_ns, captured_mono_ns,
  judged_mono_ns, pts_s, host, boot_id, inspector, attempt, evidence, part, evidence_sha256, """
SABOTAGE = {
    "a score": (["UPDATE verdicts SET score=0.1 WHERE seq=40"], rf"{FRAME}/40: changed since entry 3 "),
    "a state": (["UPDATE verdicts SET state='UNKNOWN' WHERE seq=105"], rf"{FRAME}/105: changed since entry 6 "),
    "its evidence's hash": (["UPDATE verdicts SET evidence_sha256=x'00' WHERE seq=40"], rf"{FRAME}/40: changed"),
    "a row less": (["DELETE FROM verdicts WHERE seq=40"], rf"entry 3 .* is missing\n{FRAME}/40: its row is missing"),
    "one of two rows less": (["DELETE FROM verdicts WHERE seq=110"], "1 of the 2 rows of entry 6 .* is missing"),
    "a row more": ([COPY.format(LATER + "entry")], rf"{FRAME}/300: added or changed since entry 3 "),
    "a row more, said to be old": (
        [COPY.format(LATER + "0")],
        rf"{FRAME}/300: added; .* no rows from before the chain",
    ),
    "a row more, of no entry": ([COPY.format(LATER + "99")], rf"{FRAME}/300: added, or its entry 99 was taken out"),
    "a row more, of an odd entry": ([COPY.format(LATER + "'x'")], rf"{FRAME}/300: added, or its entry x was taken out"),
    "two rows swapped": (
        [f"UPDATE verdicts SET seq={new} WHERE seq={old}" for old, new in ((20, 999), (40, 20), (999, 40))],
        rf"{FRAME}/40: changed since entry 2 (.|\n)*{FRAME}/20: changed since entry 3 ",
    ),
    "a row moved": (["UPDATE verdicts SET seq=41 WHERE seq=40"], rf"{FRAME}/41: changed since entry 3 "),
    "an act": (["UPDATE acts SET who='Nobody' WHERE id='b'"], "act 2: changed since entry 6 "),
    "an act less": (["DELETE FROM acts WHERE id='c'"], "1 of the 3 rows of entry 6 .* is missing"),
    "acts swapped": (
        [f"UPDATE acts SET number={new} WHERE number={old}" for old, new in ((1, 99), (2, 1), (99, 2))],
        "act 1: changed since entry 6 (.|\n)*act 2: changed since entry 6 ",
    ),
    "an act more": (
        ["INSERT INTO acts SELECT 4, 'd', utc_ns, who, role, kind, subject, old, new, entry FROM acts WHERE number=1"],
        "act 4: added or changed since entry 6 ",
    ),
    "a row, and its hash": (
        [
            "UPDATE verdicts SET score=0.1 WHERE seq=40",
            "UPDATE chain SET rows_sha256=zeroblob(32) WHERE number=3",
        ],
        "entry 3 .* of the chain: changed",
    ),
    "an entry less": (["DELETE FROM chain WHERE number=3"], "entry 3 of the chain: missing"),
    "an entry with its row less": (
        ["DELETE FROM chain WHERE number=3", "DELETE FROM verdicts WHERE seq=40"],
        "entry 3 of the chain: missing",
    ),
    "the first entries less": (
        ["DELETE FROM chain WHERE number<3", "DELETE FROM verdicts WHERE entry<3"],
        "entries 1 to 2 of the chain: missing",
    ),
    "an entry's time": (["UPDATE chain SET utc_ns=1 WHERE number=2"], "entry 2 .* of the chain: changed"),
    "an entry of another form": (["UPDATE chain SET hash='x' WHERE number=2"], "entry 2 of the chain: changed"),
    "the end of the chain less": (
        ["DELETE FROM chain WHERE number>4"],
        rf"{FRAME}/80: added, or its entry 5 was taken out of the chain",
    ),
    "a review": (["UPDATE reviews SET verdict='false_alarm'"], "review 2: changed, act 2 says what it was"),
    "a review less": (["DELETE FROM reviews"], "review 2: missing, act 2 says what it was"),
    "a review more": (
        ["INSERT INTO reviews SELECT 77, camera, run, seq, 1, who, 'defect', '', '[]' FROM reviews"],
        "review 77: added",
    ),
    "what an incident shows": (
        ["UPDATE incidents SET review='' WHERE first_seq=20"],
        rf"incident belt/{RUN}/20: shows a review that",
    ),
    "the whole chain less": (["DELETE FROM chain"], rf"{FRAME}/0: added, or its entry 1 was taken out of the chain"),
}


@pytest.mark.parametrize("name", SABOTAGE)
def test_what_was_changed_is_found_and_named(data_dir: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    statements, words = SABOTAGE[name]
    sabotage(data_dir, *statements)
    code, said = verify(data_dir, capsys)
    assert code == 1
    assert re.search(words, said), said


def test_a_machine_gets_what_was_found_as_one_object(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sabotage(data_dir, "UPDATE verdicts SET score=0.1 WHERE seq=40")
    code, said = verify(data_dir, capsys, "--json")
    told = json.loads(said)
    assert (code, told["findings"], told["entries"], told["verdicts"], told["acts"]) == (1, 2, 6, 7, 3)
    assert told["said"][0].startswith(f"{FRAME}/40: changed") and told["head"].startswith("6:")
    assert told["said"][1].endswith("its worst_score is 0.97 and should be 0.1"), "the incident says what it was"


@pytest.mark.parametrize("cell", ["hash='h'", "hash=1.5", "utc_ns='later'", "rows_sha256='rows'"])
def test_a_newest_entry_of_no_form_is_a_finding_and_no_head(
    data_dir: Path, capsys: pytest.CaptureFixture[str], cell: str
) -> None:
    sabotage(data_dir, f"UPDATE chain SET {cell} WHERE number=6")
    code, said = verify(data_dir, capsys)
    assert code == 1 and "entry 6 of the chain: changed, it has not the form of one" in said
    assert "newest entry: none that has the form of one" in said
    assert json.loads(verify(data_dir, capsys, "--json")[1])["head"] is None
    assert main(["audit", "head", "--data-dir", str(data_dir)]) == 1
    printed = capsys.readouterr()
    assert not printed.out and "entry 6 of the chain, the newest, was changed" in printed.err
    with contextlib.closing(DefectLog(data_dir)) as log:  # the line records on, and what was done stays found
        books = Bookkeeping("s", "recorder 2", 3, lambda camera, run: log.book(camera, run, 3))
        books.judged(judged(200, "BAD"))
        log.write(books.take().batch)
    code, said = verify(data_dir, capsys)
    assert code == 1 and "entry 6 of the chain: changed, it has not the form of one" in said


CUT = ["DELETE FROM chain WHERE number>4", "DELETE FROM verdicts WHERE entry>4", "DELETE FROM acts WHERE entry>4"]


def test_an_end_that_was_cut_off_is_found_by_the_head_that_somebody_kept(
    data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = head(data_dir, capsys)
    sabotage(data_dir, *CUT)
    code, said = verify(data_dir, capsys, "--head", kept)
    assert code == 1 and f"the entry {kept} is not in the log" in said


def test_an_older_head_is_still_found_in_a_log_that_went_on(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = head(data_dir, capsys)
    with contextlib.closing(DefectLog(data_dir)) as log:
        books = Bookkeeping("s", "recorder 2", 3, lambda camera, run: log.book(camera, run, 3))
        books.judged(judged(200, "BAD"))
        log.write(books.take().batch)
    assert head(data_dir, capsys) != kept
    assert verify(data_dir, capsys, "--head", kept)[0] == 0


def test_what_may_change_later_is_no_finding(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Evidence that gives way, and a review: the review is an act, and in the chain as such."""
    with contextlib.closing(DefectLog(data_dir)) as log:
        books = Bookkeeping("s", "recorder 2", 3, lambda camera, run: log.book(camera, run, 3))
        books.staged.batch.moved_evidence.append(("belt", RUN, 40))
        books.act(review("later", 40, "false_alarm"))
        log.write(books.take().batch)
    assert verify(data_dir, capsys) == (0, verify(data_dir, capsys)[1])


def test_a_challenge_has_no_row_and_none_is_missed_where_another_one_is(
    data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with contextlib.closing(DefectLog(data_dir)) as log:
        books = Bookkeeping("s", "recorder 2", 3, lambda camera, run: log.book(camera, run, 3))
        for run, state in ((77, "BAD"), (78, "UNKNOWN")):
            seen = judged(0, state, run=run)
            books.judged(msgspec.structs.replace(seen, frame=msgspec.structs.replace(seen.frame, challenge=True)))
        log.write(books.take().batch)
    assert verify(data_dir, capsys)[0] == 0
    sabotage(data_dir, "DELETE FROM verdicts WHERE seq=40")
    said = verify(data_dir, capsys)[1]
    assert f"{FRAME}/40: its row is missing" in said and "belt/77" not in said and "belt/78" not in said


@pytest.mark.parametrize("words", [["--kind", "setting"], ["--who", "Jürgen"], ["--since", "2020-01-01"]])
def test_acts_are_listed_for_people_and_machines(
    data_dir: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    listed = ["audit", "list", "--data-dir", str(data_dir), *words]
    assert main(listed) == 0
    table = capsys.readouterr().out
    assert "inspector.threads" in table and table.endswith("acts\n")
    assert main([*listed, "--json"]) == 0
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {"number": 3, "who": "Jürgen", "kind": "setting", "new": "4"}.items() <= said[-1].items()
    assert main([*listed, "--csv"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(said) + 1


def test_a_formula_in_a_name_is_text_in_the_spreadsheet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with contextlib.closing(DefectLog(tmp_path)) as log:
        books = Bookkeeping("s", "recorder 1", 3, lambda camera, run: None)
        books.act(act("a", subject="=cmd()|' /C calc'!A0"))
        log.write(books.take().batch)
    assert main(["audit", "list", "--data-dir", str(tmp_path), "--csv"]) == 0
    assert "'=cmd()" in capsys.readouterr().out


def test_no_log_is_said_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "verify", "--data-dir", str(tmp_path)]) == 2
    assert "no log here" in capsys.readouterr().err


# --- evidence --------------------------------------------------------------------------------------------------------

FOLDER = Path("evidence", "belt", str(RUN), "00000003")
PICTURE = np.zeros((240, 320, 3), np.uint8)


@pytest.fixture
def with_evidence(tmp_path: Path) -> Path:
    """A BAD frame with its pictures, as the recorder keeps them."""
    bad = judged(3, "BAD")
    folder = write_evidence(tmp_path, bad, PICTURE, None, None)
    with contextlib.closing(DefectLog(tmp_path)) as log:
        books = Bookkeeping("s", "recorder 1", 3, lambda camera, run: None)
        books.judged(bad, folder, description_hash(tmp_path, folder))
        log.write(books.take().batch)
    return tmp_path


def forged(folder: Path) -> None:
    """A picture that was exchanged, with its hash in evidence.json."""
    (folder / "frame.png").write_bytes(b"another")
    said = json.loads((folder / "evidence.json").read_text())
    said["files_sha256"]["frame.png"] = hashlib.sha256(b"another").hexdigest()
    (folder / "evidence.json").write_text(json.dumps(said))


TAMPERED: dict[str, tuple[Callable[[Path], object], str]] = {
    "a picture changed": (lambda folder: (folder / "frame.png").write_bytes(b"x"), "frame.png was changed"),
    "a picture gone": (lambda folder: (folder / "mask.png").unlink(), "mask.png is missing"),
    "a picture added": (lambda folder: (folder / "more.png").touch(), "more.png was added"),
    "a picture and its hash": (forged, "evidence.json was changed"),
    "no description": (lambda folder: (folder / "evidence.json").unlink(), "evidence.json cannot be read"),
    "all gone": (shutil.rmtree, "evidence.json cannot be read: No such file or directory"),
}


def test_evidence_that_nobody_touched_is_what_was_recorded(
    with_evidence: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = verify(with_evidence, capsys, "--evidence")
    assert code == 0 and "1 folders of evidence, 0 of them from before" in said


@pytest.mark.parametrize("name", TAMPERED)
def test_evidence_that_was_changed_is_found_and_named(
    with_evidence: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    tamper, words = TAMPERED[name]
    tamper(with_evidence / FOLDER)
    assert verify(with_evidence, capsys)[0] == 0, "the log itself is whole"
    code, said = verify(with_evidence, capsys, "--evidence")
    assert code == 1 and f"evidence of {FRAME}/3: {words}" in said


def test_evidence_that_goes_while_the_audit_reads_is_no_finding(with_evidence: Path) -> None:
    """A worse frame came, on a line that runs: the reader sees the log as it was, and the folder is gone."""
    with contextlib.closing(open_for_reading(with_evidence)) as db:
        db.execute("BEGIN")
        assert db.execute("SELECT count(*) FROM verdicts").fetchone() == (1,)
        with contextlib.closing(DefectLog(with_evidence)) as log:
            books = Bookkeeping("s", "recorder 2", 3, lambda camera, run: None)
            books.staged.batch.moved_evidence.append(("belt", RUN, 3))
            log.write(books.take().batch)
        shutil.rmtree(with_evidence / FOLDER)
        assert not list(check_evidence(db, with_evidence))


def test_evidence_that_the_log_seeks_elsewhere_is_found(
    with_evidence: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sabotage(with_evidence, "UPDATE verdicts SET evidence='../../etc'")
    code, said = verify(with_evidence, capsys, "--evidence")
    assert code == 1 and "the log points to '../../etc', which is not its place" in said


# --- every cell ------------------------------------------------------------------------------------------------------

CELLS = [
    *(("verdicts", column) for column in (*VERDICT_COLUMNS.split(", "), "entry")),
    *(("acts", column) for column in (*ACT_COLUMNS.split(", "), "entry")),
    *(("chain", column) for column in CHAIN_COLUMNS.split(", ")),
]
ODD = (None, -1, 0, 7, 2**62, -(2**62), 1e300, 0.5, "x", "", "\0", b"\xff", b"", "9" * 5000)


@pytest.mark.parametrize(("table", "column"), CELLS)
def test_no_cell_can_be_changed_unseen_and_whatever_is_in_it_the_audit_goes_through(
    data_dir: Path, table: str, column: str
) -> None:
    changed = 0
    key = "seq" if table == "verdicts" else "number"
    with contextlib.closing(sqlite3.connect(data_dir / "log.sqlite", isolation_level=None)) as db:
        (row,) = db.execute(f"SELECT {key} FROM {table} ORDER BY {key} LIMIT 1 OFFSET 1").fetchone()
        for value in ODD:
            db.execute("BEGIN")
            with contextlib.suppress(sqlite3.IntegrityError):  # the table does not take it there
                before = db.execute(f"SELECT {column}, typeof({column}) FROM {table} WHERE {key}=?", (row,)).fetchone()
                db.execute(f"UPDATE {table} SET {column}=? WHERE {key}=?", (value, row))
                as_before = f"SELECT 1 FROM {table} WHERE {key} IS ? AND {column} IS ? AND typeof({column})=?"
                if db.execute(as_before, (row, *before)).fetchone() is None:
                    assert any(isinstance(step, Finding) for step in check_chain(db)), value
                    list(check_evidence(db, data_dir))
                    changed += 1
            db.execute("ROLLBACK")
    assert changed >= 2


@pytest.mark.parametrize("column", ["camera", "run", "seq", "evidence", "evidence_sha256"])
def test_whatever_a_row_says_of_its_evidence_the_audit_goes_through(with_evidence: Path, column: str) -> None:
    with contextlib.closing(sqlite3.connect(with_evidence / "log.sqlite", isolation_level=None)) as db:
        for value in ODD:
            db.execute("BEGIN")
            with contextlib.suppress(sqlite3.IntegrityError):
                db.execute(f"UPDATE verdicts SET {column}=?", (value,))
                steps = [*check_chain(db), *check_evidence(db, with_evidence)]
                assert value is None or any(isinstance(step, Finding) for step in steps)
            db.execute("ROLLBACK")
