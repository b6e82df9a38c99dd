"""The bench's suite `regions` runs, and each kind of region stands in it. Nothing about speed."""

from __future__ import annotations

from detector.verdict import Box
from tests.suites import measured
from tools.bench_regions import BASE, kinds


def test_the_suite_runs_and_judges_each_kind() -> None:
    found = measured("regions", "--size", "640x480", "--frames", "1", "--belts", "1", "--seqs", "40")
    assert {row.name for row in found.rows} == set(kinds(Box(0, 0, 9, 9), 640, 480))
    assert all(row.ratio == 1 for row in found.rows if row.name == BASE and row.quantity.startswith("ms"))
    for said in ("good parts", "scratched parts"):
        rows = [row for row in found.rows if said in row.setting and row.name == BASE]
        assert sum(row.median for row in rows) == int(rows[0].setting.split()[0]), "each picture has its verdict"
