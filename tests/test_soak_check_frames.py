"""What the soak's checker takes for a reason why a frame was dropped."""

from __future__ import annotations

import pytest

from tools.soak_check_frames import unexplained
from tools.soak_check_journal import SETTLING_S, Fault, Journal
from tools.soak_check_story import Camera

EVERY = Camera("belt", 1, 0.3, False, True, None, None)
NEWEST = Camera("belt", 1, 0.3, False, False, None, None)
FROM_S, OVER_S = 100.0, 130.0


@pytest.mark.parametrize(
    ("target", "relaxes", "explains"),
    [
        ("inspect 1", (), True),
        ("record", (), True),
        ("supervisor", (), True),
        ("", ("evidence",), True),
        ("display", (), False),
        ("capture belt", (), False),
    ],
)
def test_a_camera_that_waits_for_its_reader_falls_behind_only_while_nobody_takes_its_pictures(
    target: str, relaxes: tuple[str, ...], explains: bool
) -> None:
    journal = Journal((Fault("hang", target, relaxes, FROM_S, OVER_S + SETTLING_S),))
    assert bool(unexplained(EVERY, "dropped:behind", None, journal, (110.0, 111.0))) != explains
    assert unexplained(EVERY, "dropped:behind", None, journal, (300.0, 301.0))
    assert unexplained(EVERY, "dropped:newest", None, journal, (110.0, 111.0))


def test_a_camera_that_leaves_old_ones_out_may_fall_behind_at_any_time() -> None:
    assert not unexplained(NEWEST, "dropped:behind", None, Journal(), (110.0, 111.0))
    assert unexplained(EVERY, "dropped:behind", None, Journal(), (110.0, 111.0))
