"""detector/refusals.py: what is blind, by the quick look and by the whole one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector import refusals
from detector.refusals import BLACK_LEVEL, BURNT_LEVEL, why_blind

GREYS = (0, BLACK_LEVEL, BLACK_LEVEL + 1, 128, BURNT_LEVEL - 1, BURNT_LEVEL, 255)


def slowly(picture: np.ndarray) -> str | None:
    """The rule as it is written down: all sampled pixels, at once."""
    height, width = picture.shape[:2]
    step = max(1, height // refusals.SAMPLED_SIDE), max(1, width // refusals.SAMPLED_SIDE)
    seen = picture[:: step[0], :: step[1]].astype(int)
    if (seen.max(axis=2) <= BLACK_LEVEL).sum() >= (1.0 - refusals.ALL_BUT_SHARE) * seen.shape[0] * seen.shape[1]:
        return "black"
    if (seen.min(axis=2) >= BURNT_LEVEL).sum() >= (1.0 - refusals.ALL_BUT_SHARE) * seen.shape[0] * seen.shape[1]:
        return "burnt out"
    return None


@given(
    height=st.integers(8, 600),
    width=st.integers(8, 600),
    ground=st.sampled_from(GREYS),
    other=st.sampled_from(GREYS),
    share=st.sampled_from((0.0, 0.004, 0.005, 0.006, 0.04, 0.3)),
    rows=st.booleans(),
    seed=st.integers(0, 9),
)
def test_the_quick_look_never_changes_the_answer(
    height: int, width: int, ground: int, other: int, share: float, rows: bool, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    picture = np.full((height, width, 3), ground, np.uint8)
    if rows:
        picture[rng.random(height) < share] = other
    else:
        picture[rng.random((height, width)) < share] = other
    got = why_blind(picture)
    assert (got and got.partition(":")[0]) == slowly(picture)


@pytest.mark.parametrize("row", range(refusals.GLANCE_ROWS))
def test_a_picture_that_shows_something_only_between_the_rows_of_the_glance_is_seen(row: int) -> None:
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[row] = 200
    assert why_blind(picture) is None
