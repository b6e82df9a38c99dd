"""The suite `stalled`: what it makes of readings, and that it holds what it says it holds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tools import bench_stalled
from tools.bench import main
from tools.bench_stalled import BEFORE, HELD, MEANWHILE, MORE, rows_of


def test_what_a_role_has_more_is_told_of_all_but_the_held_one_and_those_that_came_or_went() -> None:
    before = {"record": 60.0, "display": 40.0, "spare": 30.0, "inspect 1": 149.0}
    meanwhile = {"record": 300.0, "display": 42.5, "inspect 1": 140.0, "inspect 2": 9.0}
    rows = {(row.name, row.quantity): row.median for row in rows_of("record", before, meanwhile)}
    assert rows == {
        ("display", BEFORE): 40.0,
        ("display", MEANWHILE): 42.5,
        ("display", MORE): 2.5,
        ("inspect 1", BEFORE): 149.0,
        ("inspect 1", MEANWHILE): 140.0,
        ("inspect 1", MORE): 0.0,
    }


def test_the_suite_holds_a_role_of_a_real_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_stalled, "HELD", {"display": HELD["display"]})
    monkeypatch.setattr(bench_stalled, "COMES_UP_S", 200.0)  # on a machine that others use
    kept = tmp_path / "stalled.json"
    assert main(["stalled", "--seconds", "1", "--size", "320x240", "--threads", "1", "--json", str(kept)]) == 0
    rows = {(row["name"], row["quantity"]): row["median"] for row in json.loads(kept.read_text())["rows"]}
    assert {role for role, _ in rows} >= {"capture belt", "inspect 1", "record", "supervise"}
    assert ("display", BEFORE) not in rows and rows["record", MEANWHILE] > 5
