"""What a viewer gets of a picture: shrunk, its mask as a PNG, and how often. Pure."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from stream.web.layers import mask_png, shrunk
from stream.web.pace import SHARE_MOST, Pace

MASKS = st.tuples(st.integers(1, 40), st.integers(1, 40)).flatmap(
    lambda s: arrays(np.uint8, s, elements=st.integers(0, 1))
)


@given(MASKS)
def test_a_mask_comes_back_out_of_its_png_bit_for_bit_red_where_it_is_set_and_clear_elsewhere(mask: np.ndarray) -> None:
    read = cv2.imdecode(np.frombuffer(mask_png(mask), np.uint8), cv2.IMREAD_UNCHANGED)
    assert read is not None
    assert (read[..., 3] == mask * 255).all()
    assert (read[mask == 1] == (0, 0, 255, 255)).all()


@given(st.integers(1, 300), st.integers(1, 300), st.integers(1, 400))
def test_a_shrunk_picture_has_the_width_that_was_asked_for_and_its_own_shape(
    height: int, width: int, asked: int
) -> None:
    picture = np.full((height, width, 3), (10, 120, 250), np.uint8)
    small = shrunk(picture, asked)
    assert small.shape[1] == min(width, asked)
    assert small.shape[0] == (height if asked >= width else max(1, round(height * asked / width)))
    assert (small == (10, 120, 250)).all()


@pytest.mark.parametrize(
    ("per_s", "every_s", "work_s", "made"),
    [
        (25.0, 0.04, 0.001, 25),  # as often as they come
        (25.0, 0.01, 0.001, 25),  # not more often than wanted
        (25.0, 0.01, 0.04, round(SHARE_MOST / 0.04)),  # wide ones: a share of a processor
    ],
)
def test_pictures_are_made_as_often_as_wanted_and_never_for_more_than_a_share(
    per_s: float, every_s: float, work_s: float, made: int
) -> None:
    pace, may_s, count = Pace(per_s), 0.0, 0
    for number in range(round(10.0 / every_s)):
        now_s = number * every_s
        if now_s >= may_s - 1e-9:
            may_s = now_s + pace.made(now_s, work_s)
            count += 1
    assert count / 10.0 == pytest.approx(made, rel=0.1)


@given(st.lists(st.floats(0.0, 0.12), min_size=1, max_size=40))
def test_pictures_as_frequent_as_wanted_never_wait_however_unevenly_late_they_come(late_s: list[float]) -> None:
    """Late by up to three periods, as frames are behind one that the segmenter looked at."""
    pace, may_s, at_s = Pace(25.0), 0.0, 0.0
    for number, late in enumerate(late_s):
        at_s = max(at_s, number / 25.0 + late)
        assert may_s <= at_s + 1e-9
        may_s = at_s + pace.made(at_s, 0.001)


def test_a_picture_that_comes_a_little_late_does_not_delay_those_after_it() -> None:
    pace = Pace(25.0)
    pace.made(0.0)
    assert 0.05 + pace.made(0.05) <= 0.08, "the next comes at 0.08 as if nothing had been"
