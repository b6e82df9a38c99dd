"""The outlines of regions: where they are drawn, in which colour, and that nothing far away breaks them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.regions import Locate, Point, Region, Tiles
from detector.verdict import Box
from stream.messages import RegionRecord, VerdictRecord
from stream.outlines import OTHER_COLOUR, STATE_COLOURS
from stream.overlay import draw_overlay, draw_verdict

GREY = np.full((240, 320, 3), 128, np.uint8)
LEFT = Region("left", box=Box(10, 20, 110, 220))
SLANTED = Region("slanted", polygon=(Point(150, 20), Point(300, 40), Point(220, 230)))
CODE = Region("code", locate=Locate(box=Box(120, 100, 320, 240)))


def drawn(*judged: RegionRecord, regions: tuple[Region, ...] = (LEFT, SLANTED)) -> np.ndarray:
    return draw_overlay(GREY, "BAD", (), None, regions, label="", judged=judged)


@pytest.mark.parametrize("state", STATE_COLOURS)
def test_each_region_has_its_own_states_colour(state: str) -> None:
    shown = drawn(RegionRecord("left", state, 0.5), RegionRecord("slanted", "GOOD", 0.1))
    assert tuple(shown[120, 10]) == STATE_COLOURS[state]
    assert tuple(shown[120, 12]) == (128, 128, 128), "an outline is thin"
    assert tuple(shown[20, 150]) == STATE_COLOURS["GOOD"]


def test_what_was_not_judged_is_grey() -> None:
    assert tuple(drawn()[120, 10]) == OTHER_COLOUR


def test_the_search_area_is_grey_and_the_code_found_in_it_coloured() -> None:
    found = RegionRecord("code", "BAD", 0.9, None, ((150, 120, 200, 120, 200, 170, 150, 170),))
    shown = drawn(found, regions=(CODE,))
    assert tuple(shown[200, 120]) == OTHER_COLOUR
    assert tuple(shown[150, 150]) == STATE_COLOURS["BAD"]


def test_an_outline_at_the_pictures_edge_is_seen() -> None:
    shown = drawn(RegionRecord("all", "GOOD", 0.1), regions=(Region("all", tiles=Tiles(64)),))
    for edge in (shown[100, 0], shown[100, 319], shown[239, 200]):
        assert tuple(edge) == STATE_COLOURS["GOOD"]


FAR = st.integers(-(1 << 17), 1 << 17)


@settings(max_examples=30)
@given(corners=st.lists(st.builds(Point, FAR, FAR), min_size=3, max_size=6), found=st.tuples(*[FAR] * 8))
def test_no_corner_is_too_far(corners: list[Point], found: tuple[int, int, int, int, int, int, int, int]) -> None:
    regions = (Region("far", polygon=tuple(corners)), CODE)
    assert drawn(RegionRecord("code", "BAD", 0.9, None, (found,)), regions=regions).shape == GREY.shape


def test_a_verdict_brings_the_states_of_its_regions() -> None:
    regions = (RegionRecord("left", "BAD", 0.9), RegionRecord("slanted", "GOOD", 0.2))
    verdict = VerdictRecord("BAD", 0.9, "BAD in left", (), None, "", "b", "s", (0.0, 0.0, 0.0, 0.0), regions=regions)
    expected = drawn(*regions)
    assert (draw_verdict(GREY, verdict, (LEFT, SLANTED), label="") == expected).all()
