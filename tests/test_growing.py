"""Growth is told from noise, and where neither can be said that is said."""

from __future__ import annotations

import numpy as np
import pytest

from tests.growing import GROWTH, NO_GROWTH, UNCLEAR, rise

TIMES_S = np.arange(600.0)
NOISE = np.random.default_rng(1).normal(size=600)


@pytest.mark.parametrize(
    ("values", "allowed", "said"),
    [
        (100 + NOISE, 5.0, NO_GROWTH),
        (100 + NOISE + TIMES_S / 60, 5.0, GROWTH),
        (100 + NOISE + TIMES_S / 600, 5.0, NO_GROWTH),
        (100 - TIMES_S / 60, 5.0, NO_GROWTH),
        (100 + 60 * np.sin(TIMES_S / 40), 5.0, UNCLEAR),
        (np.full(600, 3.0), 0.0, NO_GROWTH),
        (np.where(TIMES_S % 50 == 0, 9000.0, 100.0), 5.0, NO_GROWTH),
    ],
    ids=["noise", "grows", "grows less than is allowed", "shrinks", "swings", "always the same", "single outliers"],
)
def test_a_rise_is_growth_only_where_it_is_sure_and_more_than_is_allowed(
    values: np.ndarray, allowed: float, said: str
) -> None:
    assert rise(TIMES_S, values).verdict(allowed) == said


def test_a_rise_is_that_of_the_straight_line() -> None:
    found = rise(TIMES_S, 7 + TIMES_S / 10)
    assert found.low == pytest.approx(found.by) == pytest.approx(found.last - found.first) == pytest.approx(57, abs=0.3)


def test_too_short_a_time_tells_no_rise() -> None:
    with pytest.raises(ValueError, match="2 readings in 2 blocks"):
        rise([0.0, 1.0], [1.0, 2.0])
