"""Which GOOD frames are kept: by a hash alone, at a stated rate, with a chance that is on record and true."""

from __future__ import annotations

import random
from collections import Counter
from statistics import mean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.samples_choice import NEAR, RANDOM, UNKNOWN_PER_HOUR, USED, Before, Choice, Chosen, number_of
from stream.settings import SamplesSettings

HOUR_S = 3600.0
NONE = Before()


def kept(wanted: SamplesSettings, fps: float, hours: float, *, score: float = 0.1) -> list[tuple[float, Chosen]]:
    """When frames are kept that come evenly, all of one score; BAD from 0.5 on."""
    choice = Choice(wanted, 0.0, NONE, NONE)
    found = []
    for seq in range(int(fps * hours * HOUR_S)):
        now_s = seq / fps
        if chosen := choice.of(number_of("belt", 1, seq), score, 0.5, now_s):
            found.append((now_s, chosen))
    return found


def test_the_number_of_a_frame_is_its_own_for_ever_and_evenly_spread() -> None:
    numbers = [number_of("belt", 1_700_000_000_000_000, seq) for seq in range(20_000)]
    assert numbers == [number_of("belt", 1_700_000_000_000_000, seq) for seq in range(20_000)]
    assert all(0 <= number < 1 for number in numbers)
    assert all(abs(count / 20_000 - 0.1) < 0.02 for count in Counter(int(10 * n) for n in numbers).values())
    assert number_of("belt", 1, 12) != number_of("belt", 11, 2) != number_of("belt1", 1, 2)


@pytest.mark.parametrize("fps", [0.05, 1.0, 25.0])
def test_the_stated_rate_is_nearly_used_and_never_passed_however_fast_frames_come(fps: float) -> None:
    hours = 10.0
    times = [at for at, _ in kept(SamplesSettings(random_per_hour=20, near_per_hour=0), fps, hours)]
    assert 0.4 * 20 * hours < len(times) <= 20 * hours + 5
    assert all(sum(start <= at < start + HOUR_S for at in times) <= 26 for start in times)  # an hour's, and the bucket


def test_a_recording_that_is_suddenly_played_fast_brings_no_more_than_the_bucket_holds() -> None:
    choice = Choice(SamplesSettings(random_per_hour=20, near_per_hour=0), 0.0, NONE, NONE)
    slow = [choice.of(number_of("belt", 1, seq), 0.1, 0.5, 10.0 * seq) for seq in range(360)]
    burst = [choice.of(number_of("belt", 2, seq), 0.1, 0.5, 3600 + seq / 2000) for seq in range(60_000)]
    assert any(slow)
    assert sum(one is not None for one in burst) <= 6


def test_nothing_is_kept_where_both_rates_are_0() -> None:
    assert kept(SamplesSettings(random_per_hour=0, near_per_hour=0), 25.0, 1.0, score=0.49) == []


def test_nearly_bad_frames_are_kept_beyond_the_random_ones_and_no_others_are() -> None:
    wanted = SamplesSettings(random_per_hour=4, near_per_hour=40, near=0.2)
    nearly = Counter(chosen.why for _, chosen in kept(wanted, 5.0, 5.0, score=0.3))
    assert nearly[NEAR] > 3 * nearly[RANDOM] > 0
    assert Counter(chosen.why for _, chosen in kept(wanted, 5.0, 5.0, score=0.29)).keys() == {RANDOM}


def test_without_a_score_or_a_threshold_a_frame_is_chosen_at_random_alone() -> None:
    choice = Choice(SamplesSettings(random_per_hour=1e5, near_per_hour=1e9), 0.0, NONE, NONE)
    assert choice.of(0.0, None, 0.5, 0.0) == choice.of(0.0, 0.4, None, 0.0)
    assert choice.of(0.0, None, 0.5, 0.0) == Chosen(RANDOM, USED * 1e5 / UNKNOWN_PER_HOUR)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 30), st.floats(0, 1), st.floats(0, 1)), max_size=80))
def test_a_frame_is_kept_only_where_its_number_lies_below_the_chance_on_record(
    frames: list[tuple[float, float, float]],
) -> None:
    choice = Choice(SamplesSettings(random_per_hour=30, near_per_hour=300), 0.0, NONE, NONE)
    now_s = 0.0
    for pause_s, number, score in frames:
        now_s += pause_s
        chosen = choice.of(number, score, 0.5, now_s)
        assert chosen is None or number < chosen.chance <= 1


def test_weighted_by_its_chance_the_sample_counts_the_frames_truly() -> None:
    """Horvitz and Thompson: the sum of 1/chance estimates the number of frames; here over many cameras."""
    draws = random.Random(7)
    totals = []
    for camera in range(60):
        choice = Choice(SamplesSettings(random_per_hour=30, near_per_hour=0), 0.0, NONE, NONE)
        now_s, weight = 0.0, 0.0
        for seq in range(4000):
            now_s += draws.expovariate(1.0)  # as parts come: unevenly
            if chosen := choice.of(number_of(f"camera-{camera}", 1, seq), 0.1, 0.5, now_s):
                weight += 1 / chosen.chance
        totals.append(weight)
    assert 0.8 < mean(totals) / 4000 < 1.1


def test_a_recorder_that_was_killed_goes_on_with_the_chance_and_the_tokens_that_the_log_tells() -> None:
    wanted = SamplesSettings(random_per_hour=20, near_per_hour=0)
    again = Choice(wanted, 0.0, Before(last_hour=2, chance=0.01), NONE)
    first = again.of(0.0, 0.1, 0.5, 0.0)
    assert first is not None and first.chance == pytest.approx(0.01)
    assert [again.of(0.0, 0.1, 0.5, 0.0) is not None for _ in range(4)] == [True, True, False, False]
