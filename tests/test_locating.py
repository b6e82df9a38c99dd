"""Codes are found at any rotation, cropped upright, and a map of the crop comes back to where it belongs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.locating import box_around, corners, find_codes, is_empty, side_of, turn_of, turned_back, upright
from detector.regions import Locate
from detector.verdict import Box
from stream.sources.synthetic.belt import Belt
from stream.sources.synthetic.codes import CodeLook, code_ink
from stream.sources.synthetic.fonts import shipped_fonts

WIDTH, HEIGHT = 500, 400
LOCATE = Locate(length=180)
AREA = Box(0, 0, WIDTH, HEIGHT)


def printed(
    angle_deg: float, *, text: str = "72R0", length_px: float = 180, x: float = 250, y: float = 200
) -> np.ndarray:
    """(HEIGHT, WIDTH, 3): the code in dark ink on a light ground, its middle at x, y."""
    look = CodeLook(
        text=text,
        font=shipped_fonts()[0],
        length_px=length_px,
        angle_deg=angle_deg,
        stretch=1.0,
        opacity=1.0,
        unevenness=0.0,
        pinholes=0.0,
        spread_px=0.6,
    )
    ink = code_ink(np.random.default_rng(0), look, HEIGHT, WIDTH, (x, y))
    return np.repeat(np.rint(225 - 190 * ink).astype(np.uint8)[:, :, None], 3, axis=2)


@settings(max_examples=25)
@given(
    angle=st.floats(-180, 180),
    length=st.floats(130, 280),
    text=st.sampled_from(["72R0", "68P0", "69T0", "83P1", "AB12"]),
)
def test_a_code_is_found_at_any_rotation_and_size(angle: float, length: float, text: str) -> None:
    (code,) = find_codes(printed(angle, text=text, length_px=length), LOCATE)
    assert (code.x, code.y) == pytest.approx((WIDTH / 2, HEIGHT / 2), abs=8)
    assert code.length == pytest.approx(length, rel=0.15)
    turned = (code.angle_deg + angle + 90) % 180 - 90  # OpenCV turns against the clock; a row has two ends
    assert abs(turned) < 10
    assert -90 < code.angle_deg <= 90


@settings(max_examples=10)
@given(angle=st.floats(-180, 180))
def test_the_crop_holds_the_code_lying_along_the_row(angle: float) -> None:
    picture = printed(angle)
    (code,) = find_codes(picture, LOCATE)
    side = side_of(code, LOCATE)
    crop = upright(picture, turn_of(code, side, AREA), side)
    assert crop.shape == (side, side, 3)
    rows, columns = (np.flatnonzero((crop[:, :, 0] < 120).any(axis=axis)) for axis in (1, 0))
    assert np.ptp(columns) == pytest.approx(180, rel=0.15)
    assert np.ptp(rows) < 0.55 * np.ptp(columns)
    assert abs(columns.mean() - side / 2) < 12


def test_nothing_is_found_where_nothing_is_printed() -> None:
    assert find_codes(np.full((HEIGHT, WIDTH, 3), 220, np.uint8), LOCATE) == ()
    assert find_codes(np.random.default_rng(1).integers(60, 90, (HEIGHT, WIDTH, 3), np.uint8), LOCATE) == ()


@pytest.mark.parametrize("length_px", [60.0, 400.0])
def test_a_code_of_quite_another_size_is_none(length_px: float) -> None:
    assert find_codes(printed(20, length_px=length_px), LOCATE) == ()


def test_two_codes_are_two() -> None:
    both = np.minimum(printed(0, x=130, y=100), printed(70, x=350, y=280))
    one, other = sorted(find_codes(both, LOCATE), key=lambda code: code.x)
    assert (one.x, one.y) == pytest.approx((130, 100), abs=8)
    assert (other.x, other.y) == pytest.approx((350, 280), abs=8)


def test_every_whole_code_of_the_drawn_line_is_found() -> None:
    belt = Belt(seed=3, scratched_share=0.5)
    seen = 0
    for part in belt.parts(0, 300):
        seq = (part.first_seq + part.last_seq) // 2
        seen += 1
        found = find_codes(belt.frame(seq)[60:660], Locate())
        assert any(abs(code.x - 640) < 120 and abs(code.y - 300) < 120 for code in found), part
    assert seen >= 5


def test_a_code_is_found_however_large_the_area_around_it_is() -> None:
    (code,) = find_codes(printed(25), LOCATE)
    large = np.full((1200, 1600, 3), 60, np.uint8)
    large[500 : 500 + HEIGHT, 700 : 700 + WIDTH] = printed(25)
    (same,) = find_codes(large, LOCATE)
    assert (same.x, same.y) == pytest.approx((code.x + 700, code.y + 500), abs=3)


def test_an_empty_belt_is_empty_and_a_light_part_is_not() -> None:
    empty = np.full((100, 100, 3), 60, np.uint8)
    part = empty.copy()
    part[20:40, 20:40] = 220
    assert is_empty(empty, LOCATE)
    assert not is_empty(part, LOCATE)


# --- there and back ---


@settings(max_examples=25)
@given(
    angle=st.floats(-180, 180),
    x=st.floats(120, WIDTH - 120),
    y=st.floats(120, HEIGHT - 120),
    size=st.integers(20, 60),
)
def test_a_mark_goes_there_and_back(angle: float, x: float, y: float, size: int) -> None:
    (code,) = find_codes(printed(angle, x=x, y=y), LOCATE) or (None,)
    if code is None:
        return
    side = side_of(code, LOCATE)
    turn = turn_of(code, side, AREA)
    mark = np.zeros((HEIGHT, WIDTH), np.float32)
    mark[int(code.y) - size // 2 : int(code.y) + size // 2, int(code.x) - size // 2 : int(code.x) + size // 2] = 1
    box = box_around(corners(turn, side), HEIGHT, WIDTH)
    back = np.zeros_like(mark)
    back[box.y0 : box.y1, box.x0 : box.x1] = turned_back(upright(mark, turn, side), turn, box)
    wrong = np.count_nonzero((back > 0.5) != (mark > 0.5))
    assert wrong <= 4 * size, "no more than the pixels along the mark's edge"


def test_without_a_turn_the_crop_is_the_picture_itself() -> None:
    picture = np.random.default_rng(2).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    turn = np.array([[1.0, 0.0, 37.0], [0.0, 1.0, 21.0]])
    crop = upright(picture, turn, 100)
    assert (crop == picture[21:121, 37:137]).all()
    assert corners(turn, 100) == ((37, 21), (137, 21), (137, 121), (37, 121))
    values = np.random.default_rng(3).random((100, 100)).astype(np.float32)
    assert (turned_back(values, turn, Box(37, 21, 137, 121)) == values).all()
