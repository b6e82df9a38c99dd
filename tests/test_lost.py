"""Which cameras have been lost for so long that somebody must know."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stream.lost import LOST, LOST_S, Lost

STEPS = st.lists(st.tuples(st.sampled_from((0.1, 2.0, LOST_S)), st.sampled_from((LOST, "running", "ended", None))))


@given(STEPS)
def test_a_camera_is_told_of_once_it_has_been_lost_without_a_break_for_so_long(
    steps: list[tuple[float, str | None]],
) -> None:
    lost, now_s, since_s = Lost(), 50.0, None
    for passed_s, state in steps:
        now_s += passed_s
        since_s = (now_s if since_s is None else since_s) if state == LOST else None
        told = lost.see([("belt", state)] if state else [], now_s)
        assert told == (("belt",) if since_s is not None and now_s - since_s >= LOST_S else ())


def test_each_camera_has_a_time_of_its_own() -> None:
    lost = Lost()
    assert lost.see([("belt", LOST), ("lid", "running")], 0.0) == ()
    assert lost.see([("belt", LOST), ("lid", LOST)], LOST_S) == ("belt",)
    assert lost.see([("belt", "running"), ("lid", LOST)], 2 * LOST_S) == ("lid",)
