"""The small picture of a frame: what is wrong in it can be seen, whatever its size."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from detector.regions import Where
from detector.verdict import Box
from stream.messages import DefectRecord, RegionRecord, VerdictRecord
from stream.thumbnail import ASPECT, WIDTH_PX, around, cut, thumbnail

CLEAN = VerdictRecord("GOOD", 0.1, None, (), None, "", "b", "s", (1.0, 1.0, 0.0, 0.0))
SIDE = st.integers(1, 4000)


def defect(score: float, box: tuple[int, int, int, int], area_px: int = 9) -> DefectRecord:
    return DefectRecord("scratch", score, box, area_px, 9.0, 1.0)


def found(name: str, score: float | None, corners: tuple[int, int, int, int, int, int, int, int]) -> RegionRecord:
    return RegionRecord(name, "GOOD", score, None, (corners,))


def test_a_defect_of_thirty_pixels_is_seen_in_a_frame_of_two_million() -> None:
    frame = np.zeros((1080, 1920, 3), np.uint8)
    frame[900:930, 1700:1730] = 255
    bad = replace(CLEAN, state="BAD", defects=(defect(0.9, (1700, 900, 1730, 930)),))
    small = thumbnail(frame, bad, None)
    assert small.shape == (160, 213, 3) and np.count_nonzero(small[..., 0] > 128) == 900
    assert np.count_nonzero(thumbnail(frame, CLEAN, None)[..., 0] > 128) < 30, "of the whole frame it is a speck"


NEAR, FAR = (0, 0, 9, 0, 9, 9, 0, 9), (900, 300, 1300, 300, 1300, 600, 900, 600)
CASES: dict[str, tuple[VerdictRecord, Where, Box]] = {
    "the worst by score": (
        replace(CLEAN, defects=(defect(0.8, (0, 0, 40, 40)), defect(0.9, (1000, 500, 1060, 560)))),
        None,
        Box(910, 440, 1150, 620),
    ),
    "the larger of two alike": (
        replace(CLEAN, defects=(defect(0.9, (0, 0, 40, 40)), defect(0.9, (1000, 500, 1060, 560), 99))),
        None,
        Box(910, 440, 1150, 620),
    ),
    "in a corner": (replace(CLEAN, defects=(defect(0.9, (1910, 0, 1920, 10)),)), None, Box(1707, 0, 1920, 160)),
    "as wide as the frame": (
        replace(CLEAN, defects=(defect(0.9, (0, 500, 1920, 510)),)),
        None,
        Box(0, 0, 1920, 1080),
    ),
    "nothing found: what was judged": (CLEAN, Box(400, 160, 800, 560), Box(333, 160, 866, 560)),
    "nothing found: the code nearest to BAD": (
        replace(CLEAN, regions=(found("a", 0.1, NEAR), found("b", 0.4, FAR))),
        (),
        Box(900, 300, 1300, 600),
    ),
    "nothing found or judged": (CLEAN, None, Box(0, 0, 1920, 1080)),
}


@pytest.mark.parametrize(("verdict", "where", "shown"), CASES.values(), ids=CASES)
def test_it_shows(verdict: VerdictRecord, where: Where, shown: Box) -> None:
    assert cut(verdict, where, 1080, 1920) == shown


@given(SIDE, SIDE, st.data())
def test_it_lies_in_the_picture_and_holds_all_of_the_box(height: int, width: int, data: st.DataObject) -> None:
    x0, y0 = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    box = Box(x0, y0, data.draw(st.integers(x0 + 1, width)), data.draw(st.integers(y0 + 1, height)))
    part = around(box, 3, height, width)
    assert 0 <= part.x0 <= box.x0 < box.x1 <= part.x1 <= width
    assert 0 <= part.y0 <= box.y0 < box.y1 <= part.y1 <= height
    whole = part == Box(0, 0, width, height)
    assert whole or abs((part.x1 - part.x0) - (part.y1 - part.y0) * ASPECT) <= 1


def test_it_is_never_wider_than_its_place() -> None:
    assert thumbnail(np.zeros((500, 5000, 3), np.uint8), CLEAN, None).shape[1] == WIDTH_PX
