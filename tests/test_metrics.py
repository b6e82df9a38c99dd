"""Latencies in buckets."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from stream.metrics import Latencies, added

MS = st.floats(0.0, 1e7)


def filled(latencies: list[float]) -> Latencies:
    found = Latencies()
    for latency in latencies:
        found.add(latency)
    return found


@given(st.lists(MS, min_size=1), st.sampled_from([0.0, 0.5, 0.99, 1.0]))
def test_a_percentile_is_right_to_five_percent_and_never_flatters(latencies: list[float], share: float) -> None:
    exact = sorted(latencies)[max(1, math.ceil(share * len(latencies))) - 1]
    told = filled(latencies).percentile(share)
    assert told is not None
    assert exact - 0.001 <= told <= max(0.1, exact * 1.0501) + 0.001


@given(st.lists(st.lists(MS)))
def test_parts_add_up(parts: list[list[float]]) -> None:
    together = filled([latency for part in parts for latency in part])
    assert added(filled(part) for part in parts).counts == together.counts


def test_without_a_frame_there_is_no_latency() -> None:
    assert Latencies().percentile(0.5) is None
