"""Which pixels lie in a polygon, and that the fill around it is none that could be taken for a scratch."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.polygons import inside, neutralised
from detector.regions import Point, bounds
from detector.verdict import Box

SLANTED = (Point(30, 10), Point(180, 40), Point(150, 190), Point(10, 120))
ALL = Box(0, 0, 200, 200)
POINTS = st.builds(Point, st.integers(0, 60), st.integers(0, 60))


def test_a_rectangle_as_a_polygon_is_the_box() -> None:
    corners = (Point(20, 30), Point(90, 30), Point(90, 110), Point(20, 110))
    expected = np.zeros((200, 200), bool)
    expected[30:110, 20:90] = True
    assert (inside(corners, ALL) == expected).all()
    assert inside(corners, bounds(corners)).all()


@settings(max_examples=40)
@given(corners=st.lists(POINTS, min_size=3, max_size=7))
def test_a_pixel_is_inside_where_opencv_says_so(corners: list[Point]) -> None:
    polygon, box = tuple(corners), Box(0, 0, 60, 60)
    kept = inside(polygon, box)
    outline = np.array([[(corner.x, corner.y) for corner in polygon]], np.float32)
    for y in range(0, 60, 7):
        for x in range(0, 60, 7):
            turns = _even_odd(polygon, x + 0.5, y + 0.5)
            assert kept[y, x] == turns
            if len(polygon) == 3:  # OpenCV's test is for polygons that do not cross themselves
                distance = cv2.pointPolygonTest(outline, (x + 0.5, y + 0.5), measureDist=True)
                assert abs(distance) < 0.01 or kept[y, x] == (distance > 0)


def _even_odd(polygon: tuple[Point, ...], x: float, y: float) -> bool:
    odd = False
    for one, other in zip(polygon, (*polygon[1:], polygon[0]), strict=True):
        if (one.y > y) != (other.y > y) and one.x + (y - one.y) * (other.x - one.x) / (other.y - one.y) <= x:
            odd = not odd
    return odd


def test_a_polygon_is_the_same_seen_from_any_box() -> None:
    whole, part = inside(SLANTED, ALL), Box(40, 60, 130, 170)
    assert (inside(SLANTED, part) == whole[part.y0 : part.y1, part.x0 : part.x1]).all()


def test_what_lies_inside_is_left_as_it_is_and_nothing_outside_is_seen() -> None:
    rng = np.random.default_rng(3)
    kept = inside(SLANTED, ALL)
    one = rng.integers(0, 256, (200, 200, 3), np.uint8)
    other = np.where(kept[:, :, None], one, rng.integers(0, 256, one.shape, np.uint8))
    assert (neutralised(one, kept)[kept] == one[kept]).all()
    assert (neutralised(one, kept) == neutralised(other, kept)).all()


@pytest.mark.parametrize("grey", [17, 128, 240])
def test_an_even_ground_stays_even(grey: int) -> None:
    kept = inside(SLANTED, ALL)
    picture = np.full((200, 200, 3), 0 if grey > 100 else 255, np.uint8)
    picture[kept] = grey
    assert abs(neutralised(picture, kept).astype(int) - grey).max() <= 1


def test_along_the_edge_of_a_shaded_ground_there_is_no_step() -> None:
    kept = inside(SLANTED, ALL)
    slope = np.add.outer(np.arange(200) * 0.5, np.arange(200) * 0.3) + 40
    shaded = np.repeat(np.rint(slope).astype(np.uint8)[:, :, None], 3, axis=2)
    black = np.where(kept[:, :, None], shaded, np.uint8(0))
    assert step_at_edge(black, kept) > 40, "what the fill is there for"
    assert step_at_edge(neutralised(black, kept), kept) <= 8


def step_at_edge(picture: np.ndarray, kept: np.ndarray) -> int:
    """The largest difference of neighbours of which one is inside."""
    grey = picture[:, :, 0].astype(int)
    down = abs(np.diff(grey, axis=0))[kept[1:] != kept[:-1]]
    across = abs(np.diff(grey, axis=1))[kept[:, 1:] != kept[:, :-1]]
    return int(max(down.max(), across.max()))


def test_ink_that_the_polygon_cuts_fades_into_the_fill() -> None:
    kept = inside((Point(0, 0), Point(100, 0), Point(100, 200), Point(0, 200)), ALL)
    picture = np.full((200, 200, 3), 230, np.uint8)
    picture[90:110, 60:160] = 30
    filled = neutralised(picture, kept)[:, 100:, 0]
    assert filled[:, 60:].min() > 150, "far from the edge only the mean of the inside is left"
