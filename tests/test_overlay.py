"""What is drawn over a judged picture."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.verdict import Box
from stream.messages import DefectRecord, VerdictRecord
from stream.overlay import STATE_COLOURS, draw_overlay, draw_verdict, encode_jpeg, scale_to_width
from stream.wire import WireError, pack_mask
from tests.recordings import numbered_frame, read_number

GREY = np.full((240, 320, 3), 100, np.uint8)
GREY.flags.writeable = False


def defect(*box: int) -> DefectRecord:
    return DefectRecord("scratch", 0.9, (box[0], box[1], box[2], box[3]), 12, 6.0, 2.0)


def verdict(state: str, mask: np.ndarray | None) -> VerdictRecord:
    packed = None if mask is None else pack_mask(mask)
    return VerdictRecord(state, 0.9, None, (), packed, "", "b", "s", (0.0, 0.0, 0.0, 0.0))


def test_the_mask_is_red_at_alpha_and_touches_nothing_else() -> None:
    mask = np.zeros((240, 320), np.uint8)
    mask[50:60, 100:130] = 1
    drawn = draw_overlay(GREY, "BAD", (), mask, None, label="")
    assert (drawn[50:60, 100:130] == (60, 60, 162)).all()
    assert (drawn[mask == 0] == 100).all()
    assert (GREY == 100).all()


def test_a_defect_box_leaves_the_defect_itself_visible() -> None:
    drawn = draw_overlay(GREY, "BAD", (defect(100, 50, 130, 60),), None, None, label="")
    assert (drawn[50:60, 100:130] == 100).all()
    assert (drawn[47, 97:133] == (0, 255, 255)).all()


@pytest.mark.parametrize("state", STATE_COLOURS)
def test_region_and_label_have_the_colour_of_the_state(state: str) -> None:
    drawn = draw_overlay(GREY, state, (), None, Box(100, 20, 300, 120))
    assert tuple(drawn[20, 200]) == STATE_COLOURS[state]
    assert tuple(drawn[-1, 0]) == STATE_COLOURS[state]


@pytest.mark.parametrize("state", STATE_COLOURS)
def test_the_label_can_be_read_after_scaling_to_a_quarter(state: str) -> None:
    picture = scale_to_width(draw_overlay(np.full((1080, 1920, 3), 100, np.uint8), state, (), None, None), 480)
    plate = cv2.inRange(picture, np.array(STATE_COLOURS[state]), np.array(STATE_COLOURS[state]))
    assert np.flatnonzero(plate.any(axis=1)).size >= 24


def test_the_picture_without_its_corner_is_the_one_that_was_judged() -> None:
    drawn = draw_overlay(numbered_frame(4711, bad=True), "BAD", (), None, Box(0, 0, 320, 240))
    assert read_number(scale_to_width(drawn, 200)) == 4711


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (3, 7), (40, 40), (10, 10_000)], ids=str)
def test_odd_shapes_are_drawn(shape: tuple[int, int]) -> None:
    picture = np.zeros((*shape, 3), np.uint8)
    drawn = draw_overlay(picture, "UNKNOWN", (defect(0, 0, 1, 1),), np.ones(shape, np.uint8), Box(-5, -5, 10**6, 10**6))
    assert drawn.shape == picture.shape
    assert scale_to_width(drawn, 300).shape[1] == min(shape[1], 300)


@given(st.tuples(*[st.integers(-(10**6), 10**6)] * 4), st.text(max_size=60), st.text(max_size=8))
def test_no_box_and_no_word_can_break_it(box: tuple[int, int, int, int], label: str, state: str) -> None:
    drawn = draw_overlay(GREY, state, (defect(*box),), None, Box(*box), label=label)
    assert drawn.shape == GREY.shape and drawn.dtype == np.uint8


def test_a_verdict_that_travelled_is_drawn_with_its_mask() -> None:
    mask = np.zeros((240, 320), np.uint8)
    mask[50:60, 100:130] = 1
    assert (draw_verdict(GREY, verdict("BAD", mask), None) == draw_overlay(GREY, "BAD", (), mask, None)).all()
    assert (draw_verdict(GREY, verdict("GOOD", None), None) == draw_overlay(GREY, "GOOD", (), None, None)).all()


def test_a_mask_of_another_picture_is_refused() -> None:
    with pytest.raises(WireError, match="does not lie in a frame"):
        draw_verdict(GREY[:30, :30], verdict("BAD", np.ones((240, 320), np.uint8)), None)


def test_a_picture_is_never_made_larger() -> None:
    assert scale_to_width(GREY, 960) is GREY
    assert scale_to_width(GREY, 160).shape == (120, 160, 3)


@pytest.mark.parametrize("shape", [(0, 0), (1, 70_000)], ids=str)
def test_what_cannot_be_a_jpeg_says_so(shape: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="cannot become a JPEG"):
        encode_jpeg(np.zeros((*shape, 3), np.uint8), 80)
