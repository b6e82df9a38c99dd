"""When a picture came that lay in a library's buffer: a camera with a clock of its own, and a reader that stalls."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.sources.arrivals import JITTER_NS, TRUSTED_AFTER_NS, Arrivals

MS, S = 1_000_000, 1_000_000_000
PERIOD_NS, TOOK_NS = 40 * MS, 100_000  # to fetch what is there


@dataclass(frozen=True)
class Came:
    """A picture as it was, and as it was said to be."""

    truly_ns: int
    said_ns: int
    fetched_ns: int
    waited: bool


def replayed(
    delays_ns: list[int], stalls_ns: dict[int, int], *, drift: float = 0.0, stamped: bool = True, rate: float = 1.0
) -> list[Came]:
    """A picture each period, on its way for its delay; before the numbered ones the reader does something else."""
    arrivals, now_ns, before_ns, seen = Arrivals(), 0, 0, []
    for number, delay_ns in enumerate(delays_ns):
        taken_ns = number * PERIOD_NS
        came_ns = before_ns = max(before_ns, taken_ns + delay_ns)
        asked_ns = now_ns + stalls_ns.get(number, 0)
        now_ns = max(came_ns, asked_ns) + TOOK_NS
        stamp_ns = 7 * S + int(taken_ns * (1 + drift) * rate) if stamped else None
        said_ns = arrivals.came_ns(stamp_ns, asked_ns, now_ns)
        seen.append(Came(came_ns, said_ns, now_ns, came_ns > asked_ns))
    return seen


delays = st.lists(st.integers(3 * MS, 30 * MS), min_size=60, max_size=120)
stalls = st.dictionaries(st.integers(30, 119), st.integers(0, 2 * S), max_size=3)


@given(delays, stalls, st.floats(-1e-4, 1e-4))
def test_a_picture_came_about_when_it_came_however_long_it_lay(
    delays_ns: list[int], stalls_ns: dict[int, int], drift: float
) -> None:
    seen = replayed(delays_ns, stalls_ns, drift=drift)
    for before, one in pairwise(seen):
        assert before.said_ns <= one.said_ns <= one.fetched_ns
    for one in seen[30:]:
        assert abs(one.said_ns - one.truly_ns) <= 30 * MS


def test_while_nobody_fetches_for_seconds_each_picture_keeps_its_own_time() -> None:
    seen = replayed([5 * MS] * 60, {40: 3 * S})
    lay = [one for one in seen if not one.waited]
    assert len(lay) > 15 and max(one.fetched_ns - one.truly_ns for one in lay) > 1 * S
    assert all(abs(one.said_ns - one.truly_ns) <= 1 * MS for one in lay)


@pytest.mark.parametrize("how", [{"stamped": False}, {"rate": 0.001}, {"rate": 8.0}, {"rate": 0.0}])
def test_without_a_clock_to_believe_a_picture_came_when_it_was_fetched(how: dict[str, float]) -> None:
    for one in replayed([5 * MS] * 200, {60: 2 * S, 120: 1 * S}, **how):  # type: ignore[arg-type]
        assert one.said_ns == one.fetched_ns


def test_the_first_second_is_not_enough_to_believe_a_clock() -> None:
    seen = replayed([5 * MS] * 60, {TRUSTED_AFTER_NS // PERIOD_NS // 2: S // 2})
    lay = [one for one in seen[: TRUSTED_AFTER_NS // PERIOD_NS] if not one.waited]
    assert lay and all(one.said_ns == one.fetched_ns for one in lay)


def test_a_clock_that_was_set_is_not_believed_until_it_has_run_again() -> None:
    arrivals, stamps_ns = Arrivals(), [0, S, 2 * S]
    for stamp_ns in stamps_ns:
        arrivals.came_ns(stamp_ns, stamp_ns, stamp_ns + 5 * MS)
    assert arrivals.came_ns(3 * S, 4 * S, 4 * S) < 3 * S + 6 * MS
    arrivals.came_ns(9 * S + JITTER_NS, 5 * S, 5 * S + 5 * MS)
    assert arrivals.came_ns(9 * S + JITTER_NS + 40 * MS, 6 * S, 6 * S) == 6 * S
