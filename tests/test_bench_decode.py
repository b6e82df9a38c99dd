"""The bench's suite `decode` runs, and its rows are well formed. Nothing about speed."""

from __future__ import annotations

import math

from tests.suites import measured
from tools.bench_decode import CV2, OURS, WAYS


def test_every_way_reads_every_picture() -> None:
    rows = measured("decode", "--size", "160x120", "--frames", "12").rows
    assert {row.name for row in rows} == set(WAYS)
    assert {row.quantity for row in rows} == {"frames/s", "CPU ms a frame", "largest difference"}
    assert all(math.isfinite(row.median) for row in rows)


def test_what_lies_in_the_ring_is_what_pyav_gives() -> None:
    rows = measured("decode", "--size", "160x120", "--frames", "12").rows
    apart = {row.name: row.median for row in rows if row.quantity == "largest difference"}
    assert apart.keys() == {OURS, CV2} and apart[OURS] == 0
