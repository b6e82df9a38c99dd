"""How sure a figure is: exact intervals, groups, resampling; and the thresholds that are proposed from them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.beta import beta_cdf, beta_quantile, t_quantile
from detector.intervals import (
    Interval,
    bootstrap,
    clopper_pearson,
    effective_size,
    needed_without_a_miss,
    share,
)
from tools.thresholds import operating, propose


def alone(count: int) -> list[str]:
    """Each picture its own group."""
    return [str(i) for i in range(count)]


# The beta distribution.


@given(st.integers(1, 40), st.integers(1, 40), st.floats(0.01, 0.99))
def test_the_beta_distribution_is_the_tail_of_the_binomial(a: int, b: int, x: float) -> None:
    n = a + b - 1
    tail = sum(math.comb(n, k) * x**k * (1 - x) ** (n - k) for k in range(a, n + 1))
    assert beta_cdf(x, a, b) == pytest.approx(tail, abs=1e-10)


@given(st.floats(0.3, 5000), st.floats(0.3, 5000), st.floats(0.001, 0.999))
def test_the_quantile_undoes_the_distribution(a: float, b: float, p: float) -> None:
    x = beta_quantile(p, a, b)
    assert 0 <= x <= 1
    if 1e-6 < x < 1 - 1e-6:
        assert beta_cdf(x, a, b) == pytest.approx(p, abs=1e-4)


@pytest.mark.parametrize(("degrees", "t"), [(1, 12.7062), (4, 2.7764), (10, 2.2281), (100, 1.9840), (1000, 1.9623)])
def test_student_as_in_the_tables(degrees: int, t: float) -> None:
    assert t_quantile(0.975, degrees) == pytest.approx(t, abs=5e-5)


# Shares.


@pytest.mark.parametrize(
    ("hits", "total", "low", "high"),
    [
        pytest.param(8, 10, 0.44390, 0.97479, id="8 of 10"),
        pytest.param(0, 10, 0.0, 0.30850, id="none"),
        pytest.param(10, 10, 0.69150, 1.0, id="all"),
        pytest.param(1, 2, 0.01258, 0.98742, id="1 of 2"),
    ],
)
def test_clopper_and_pearson_as_in_the_tables(hits: int, total: int, low: float, high: float) -> None:
    found = clopper_pearson(hits, total)
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-5)


HITS = st.lists(st.tuples(st.booleans(), st.integers(0, 8)), min_size=1, max_size=60)


@settings(max_examples=40)
@given(HITS)
def test_a_share_lies_in_its_interval_and_over_its_bound(rows) -> None:
    found = share(np.array([hit for hit, _ in rows]), [str(group) for _, group in rows])
    assert 0 <= found.interval.low <= found.value <= found.interval.high <= 1
    assert 0 <= found.lower <= found.value


@settings(max_examples=40)
@given(HITS)
def test_groups_never_tell_more_than_their_pictures(rows) -> None:
    hits = np.array([hit for hit, _ in rows])
    grouped, single = share(hits, [str(group) for _, group in rows]), share(hits, alone(len(rows)))
    assert grouped.interval.low <= single.interval.low + 1e-9
    assert grouped.interval.high >= single.interval.high - 1e-9
    assert grouped.lower <= single.lower + 1e-9


def test_one_part_seen_in_many_frames_is_one_part() -> None:
    """Twenty equal frames of each of ten parts tell as much as ten pictures."""
    parts = np.array([True] * 8 + [False] * 2)
    frames = share(np.repeat(parts, 20), [str(i) for i in np.repeat(np.arange(10), 20)])
    single = share(parts, alone(10))
    assert frames.interval.low == pytest.approx(single.interval.low, abs=0.1)
    assert frames.interval.high == pytest.approx(single.interval.high, abs=0.03)


def test_all_found_in_few_groups_promises_little() -> None:
    many_frames = share(np.ones(1000, bool), [str(i // 200) for i in range(1000)])
    assert many_frames.value == 1.0
    assert many_frames.lower == pytest.approx(0.05 ** (1 / 5))  # five groups


@pytest.mark.parametrize("count", [0, 7], ids=["nothing", "a single group"])
def test_what_tells_nothing_has_the_whole_interval(count: int) -> None:
    found = share(np.ones(count, bool), ["one"] * count)
    assert (found.interval, found.lower) == (Interval(0.0, 1.0), 0.0)


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    """Sixty groups of 1 to 14 pictures, whose own shares differ: pictures alone would miss one time in five."""
    rng = np.random.default_rng(7)
    covered = naive = 0
    for _ in range(100):
        sizes, own = rng.integers(1, 15, 60), rng.beta(2.7, 0.3, 60)
        hits = np.concatenate([rng.random(n) < p for n, p in zip(sizes, own, strict=True)])
        groups = [str(i) for i in np.repeat(np.arange(60), sizes)]
        with_groups, without = share(hits, groups).interval, clopper_pearson(int(hits.sum()), len(hits))
        covered += with_groups.low <= 0.9 <= with_groups.high
        naive += without.low <= 0.9 <= without.high
    assert covered >= 91 and naive < 85


def test_the_effective_number_of_independent_pictures_is_their_number() -> None:
    assert effective_size(np.array([1, 0, 1]), np.array([1, 1, 1])) == 3


@pytest.mark.parametrize(("wanted", "needed"), [(0.9, 29), (0.95, 59), (0.99, 299)])
def test_how_many_are_needed_without_a_miss(wanted: float, needed: int) -> None:
    assert needed_without_a_miss(wanted) == needed
    assert share(np.ones(needed, bool), alone(needed)).lower >= wanted
    assert share(np.ones(needed - 1, bool), alone(needed - 1)).lower < wanted


# Resampling.


def mean_of(values: np.ndarray):
    return lambda weight: float((weight * values).sum() / weight.sum())


def test_resampling_agrees_with_theory_for_a_mean() -> None:
    values = np.random.default_rng(1).normal(0, 1, 400)
    found = bootstrap(mean_of(values), alone(400))
    assert found is not None
    middle, reach = values.mean(), 1.96 * values.std() / 20
    assert (found.low, found.high) == pytest.approx((middle - reach, middle + reach), abs=0.01)


def test_resampling_takes_groups_whole() -> None:
    values = np.repeat(np.random.default_rng(1).normal(0, 1, 20), 20)
    grouped = bootstrap(mean_of(values), [str(i // 20) for i in range(400)])
    single = bootstrap(mean_of(values), alone(400))
    assert grouped is not None and single is not None
    assert grouped.high - grouped.low > 3 * (single.high - single.low)


def test_the_same_seed_gives_the_same_interval() -> None:
    values = np.arange(30.0)
    one, again, other = (bootstrap(mean_of(values), alone(30), samples=200, seed=seed) for seed in (1, 1, 2))
    assert one == again != other


def test_no_interval_is_made_up_where_there_is_but_one_group() -> None:
    assert bootstrap(mean_of(np.arange(9.0)), ["one"] * 9) is None


def test_certainty_is_not_claimed_where_every_draw_gives_the_same() -> None:
    assert bootstrap(mean_of(np.ones(50)), alone(50)) is None


def test_draws_that_cannot_be_told_are_left_out() -> None:
    values = np.array([1.0, 2.0, 3.0, 4.0])
    sometimes = bootstrap(lambda w: float("nan") if w[0] == 0 else float(w @ values / w.sum()), alone(4), samples=400)
    assert sometimes is not None and not math.isnan(sometimes.low)
    assert bootstrap(lambda w: float("nan"), alone(4), samples=50) is None


# Thresholds.


SCORES = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=2, max_size=60)


@settings(max_examples=40)
@given(SCORES, st.sampled_from([0.5, 0.8, 0.95, 0.99]))
def test_the_proposed_threshold_is_the_highest_that_reaches_the_wanted_recall(rows, wanted: float) -> None:
    score, truth = np.array([s for s, _ in rows]), np.array([t for _, t in rows])
    if truth.all() or not truth.any():
        return
    proposal = propose(score, truth, alone(len(rows)), wanted)
    assert proposal is not None
    assert proposal.reached.recall.value >= wanted - 1e-9
    higher = score[truth & (score > proposal.reached.threshold + 1e-6)]
    assert all((score[truth] >= one).mean() < wanted for one in higher)
    if proposal.promised is not None:
        assert proposal.promised.recall.lower >= wanted
        assert proposal.promised.threshold <= proposal.reached.threshold


def test_a_promise_is_kept_on_data_that_nobody_has_seen() -> None:
    """The threshold comes from the data its recall is stated on; the bound holds all the same, 95 times in 100."""
    rng = np.random.default_rng(5)
    kept = 0
    for _ in range(60):
        score = rng.random(150)
        truth = np.arange(150) < 120
        proposal = propose(score, truth, alone(150), 0.95)
        assert proposal is not None
        kept += 1 - proposal.reached.threshold >= proposal.reached.recall.lower  # its true recall: scores are uniform
    assert kept >= 0.9 * 60


def test_too_few_data_are_said_plainly() -> None:
    score, truth = np.linspace(0, 1, 40), np.arange(40) >= 20
    proposal = propose(score, truth, alone(40), 0.99)
    assert proposal is not None and proposal.promised is None
    assert "too few BAD groups (20 are here)" in proposal.verdict and "299 BAD groups" in proposal.verdict


def test_where_another_threshold_promises_it_that_one_is_named() -> None:
    score, truth = np.linspace(0, 1, 600), np.arange(600) >= 300
    proposal = propose(score, truth, alone(600), 0.9)
    assert proposal is not None and proposal.promised is not None
    assert f"{proposal.promised.threshold:g} promises it" in proposal.verdict


def test_a_threshold_is_not_proposed_from_scores_that_are_not_known() -> None:
    score, truth = np.array([-1.0, -1.0, 0.9, 0.95, 0.99]), np.array([False, True, True, True, True])
    assert propose(score, truth, alone(5), 0.99) is None
    reached = propose(score, truth, alone(5), 0.75)
    assert reached is not None and reached.reached.threshold == 0.9


def test_what_a_threshold_does_is_counted_from_it_on() -> None:
    found = operating(np.array([0.5, 0.4, 0.5, 0.6]), np.array([True, True, False, False]), alone(4), 0.5)
    assert (found.recall.hits, found.recall.total) == (1, 2)
    assert (found.false_alarms.hits, found.false_alarms.total) == (2, 2)
