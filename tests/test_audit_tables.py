"""What is reckoned, or held in the chain beside verdicts and acts: what is changed is named, and nothing else."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from stream.__main__ import main
from stream.audit_forms import NAMED, kinds
from stream.audit_tables import checks
from stream.log_reading import open_for_reading
from tests.audited_log import CHALLENGE_RUN, make_log
from tests.frames import RUN
from tests.line import ROOT

# What stands nowhere else in the log: no other row can tell that it was changed.
NOWHERE = {
    "parts": ("told_by", "told_utc_ns"),
}
# Of these some changes are seen: those that no recorder can have written, or that other rows contradict.
PARTLY = {
    "parts": ("part", "decided_utc_ns"),
    "minutes": ("minute", "latency_ms_sum", "latency_ms_max"),
}
COLUMNS = [(table, column) for table in NAMED for column in kinds(table) if column not in NOWHERE.get(table, ())]


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data_dir = tmp_path_factory.mktemp("audited")
    make_log(data_dir)
    return data_dir


@pytest.fixture
def db(audited: Path) -> Iterator[sqlite3.Connection]:
    """The log, to be changed: what is done to it is undone."""
    with contextlib.closing(sqlite3.connect(audited / "log.sqlite", isolation_level=None)) as opened:
        opened.execute("BEGIN")
        yield opened
        opened.execute("ROLLBACK")


def found(db: sqlite3.Connection) -> list[str]:
    return [finding.text for check in checks(db).values() for finding in check(db)]


def key_of(table: str) -> tuple[str, ...]:
    return NAMED[table][1]


def rows_of(db: sqlite3.Connection, table: str, column: str) -> list[tuple[object, ...]]:
    """Key and cell of each row; not of the challenge's run, of which nothing but its act is on record."""
    product = f"WHERE run <> {CHALLENGE_RUN}" if "run" in kinds(table) and table != "events" else ""
    return db.execute(f"SELECT {', '.join(key_of(table))}, {column} FROM {table} {product}").fetchall()


def others(value: object, kind: str, *, empty: bool) -> list[object]:
    """What somebody might write there instead."""
    if kind == "integer":
        number = value if isinstance(value, int) else 0
        return [number + 1, number - 1, *([None] if empty and value is not None else [])]
    if kind == "real":
        return [(value if isinstance(value, float) else 0.0) + 0.5, *([0.0] if value else [])]
    if kind == "text":
        return [f"{value or ''}x", *([None] if empty and value is not None else []), *([""] if value else [])]
    return [b"x"]


def changed(db: sqlite3.Connection, table: str, column: str) -> Iterator[list[str]]:
    """What the audit finds after each change of that column."""
    kind, empty = kinds(table)[column]
    where = " AND ".join(f"{name} = ?" for name in key_of(table))
    for *key, value in rows_of(db, table, column):
        for other in others(value, kind, empty=empty):
            db.execute("SAVEPOINT before")
            with contextlib.suppress(sqlite3.IntegrityError):  # another row is there already
                assert db.execute(f"UPDATE {table} SET {column} = ? WHERE {where}", (other, *key)).rowcount == 1
                yield found(db)
            db.execute("ROLLBACK TO before")


def test_nothing_is_found_in_a_log_that_nobody_touched(audited: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "verify", "--data-dir", str(audited)]) == 0
    assert capsys.readouterr().out.endswith("nothing is wrong\n")
    with contextlib.closing(open_for_reading(audited)) as opened:
        for table in NAMED:
            assert opened.execute(f"SELECT count(*) FROM {table}").fetchone()[0], f"{table}: no row to be changed"


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_a_cell_that_other_rows_contradict_is_found(db: sqlite3.Connection, table: str, column: str) -> None:
    seen = [bool(said) for said in changed(db, table, column)]
    assert seen and (any(seen) if column in PARTLY.get(table, ()) else all(seen)), seen


@pytest.mark.parametrize("table", sorted(NAMED))
def test_a_row_that_is_missing_is_found(db: sqlite3.Connection, table: str) -> None:
    where = " AND ".join(f"{name} = ?" for name in key_of(table))
    for key in [row[:-1] for row in rows_of(db, table, key_of(table)[0])]:
        db.execute("SAVEPOINT before")
        assert db.execute(f"DELETE FROM {table} WHERE {where}", key).rowcount == 1
        assert found(db), key
        db.execute("ROLLBACK TO before")


def copied(table: str, **other: str) -> str:
    """A row more, made of those that are there."""
    columns = kinds(table)
    return f"INSERT INTO {table} SELECT {', '.join(other.get(name, name) for name in columns)} FROM {table} LIMIT 1"


@pytest.mark.parametrize(
    "statement",
    [
        copied("runs", run="run + 1", lost="1"),
        copied("ledger", start="200", stop="201"),
        copied("recipes", settings="'x'"),
        copied("parts", number="3", first_seq="90"),
        copied("incidents", first_seq="1000"),
        copied("reviews", number="1000"),
        copied("samples", seq="12"),
        copied("minutes", minute="1"),
        copied("sessions", session="'u'"),
        copied("events", id="99"),
    ],
)
def test_a_row_too_many_is_found(db: sqlite3.Connection, statement: str) -> None:
    db.execute(statement)
    assert found(db)


ROW = f"belt/{RUN}"
SAID = {
    "a score": (
        "UPDATE incidents SET worst_score=0.5 WHERE first_seq=10",
        rf"incident {ROW}/10: changed, by the verdicts its worst_score is 0.5 and should be 0.9",
    ),
    "a pin": (
        "UPDATE incidents SET pinned=0 WHERE first_seq=60",
        rf"incident {ROW}/60: changed, by the acts its pinned is 0 and should be 1",
    ),
    "a challenge": (
        "UPDATE incidents SET challenge=1 WHERE first_seq=10",
        rf"incident {ROW}/10: changed, by the acts its challenge is 1 and should be 0",
    ),
    "an incident less": (
        "DELETE FROM incidents WHERE first_seq=60",
        rf"incident {ROW}/60: missing, the verdicts of frames 60 to 63 make one",
    ),
    "an incident more": (
        copied("incidents", first_seq="1000"),
        rf"incident {ROW}/1000: added, by the verdicts no incident begins there",
    ),
    "evidence": (
        "UPDATE verdicts SET evidence=NULL WHERE seq=63; UPDATE incidents SET evidence=NULL WHERE first_seq=60",
        rf"frame {ROW}/63: its evidence was taken from the log, no act says that it went",
    ),
    "a ledger": (
        "UPDATE ledger SET outcome='GOOD' WHERE start=60",
        rf"ledger {ROW}: no interval of such frames begins at 60 there, frame 60 is BAD by the verdicts",
    ),
    "a part's state": (
        "UPDATE parts SET state='GOOD' WHERE number=2",
        rf"part 2 \('C'\) of {ROW}: changed, by the ledger its state is 'GOOD' and should be 'BAD'",
    ),
    "a part's name": (
        "UPDATE parts SET part='X' WHERE number=2",
        rf"part 2 \('X'\) of {ROW}: changed, the verdict of its frame 60 names the part 'C'",
    ),
    "a part less": ("DELETE FROM parts WHERE number=1", rf"parts 1 to 1 of {ROW}: missing"),
    "a minute": (
        "UPDATE minutes SET bad=4 WHERE bad=5",
        r"minute belt/29333333 \(2025-10-09T08:53\+00:00\): changed, its bad is 4 and should be 5 by the verdicts",
    ),
    "GOOD frames": (
        "UPDATE minutes SET good=good+1 WHERE good>0",
        r"camera belt: its minutes count 70 GOOD frames, its ledger 69: one was changed",
    ),
    "a sample's review": (
        "UPDATE samples SET review='' WHERE seq=35",
        rf"sample {ROW}/35: changed, its review is '' and should be 'missed' by the acts",
    ),
    "a setting": (
        "UPDATE sessions SET settings=replace(settings, '25.0', '30.0')",
        "session t: cameras.belt.fps stayed as it was by the settings of this start and the one before,"
        " and went from 25.0 to 30.0 by the acts",
    ),
    "a recipe": (
        "UPDATE recipes SET recipe='cup'",
        rf"incident {ROW}/60: changed, by the verdicts its recipe is 'lid' and should be 'cup'",
    ),
    "the kind of a cell": (
        "UPDATE minutes SET good='many' WHERE good>0",
        "minute belt/29333333: changed, its good is of the kind text, not integer",
    ),
    "frames that were dropped": (
        "UPDATE ledger SET outcome='dropped:expired' WHERE outcome='dropped:newest'",
        r"camera belt: its minutes count 0 dropped:expired frames, its ledger 3: one was changed",
    ),
    "frames that were lost": (
        f"UPDATE runs SET lost=0 WHERE run={RUN}",
        r"camera belt: its minutes count 2 lost frames, its runs 0: one was changed",
    ),
    "a run that is said to be no product": (
        "UPDATE runs SET source='challenge:x.png'",
        rf"run {ROW}: changed, its source is that of a challenge, and its frames have verdicts",
    ),
    "an event": ("UPDATE events SET text='nothing was lost'", r"event 1: changed since entry 6 \(2"),
    "an event less": ("DELETE FROM events", r"event 1: missing, it came by entry 6 \(2"),
    "an event more": (copied("events", id="2"), "event 2: added, the chain holds none of that name"),
    "a sample's score": ("UPDATE samples SET score=0.2 WHERE seq=5", rf"sample {ROW}/5: changed since entry 6 \(2"),
    "a sample less": ("DELETE FROM samples WHERE seq=35", rf"sample {ROW}/35: missing, it came by entry 6 \(2"),
    "who judged": ("UPDATE sessions SET engine='gpu' WHERE session='s'", r"session s: changed since entry 2 \(2"),
    "starts in another order": (
        "UPDATE sessions SET rowid=9 WHERE session='s'",
        "session t: moved, it began after those that stand behind it",
    ),
    "a run's digest": (f"UPDATE runs SET digest='00' WHERE run={RUN}", rf"run {ROW}: changed since entry 6 \(2"),
    "a run that is said to go on": (f"UPDATE runs SET ended=0 WHERE run={RUN}", rf"run {ROW}: changed since entry 6"),
    "a run": ("DELETE FROM runs", rf"run {ROW}: missing, there are rows of it in ledger"),
}


@pytest.mark.parametrize("name", SAID)
def test_what_was_changed_is_named_in_words(db: sqlite3.Connection, name: str) -> None:
    statements, words = SAID[name]
    for statement in statements.split(";"):
        assert db.execute(statement).rowcount > 0
    said = "\n".join(found(db))
    assert re.search(words, said), said


ODD = (None, -(2**62), 1e300, "[" * 5000, b"\xff")


@pytest.mark.parametrize("table", [*NAMED, "verdicts", "acts"])
def test_whatever_stands_in_a_cell_the_audit_goes_through(db: sqlite3.Connection, table: str) -> None:
    for column in kinds(table):
        for value in ODD:
            db.execute("SAVEPOINT before")
            with contextlib.suppress(sqlite3.IntegrityError):  # the table does not take it there
                db.execute(f"UPDATE {table} SET {column} = ?", (value,))
                assert all(isinstance(text, str) for text in found(db))
            db.execute("ROLLBACK TO before")


def test_the_page_of_the_audit_names_what_nothing_vouches_for() -> None:
    page = (ROOT / "docs" / "audit.md").read_text()
    for table, columns in (*NOWHERE.items(), *PARTLY.items()):
        (line,) = [line for line in page.splitlines() if line.startswith(f"| `{table}` |")]
        assert [column for column in columns if f"`{column}`" not in line and "all of it" not in line] == []
