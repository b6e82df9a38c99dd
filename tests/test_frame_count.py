"""A camera's counter: what never arrived is counted, wraps and restarts are not. Its clock: told, or not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.sources.frame_count import NS, WRAPS_AT, FrameCount, missing_between

UTC_NS = 1_795_000_000 * NS


@given(start=st.integers(0, 2**40), gaps=st.lists(st.integers(0, 1000), max_size=50))
def test_every_gap_is_counted(start: int, gaps: list[int]) -> None:
    count, number = FrameCount(), start
    assert count.lost(number) == 0
    for gap in gaps:
        number += gap + 1
        assert count.lost(number) == gap


@given(start=st.integers(1, WRAPS_AT), gaps=st.lists(st.integers(0, 200), max_size=50))
def test_a_counter_of_sixteen_bits_wraps_from_its_greatest_to_one(start: int, gaps: list[int]) -> None:
    count, number = FrameCount(), start
    count.lost(number)
    for gap in gaps:
        number = (number + gap) % WRAPS_AT + 1
        assert count.lost(number) == gap


@pytest.mark.parametrize(("before", "number"), [(0, 0), (7, 7), (500, 0), (90_000, 1), (70_000, 65_000), (100, 2**60)])
def test_a_counter_that_stands_still_or_begins_anew_tells_of_no_loss(before: int, number: int) -> None:
    assert missing_between(before, number) == 0


def test_a_picture_without_a_number_stands_in_the_gap() -> None:
    count = FrameCount()
    assert [count.lost(number) for number in (4, None, 6, 7, None, None, 12)] == [0, 0, 0, 0, 0, 0, 2]


def test_times_begin_with_the_first_picture() -> None:
    count = FrameCount()
    assert [count.pts_s(stamp) for stamp in (None, 5 * NS, 5 * NS + NS // 4)] == [None, 0.0, 0.25]


@pytest.mark.parametrize("ahead_s", [0, 37], ids=["UTC", "TAI"])
def test_a_camera_on_network_time_says_when_in_utc(ahead_s: int) -> None:
    count = FrameCount()
    stamp = UTC_NS + ahead_s * NS
    assert count.taken_utc_ns(stamp, UTC_NS + NS // 10) == UTC_NS


def test_a_step_of_the_hosts_clock_changes_nothing() -> None:
    count = FrameCount()
    count.taken_utc_ns(UTC_NS, UTC_NS)
    assert count.taken_utc_ns(UTC_NS + NS, UTC_NS + 3600 * NS) == UTC_NS + NS


@pytest.mark.parametrize("stamp", [None, 0, 123 * NS, UTC_NS - 3600 * NS])
def test_a_camera_that_counts_from_its_start_says_no_time_of_day(stamp: int | None) -> None:
    assert FrameCount().taken_utc_ns(stamp, UTC_NS) is None
