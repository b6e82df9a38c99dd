"""The suite `log`, on a small log: it is what a recorder writes, and no question sorts or reads more than it must."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path

import pytest

from stream.incidents import BadFrame, incidents_of
from stream.log_reading import open_for_reading, session_books
from stream.searching import INCIDENTS
from stream.searching_terms import listing_page
from tests.line import rows
from tests.suites import measured
from tools import bench_log
from tools.bench_log import FILTERS, PLANS
from tools.bench_log_made import GAP, MILLION, YEAR, make_log

SMALL = replace(MILLION, incidents=60)


def test_the_plans_are_what_the_project_has_set_itself() -> None:
    assert (MILLION.frames, MILLION.cameras * MILLION.incidents) == (1_000_000, 50_000)
    assert YEAR.frames == 365 * 24 * 3600 * 30 and YEAR.every == 1000


def test_a_log_that_is_made_agrees_with_itself(tmp_path: Path) -> None:
    make_log(tmp_path, SMALL, seed=3)
    for camera in {name for (name,) in rows(tmp_path, "SELECT DISTINCT camera FROM runs")}:
        bad = rows(tmp_path, f"SELECT seq, score FROM verdicts WHERE camera='{camera}'")
        table = rows(tmp_path, f"SELECT first_seq, last_seq, worst_seq, frames FROM incidents WHERE camera='{camera}'")
        made = incidents_of((BadFrame(*row) for row in bad), GAP)
        assert table == [(i.first_seq, i.last_seq, i.worst.seq, i.frames) for i in made]
        assert len(made) == SMALL.incidents
    with contextlib.closing(open_for_reading(tmp_path)) as db:
        books = list(session_books(db, "bench", GAP))
    assert sum(book.captured for book in books) == SMALL.frames
    assert all(book.ledger.closed(book.captured) for book in books)


def test_the_suite_measures_every_question_and_the_audit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PLANS, "million", SMALL)
    found = measured("log", "--logs", "million", "--models", str(tmp_path))
    assert {row.name for row in found.rows} == {"log", "audit", *FILTERS}
    lists = {row.name: row.median for row in found.rows if row.quantity == "found"}
    assert lists["first list"] == lists["not reviewed"] == 51, "a page, and one more"
    assert lists["camera that there is not"] == lists["recipe that there is not"] == lists["area, none"] == 0
    assert 0 < lists["part"] < lists["camera"]


@pytest.mark.parametrize("name", FILTERS)
def test_no_question_sorts_or_walks_the_whole_table(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    data_dir = tmp_path_factory.getbasetemp() / "asked"
    if not data_dir.exists():
        make_log(data_dir, SMALL, seed=3)
    query = listing_page(INCIDENTS, FILTERS[name](bench_log.MILLION))
    with contextlib.closing(open_for_reading(data_dir)) as db:
        plan = "\n".join(row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {query.sql}", query.values))
    assert "INDEX incidents_" in plan and "TEMP B-TREE" not in plan, plan
