"""How long a source may be silent: a stated time, five of its periods where that is longer, and never without end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.sources.patience import FIRST_S, MORE_S, SECOND_S, SEEN, Patience


def allowed(least_s: float, arrivals_s: list[float]) -> float:
    patience = Patience(least_s)
    for arrival_s in arrivals_s:
        patience.arrived(arrival_s)
    return patience.allowed_s


@pytest.mark.parametrize(
    ("least_s", "arrivals_s", "allowed_s"),
    [
        pytest.param(1.0, [], FIRST_S, id="to connect, and to the first key picture"),
        pytest.param(20.0, [], 20.0, id="to connect to a camera with more patience"),
        pytest.param(1.0, [5.0], SECOND_S, id="before its pace is known"),
        pytest.param(1.0, [n / 25 for n in range(20)], 1.0, id="25 a second"),
        pytest.param(1.0, [float(n) for n in range(5)], 5.0, id="one a second: five periods"),
        pytest.param(6.0, [float(n) for n in range(5)], 6.0, id="one a second, and more patience"),
        pytest.param(1.0, [10.0 * n for n in range(5)], 1.0 + MORE_S, id="a very slow one: bounded"),
        pytest.param(1.0, [n // 3 * 0.12 + n % 3 * 0.001 for n in range(20)], 1.0, id="in bursts"),
    ],
)
def test_silence_counts_as_loss_after_a_stated_time(least_s: float, arrivals_s: list[float], allowed_s: float) -> None:
    assert allowed(least_s, arrivals_s) == pytest.approx(allowed_s)


def test_one_long_gap_does_not_make_patient() -> None:
    arrivals_s = [n / 25 for n in range(20)]
    assert allowed(1.0, [*arrivals_s, arrivals_s[-1] + 0.9, arrivals_s[-1] + 0.94]) == 1.0
    slower_s = [arrivals_s[-1] + 2.0 * n for n in range(1, SEEN + 1)]
    assert allowed(1.0, [*arrivals_s, *slower_s]) == 1.0 + MORE_S


@given(st.floats(0.01, 100), st.lists(st.floats(0, 1000), max_size=30))
def test_it_is_never_less_than_asked_and_never_without_end(least_s: float, gaps_s: list[float]) -> None:
    arrivals_s = [sum(gaps_s[:n]) for n in range(len(gaps_s))]
    assert least_s <= allowed(least_s, arrivals_s) <= max(least_s + MORE_S, FIRST_S)
