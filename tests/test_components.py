"""Masks become defects with measures that a ruler would give, in an order that never changes."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.components import MAX_DEFECTS, defects_in
from detector.verdict import Box, Defect

HERE = Box(0, 0, 200, 150)


def mask_of(*boxes: Box) -> np.ndarray:
    """(150, 200) uint8, 1 inside the boxes."""
    mask = np.zeros((150, 200), np.uint8)
    for box in boxes:
        mask[box.y0 : box.y1, box.x0 : box.x1] = 1
    return mask


def defects(
    mask: np.ndarray, probability: np.ndarray | None = None, *, min_area_px: int = 0, at: Box = HERE
) -> tuple[Defect, ...]:
    share = mask.astype(np.float32) if probability is None else probability
    return defects_in(mask, share, kind="scratch", min_area_px=min_area_px, at=at)


def test_a_mask_of_nothing_has_no_defects() -> None:
    assert defects(mask_of()) == ()


def test_a_rectangle_is_measured_to_the_pixel() -> None:
    (defect,) = defects(mask_of(Box(20, 30, 80, 34)))
    assert defect == Defect("scratch", 1.0, Box(20, 30, 80, 34), 240, 60.0, 4.0)


def test_a_single_pixel_is_one_long_and_one_wide() -> None:
    (defect,) = defects(mask_of(Box(5, 6, 6, 7)))
    assert (defect.area_px, defect.length_px, defect.width_px) == (1, 1.0, 1.0)


def test_a_mask_that_is_all_ones_is_one_defect() -> None:
    (defect,) = defects(np.ones((150, 200), np.uint8))
    assert (defect.box, defect.length_px, defect.width_px) == (HERE, 200.0, 150.0)


@pytest.mark.parametrize("degrees", [0, 17, 30, 45, 61, 90, 133])
def test_a_straight_scratch_keeps_its_length_and_width_at_any_angle(degrees: int) -> None:
    length, width, fine = 90.0, 5.0, 8
    turn = math.radians(degrees)
    along = np.array([math.cos(turn), math.sin(turn)]) * length / 2
    across = np.array([-math.sin(turn), math.cos(turn)]) * width / 2
    centre = np.array([100.5, 75.5])
    corners = centre + np.array([along + across, along - across, -along - across, across - along])
    large = np.zeros((150 * fine, 200 * fine), np.uint8)
    cv2.fillPoly(large, [np.rint(corners * fine).astype(np.int32)], 255)
    mask = (cv2.resize(large, (200, 150), interpolation=cv2.INTER_AREA) > 127).astype(np.uint8)
    (defect,) = defects(mask)
    assert defect.length_px == pytest.approx(length, abs=1.5)
    assert defect.width_px == pytest.approx(width, abs=0.5)


def test_pieces_that_touch_at_a_corner_are_one() -> None:
    (defect,) = defects(mask_of(Box(10, 10, 20, 20), Box(20, 20, 30, 30)))
    assert defect.area_px == 200


def test_the_largest_comes_first_and_equals_go_by_their_place() -> None:
    mask = mask_of(Box(50, 60, 55, 65), Box(100, 10, 105, 15), Box(50, 10, 55, 15), Box(5, 100, 25, 110))
    assert [(one.box.x0, one.box.y0) for one in defects(mask)] == [(5, 100), (50, 10), (100, 10), (50, 60)]


def test_boxes_are_those_of_the_frame() -> None:
    (defect,) = defects(mask_of(Box(20, 30, 80, 34)), at=Box(1000, 500, 1200, 650))
    assert defect.box == Box(1020, 530, 1080, 534)


def test_the_score_is_the_mean_probability_over_the_piece_alone() -> None:
    mask = mask_of(Box(10, 10, 12, 11))
    probability = np.full(mask.shape, 0.4, np.float32)
    probability[10, 10:12] = (0.6, 0.9)
    (defect,) = defects(mask, probability)
    assert defect.score == pytest.approx(0.75, abs=1e-6)


def test_pieces_smaller_than_the_least_area_are_not_listed() -> None:
    mask = mask_of(Box(10, 10, 13, 13), Box(50, 50, 54, 52))
    assert [one.area_px for one in defects(mask, min_area_px=9)] == [9]


def test_no_more_than_the_largest_are_listed() -> None:
    dots = [Box(x, y, x + 2, y + 2) for y in range(0, 150, 6) for x in range(0, 200, 6)]
    listed = defects(mask_of(*dots, Box(100, 100, 120, 120)))
    assert len(listed) == MAX_DEFECTS
    assert listed[0].area_px >= 400


@given(st.integers(0, 2**32 - 1), st.floats(0.05, 0.6))
def test_every_measure_of_any_mask_is_sound(seed: int, share: float) -> None:
    mask = (np.random.default_rng(seed).random((40, 50)) < share).astype(np.uint8)
    listed = defects(mask, at=Box(0, 0, 50, 40))
    assert listed == defects(mask.copy(), at=Box(0, 0, 50, 40))
    for one in listed:
        assert 0 < one.area_px <= one.box.width * one.box.height
        assert one.length_px >= max(one.box.width, one.box.height) / math.sqrt(2) - 1e-3
        assert one.length_px <= math.hypot(one.box.width, one.box.height) + 1.5
        assert 0 < one.width_px <= one.length_px + 1e-3
        assert mask[one.box.y0 : one.box.y1, one.box.x0 : one.box.x1].sum() >= one.area_px
    if len(listed) < MAX_DEFECTS:
        assert sum(one.area_px for one in listed) == mask.sum()
