"""Where decoding may begin: at a key picture from which nothing looks back, and nowhere else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.sources.landing import Coded, Landing, landing


def coded(*pictures: int | str | None, cut: int = 0) -> list[Coded]:
    """`"7"` is a key picture at time 7; the first `cut` are not shown."""
    return [
        Coded(None if pts is None else int(pts), isinstance(pts, str), at >= cut) for at, pts in enumerate(pictures)
    ]


PLAIN = coded("0", 1, 2, "3", 4, 5, "6", 7, 8)


@pytest.mark.parametrize(
    ("pictures", "index", "wanted"),
    [
        pytest.param(PLAIN, 0, None, id="the beginning"),
        pytest.param(PLAIN, 2, None, id="in the first group"),
        pytest.param(PLAIN, 3, Landing(3, 3, 3), id="at a key picture"),
        pytest.param(PLAIN, 5, Landing(3, 3, 3), id="behind a key picture"),
        pytest.param(PLAIN, 8, Landing(6, 6, 6), id="the end"),
        pytest.param(PLAIN, 9, None, id="beyond the end"),
        pytest.param(coded("0", 2, 1, "3", 5, 4), 4, Landing(3, 3, 3), id="closed groups with B-frames"),
        pytest.param(coded("0", 1, "4", 2, 3, 5), 5, None, id="open group: pictures that look back"),
        pytest.param(coded("0", 1, None, "3", 4), 4, None, id="a time is missing"),
        pytest.param(coded("0", 1, 1, "3", 4), 4, None, id="a time comes twice"),
        pytest.param(coded("5", 6, 7, "0", 1, 2), 4, None, id="the clock goes back"),
        pytest.param(coded("-2", -1, 0, "3", 4, 5, cut=2), 2, Landing(3, 1, 3), id="cut pictures have no index"),
        pytest.param([], 0, None, id="nothing"),
    ],
)
def test_decoding_begins_where_nothing_looks_back(pictures: list[Coded], index: int, wanted: Landing | None) -> None:
    assert landing(pictures, index) == wanted


@given(st.lists(st.tuples(st.integers(-20, 20), st.booleans()), max_size=20), st.integers(0, 20))
def test_a_landing_never_lies_after_what_is_wanted_and_counts_what_is_shown_before_it(
    pictures: list[tuple[int, bool]], index: int
) -> None:
    start = landing([Coded(pts, key, True) for pts, key in pictures], index)
    if start is not None:
        times = [pts for pts, _ in pictures]
        assert pictures[start.packets] == (start.pts, True)
        assert start.index == sum(pts < start.pts for pts in times) <= index
        assert max(times[: start.packets]) < start.pts == min(times[start.packets :])
