"""Frames with regions: each judged by itself, the frame's verdict from theirs, the mask in the frame's own pixels."""

from __future__ import annotations

import itertools
import time
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.by_region import RegionJudge, worst
from detector.cascade import Cascade
from detector.opening import open_cascade
from detector.regions import Locate, Point, Region, Tiles
from detector.verdict import Box, RegionVerdict, State, Verdict
from tests.pictures import TINY_BUNDLE, grey, with_red

LEFT = Region("left", box=Box(0, 0, 200, 200))
RIGHT = Region("right", box=Box(300, 100, 500, 300))
SLANTED = Region("slanted", polygon=(Point(100, 20), Point(300, 60), Point(280, 260), Point(60, 200)))
TILED = Region("tiled", tiles=Tiles(size=160, overlap=40))
CODE = Region("code", locate=Locate(length=160))
GOOD, BAD, UNKNOWN = State.GOOD, State.BAD, State.UNKNOWN


@pytest.fixture(scope="module")
def cascade() -> Cascade:
    return open_cascade(bundle=TINY_BUNDLE, clock=time.perf_counter)


@pytest.fixture(scope="module")
def judge(cascade: Cascade) -> RegionJudge:
    return RegionJudge(cascade, time.perf_counter)


def states(verdict: Verdict) -> dict[str, str]:
    return {one.name: one.state.value for one in verdict.regions}


def with_code(angle_deg: float, *, red: bool = False) -> np.ndarray:
    """(480, 640, 3): a light plate on a dark belt with a code of 160 px printed on it, at that angle."""
    picture = np.full((480, 640, 3), 60, np.uint8)
    cv2.rectangle(picture, (160, 80), (480, 400), (225, 225, 225), cv2.FILLED)
    sheet = np.zeros((480, 640), np.uint8)
    cv2.putText(sheet, "69T0", (240, 262), cv2.FONT_HERSHEY_SIMPLEX, 2.0, 255, 8)
    turn = cv2.getRotationMatrix2D((320.0, 240.0), -angle_deg, 1.0)
    picture[cv2.warpAffine(sheet, turn, (640, 480)) > 127] = 30
    if red:
        cv2.circle(picture, (320, 240), 12, (0, 0, 255), cv2.FILLED)
    return picture


# --- the frame's verdict ---


@pytest.mark.parametrize(
    ("of_regions", "of_frame"),
    [("GG", GOOD), ("GB", BAD), ("UB", BAD), ("GU", UNKNOWN), ("UU", UNKNOWN), ("", UNKNOWN)],
)
def test_a_frame_is_as_its_worst_region(of_regions: str, of_frame: State) -> None:
    by_letter = {state.value[0]: state for state in State}
    assert worst([RegionVerdict("r", by_letter[letter], None) for letter in of_regions]) is of_frame


def test_without_regions_the_verdict_is_the_cascades_own(cascade: Cascade, judge: RegionJudge) -> None:
    frame = with_red(grey(240, 320), Box(40, 40, 80, 80))
    for where in (None, Box(0, 0, 200, 200), Box(0, 0, 900, 900)):
        ours, theirs = judge.judge(frame, where), cascade.judge(frame, where)
        assert replace(ours, times=theirs.times) == theirs
        assert (ours.mask is None) == (theirs.mask is None)


def test_what_is_bad_in_one_region_alone_is_marked_and_named(judge: RegionJudge) -> None:
    frame = with_red(grey(480, 640), Box(350, 150, 400, 190), Box(560, 400, 620, 460))
    verdict = judge.judge(frame, (LEFT, RIGHT))
    assert verdict.state is BAD
    assert states(verdict) == {"left": "GOOD", "right": "BAD"}
    assert verdict.score == max(one.score for one in verdict.regions if one.score is not None)
    assert verdict.reason == "BAD in right"
    (defect,) = verdict.defects
    assert defect.region == "right"
    assert abs(defect.box.x0 - 350) <= 4
    assert verdict.mask is not None
    assert verdict.mask.shape == (480, 640)
    assert not verdict.mask[300:].any(), "outside every region nothing is judged"
    assert len(verdict.mask_sha256) == 64


def test_a_region_outside_the_picture_is_unknown_and_so_is_the_frame(judge: RegionJudge) -> None:
    verdict = judge.judge(grey(480, 640), (LEFT, Region("far", box=Box(600, 0, 700, 100))))
    assert (verdict.state, verdict.score, verdict.mask) == (UNKNOWN, None, None)
    assert states(verdict) == {"left": "GOOD", "far": "UNKNOWN"}
    assert verdict.reason == "far: region 600,0,700,100 lies outside the picture of 640x480 px"


def test_bad_stands_before_unknown(judge: RegionJudge) -> None:
    frame = with_red(grey(480, 640), Box(50, 50, 90, 90))
    verdict = judge.judge(frame, (LEFT, Region("far", box=Box(600, 0, 700, 100))))
    assert verdict.state is BAD
    assert verdict.reason is not None
    assert verdict.reason.startswith("BAD in left; far: region 600")


def test_what_is_no_picture_is_unknown(judge: RegionJudge) -> None:
    assert judge.judge(np.zeros((4, 4), np.complex64), (LEFT,)).state is UNKNOWN


@pytest.mark.parametrize("region", [LEFT, SLANTED, TILED, CODE], ids=lambda region: region.name)
def test_a_black_region_is_unknown_whatever_is_around_it(region: Region, judge: RegionJudge) -> None:
    where = Region(CODE.name, locate=replace(CODE.locate, when_missing="good")) if region is CODE else region
    black = np.zeros((480, 640, 3), np.uint8)
    assert judge.judge(black, (where,)).state is UNKNOWN


def test_the_segmenter_sees_bad_views_alone(cascade: Cascade) -> None:
    frame = with_red(grey(480, 640), Box(10, 10, 60, 60))
    verdict = RegionJudge(cascade, itertools.count().__next__).judge(frame, (TILED,))
    assert verdict.state is BAD
    one = cascade.judge(frame, Box(0, 0, 160, 160))
    assert verdict.times.segment_ms > 0
    assert one.score == verdict.score


def test_it_says_that_it_lives_before_each_view(cascade: Cascade) -> None:
    beats: list[int] = []
    RegionJudge(cascade, time.perf_counter, lambda: beats.append(1)).judge(grey(480, 640), (LEFT, TILED))
    assert len(beats) == 1 + 5 * 4


# --- polygons ---


def test_a_defect_outside_a_polygon_is_none_though_it_lies_in_its_box(judge: RegionJudge) -> None:
    assert judge.judge(with_red(grey(480, 640), Box(60, 20, 90, 50)), (SLANTED,)).state is GOOD
    inside = judge.judge(with_red(grey(480, 640), Box(150, 120, 190, 160)), (SLANTED,))
    assert inside.state is BAD
    (defect,) = inside.defects
    assert abs(defect.box.x0 - 150) <= 5


def test_what_crosses_a_polygons_edge_is_marked_within_it_alone(judge: RegionJudge) -> None:
    right = Region("r", polygon=(Point(200, 0), Point(400, 0), Point(400, 300), Point(200, 300)))
    verdict = judge.judge(with_red(grey(480, 640), Box(150, 100, 260, 150)), (right,))
    assert verdict.mask is not None
    assert not verdict.mask[:, :200].any()
    assert verdict.mask[110:140, 205:250].all()


# --- tiles ---


def test_one_defect_across_tiles_is_one_defect(judge: RegionJudge) -> None:
    frame = with_red(grey(480, 640), Box(60, 200, 600, 212))
    verdict = judge.judge(frame, (TILED,))
    assert verdict.state is BAD
    (defect,) = verdict.defects
    assert (defect.box.x0, defect.box.x1) == pytest.approx((60, 600), abs=4)
    assert defect.length_px == pytest.approx(540, abs=8)


@settings(max_examples=15)
@given(x=st.integers(0, 590), y=st.integers(0, 430))
def test_tiles_find_a_small_defect_wherever_it_lies(judge: RegionJudge, x: int, y: int) -> None:
    verdict = judge.judge(with_red(grey(480, 640), Box(x, y, x + 12, y + 12)), (TILED,))
    (defect,) = verdict.defects
    assert abs(defect.box.x0 - x) <= 3
    assert abs(defect.box.y0 - y) <= 3


def test_a_line_scan_picture_is_judged_in_tiles_though_it_is_too_long_as_a_whole(judge: RegionJudge) -> None:
    long = with_red(grey(100, 3000), Box(2900, 40, 2920, 60))
    assert judge.judge(long, None).state is UNKNOWN
    verdict = judge.judge(long, (Region("web", tiles=Tiles(size=160, overlap=32)),))
    assert verdict.state is BAD
    assert [defect.box.x0 for defect in verdict.defects] == [pytest.approx(2900, abs=3)]


def test_a_mask_is_followed_into_a_tile_that_was_judged_good() -> None:
    lenient = open_cascade(bundle=TINY_BUNDLE, clock=time.perf_counter, segmenter_threshold=0.02)
    frame = grey(160, 520)
    frame[70:80, 20:500] = (128, 128, 180)  # a faint line, GOOD by itself, marked with this threshold
    judge = RegionJudge(lenient, time.perf_counter)
    tiled = Region("tiled", tiles=Tiles(size=160, overlap=40))
    assert judge.judge(frame, (tiled,)).state is GOOD
    frame[60:90, 60:90] = (0, 0, 255)  # the first tile is BAD
    verdict = judge.judge(frame, (tiled,))
    (defect,) = verdict.defects
    assert (defect.box.x0, defect.box.x1) == pytest.approx((20, 500), abs=6)


# --- locate ---


@pytest.mark.parametrize("angle_deg", [0.0, 33.0, 90.0, -71.0, 180.0])
def test_a_code_is_found_and_its_defect_marked_in_the_frame(angle_deg: float, judge: RegionJudge) -> None:
    assert judge.judge(with_code(angle_deg), (CODE,)).state is GOOD
    verdict = judge.judge(with_code(angle_deg, red=True), (CODE,))
    assert verdict.state is BAD
    (defect,) = verdict.defects
    assert defect.box.x0 == pytest.approx(308, abs=6)
    assert defect.box.y1 == pytest.approx(252, abs=6)
    (one,) = verdict.regions
    (quad,) = one.found
    assert np.mean(quad, axis=0) == pytest.approx((320, 240), abs=12)


def test_a_part_without_a_code_is_unknown_also_where_an_empty_belt_is_good(judge: RegionJudge) -> None:
    bare, empty = with_code(0), np.full((480, 640, 3), 60, np.uint8)
    cv2.rectangle(bare, (170, 90), (470, 390), (225, 225, 225), cv2.FILLED)
    lenient = Region("code", locate=Locate(length=160, when_missing="good"))
    for where, picture, state in (
        (CODE, bare, UNKNOWN),
        (CODE, empty, UNKNOWN),
        (lenient, bare, UNKNOWN),
        (lenient, empty, GOOD),
    ):
        verdict = judge.judge(picture, (where,))
        assert verdict.state is state
        assert (verdict.reason is None) == (state is GOOD)


def test_a_code_that_is_not_found_beside_one_that_is_does_not_pass(judge: RegionJudge) -> None:
    sheet = np.full((480, 900, 3), 225, np.uint8)
    for x in (40, 500):
        cv2.putText(sheet, "69T0", (x, 240), cv2.FONT_HERSHEY_SIMPLEX, 2.0, (30, 30, 30), 8)
    two = Region("code", locate=Locate(length=160, count=2))
    assert judge.judge(sheet, (two,)).state is not UNKNOWN
    sheet[150:300, 450:] = 225
    verdict = judge.judge(sheet, (two,))
    assert (verdict.state, verdict.reason) == (UNKNOWN, "code: 1 of 2 printed codes found in 0,0,900,480")


def test_more_codes_than_can_be_are_unknown(judge: RegionJudge) -> None:
    sheet = np.full((900, 900, 3), 225, np.uint8)
    for place in range(9):
        at = (20 + place % 3 * 300, 150 + place // 3 * 300)
        cv2.putText(sheet, "69T0", at, cv2.FONT_HERSHEY_SIMPLEX, 2.0, (30, 30, 30), 8)
    verdict = judge.judge(sheet, (CODE,))
    assert verdict.reason == "code: 9 printed codes found in one area, 8 are the most"


# --- exactness ---


def test_the_same_frame_gives_the_same_verdict_to_the_last_bit(judge: RegionJudge) -> None:
    where = (SLANTED, TILED, CODE)
    one, other = (judge.judge(with_code(20, red=True), where) for _ in range(2))
    assert replace(one, times=other.times) == other
    assert one.mask is not None
    assert other.mask is not None
    assert (one.mask == other.mask).all()


def test_the_hash_of_the_mask_knows_where_it_lies(judge: RegionJudge) -> None:
    frame = np.full((400, 400, 3), (0, 0, 200), np.uint8)
    one = judge.judge(frame, (Region("a", box=Box(0, 0, 100, 100)),))
    other = judge.judge(frame, (Region("a", box=Box(100, 0, 200, 100)),))
    assert one.mask_sha256 != other.mask_sha256
