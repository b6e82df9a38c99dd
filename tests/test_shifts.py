"""Shifts: each moment is in exactly one, also where a clock is set forward or back."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.challenge_limits import shift_times
from stream.shifts import day_of, shift_at, shifts_of, times_of

BERLIN = ZoneInfo("Europe/Berlin")
HOUR_NS = 3600 * 1_000_000_000
ZONES = st.sampled_from([BERLIN, ZoneInfo("America/St_Johns"), ZoneInfo("Australia/Lord_Howe"), timezone.utc])
TIMES = st.lists(st.times().map(lambda t: f"{t:%H:%M}"), max_size=4, unique=True).map(" ".join)


def ns(text: str, zone: ZoneInfo = BERLIN) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()) * 1_000_000_000


@given(st.integers(0, 4_000_000_000), TIMES, ZONES)
def test_each_moment_is_in_exactly_one_shift(utc_s: int, words: str, zone: ZoneInfo) -> None:
    utc_ns, times = utc_s * 1_000_000_000, times_of(words)
    shift = shift_at(utc_ns, times, zone)
    assert shift.begin_ns <= utc_ns < shift.end_ns
    day = datetime.fromtimestamp(utc_s, zone).date()
    around = [s for n in range(-2, 3) for s in shifts_of(day + timedelta(days=n), times, zone)]
    assert [s for s in around if s.begin_ns <= utc_ns < s.end_ns] == [shift]
    assert all(one.end_ns == next_.begin_ns for one, next_ in pairwise(around))


def test_the_night_shift_begins_the_day_before() -> None:
    shift = shift_at(ns("2026-11-22T03:00"), times_of("06:00 14:00 22:00"), BERLIN)
    assert (shift.name, shift.begin_ns) == ("2026-11-21 22:00", ns("2026-11-21T22:00"))


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-11-22", 24)])
def test_a_day_is_as_long_as_its_clock_says(day: str, hours: int) -> None:
    found = day_of(date.fromisoformat(day), BERLIN)
    assert found.end_ns - found.begin_ns == hours * HOUR_NS
    assert found.name == day


def test_without_shifts_a_day_is_one() -> None:
    assert shift_at(ns("2026-11-22T03:00"), times_of(None), BERLIN).name == "2026-11-22"


@pytest.mark.parametrize("words", ["6:00", "24:00", "06:00 06:00", "06.00", "06:00,14:00", "now"])
def test_what_is_no_time_is_refused_in_words(words: str) -> None:
    said = shift_times(words)
    assert said is not None and '"06:00 14:00 22:00"' in said
