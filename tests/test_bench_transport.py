"""The bench's suite `transport`: every way delivers what was sent, and the suite runs. Nothing about speed."""

from __future__ import annotations

import math
import sys
from importlib.util import find_spec

import pytest

from tests.needs import need
from tests.suites import measured
from tools import bench_transport
from tools.bench_transport import MULTIPLE, SENDER_CPU, SIZES, WARM, exchange
from tools.bench_transport_table import MEMCPY, OURS, WAYS


@pytest.mark.parametrize("name", [name for name, way in WAYS.items() if way.reader])
def test_every_picture_arrives(name: str) -> None:
    way = WAYS[name]
    if way.library == "vidgear" and sys.version_info < (3, 11):
        pytest.skip("vidgear wants Python 3.11")
    need(way.library is None or find_spec(way.library), f"{way.library} is not installed: make setup-bench")
    readers = 2 if way.calls else 1
    done = exchange(name, SIZES["tiny"], readers, 10, per_s=0.0)
    assert [(end.frames, len(end.ages_ms)) for end in done.received] == [(10, 10)] * readers
    assert all(age > 0 for end in done.received for age in end.ages_ms) and done.sent.cpu_s > 0


def test_the_suite_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_transport, "READERS", {"one reader": (1, (OURS, MEMCPY))})
    rows = measured("transport", "--sizes", "tiny", "--frames", "10", "--seconds", "0.2").rows
    ours = {row.quantity: row.median for row in rows if row.name == OURS}
    assert set(ours) == {"frames/s", SENDER_CPU, "readers' CPU ms a frame", "both", "p50 ms", "p99 ms"} | {
        "arrived, %",
        MULTIPLE,
    }
    assert ours["arrived, %"] == 100 and all(math.isfinite(value) and value > 0 for value in ours.values())
    assert {row.quantity for row in rows if row.name == MEMCPY} == {"frames/s", SENDER_CPU, MULTIPLE}


def test_an_end_that_fails_says_why() -> None:
    with pytest.raises(SystemExit, match=r"an end failed:(.|\n)*KeyError: 'nonsense'"):
        exchange_nonsense()


def exchange_nonsense() -> None:
    WAYS["nonsense"] = WAYS[MEMCPY]  # known here, and to no other process
    try:
        exchange("nonsense", SIZES["tiny"], 0, WARM, per_s=0.0)
    finally:
        del WAYS["nonsense"]
