"""The arithmetic of scores: areas under curves, calibration, pixels, curves, defects."""

from __future__ import annotations

import itertools
import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tools.curves import histogram, precision_recall, reliability, roc
from tools.defect_recall import CONTRASTS, SIZES_PX, Piece, by_contrast, by_kind, by_size, pieces
from tools.measures import (
    Pixels,
    auroc,
    average_precision,
    counts,
    expected_calibration_error,
    least_loss,
    pixels,
)

LEVELS = st.sampled_from([0.0, 0.1, 0.3, 0.5, 0.5000001, 0.9, 1.0])  # few, so that ties are common
SCORED = st.lists(st.tuples(LEVELS, st.booleans(), st.integers(0, 3)), min_size=1, max_size=40)


def columns(rows: list[tuple[float, bool, int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    score, truth, weight = zip(*rows, strict=True)
    return np.array(score), np.array(truth), np.array(weight, float)


def repeated(rows: list[tuple[float, bool, int]]) -> tuple[np.ndarray, np.ndarray]:
    """Each row as often as its weight says."""
    score, truth, weight = columns(rows)
    return np.repeat(score, weight.astype(int)), np.repeat(truth, weight.astype(int))


# Areas.


@given(SCORED)
def test_auroc_is_the_share_of_pairs_in_the_right_order(rows) -> None:
    score, truth, _ = columns(rows)
    pairs = list(itertools.product(score[truth], score[~truth]))
    if not pairs:
        assert math.isnan(auroc(score, truth))
        return
    ordered = sum(1.0 if bad > good else 0.5 if bad == good else 0.0 for bad, good in pairs)
    assert auroc(score, truth) == pytest.approx(ordered / len(pairs))


@given(SCORED)
def test_average_precision_sums_precision_over_steps_of_recall(rows) -> None:
    score, truth, _ = columns(rows)
    area, before = 0.0, 0.0
    for threshold in sorted(set(score), reverse=True):
        found = counts(score >= threshold, truth)
        area += (found.recall - before) * found.precision
        before = found.recall
    assert average_precision(score, truth) == pytest.approx(area)


@given(SCORED, st.randoms())
def test_the_order_of_pictures_does_not_matter(rows, rng) -> None:
    shuffled = rows.copy()
    rng.shuffle(shuffled)
    for measure in (auroc, average_precision, expected_calibration_error):
        one, other = (measure(*columns(some)[:2]) for some in (rows, shuffled))
        assert one == pytest.approx(other, nan_ok=True)


@given(SCORED)
def test_a_weight_is_as_good_as_a_repetition(rows) -> None:
    score, truth, weight = columns(rows)
    if weight.sum() == 0:
        return
    often = repeated(rows)
    for measure in (auroc, average_precision, expected_calibration_error):
        assert measure(score, truth, weight=weight) == pytest.approx(measure(*often), nan_ok=True)


@pytest.mark.parametrize(
    ("score", "truth", "area"),
    [
        pytest.param([0.9, 0.8, 0.2, 0.1], [1, 1, 0, 0], 1.0, id="all apart"),
        pytest.param([0.1, 0.2, 0.8, 0.9], [1, 1, 0, 0], 0.0, id="all the wrong way"),
        pytest.param([0.5, 0.5, 0.5, 0.5], [1, 1, 0, 0], 0.5, id="all alike"),
        pytest.param([0.9, 0.3, 0.5, 0.1], [1, 1, 0, 0], 0.75, id="one pair wrong"),
    ],
)
def test_auroc_of_a_known_case(score, truth, area: float) -> None:
    assert auroc(np.array(score), np.array(truth)) == area


# Curves.


@given(SCORED)
def test_a_curve_passes_through_the_counts_at_each_of_its_thresholds(rows) -> None:
    score, truth, _ = columns(rows)
    if truth.all() or not truth.any():
        return
    recalls = precision_recall(score, truth)
    for recall, precision, threshold in zip(recalls.x, recalls.y, recalls.threshold, strict=True):
        found = counts(score >= threshold, truth)
        assert (recall, precision) == pytest.approx((found.recall, found.precision))
    curve = roc(score, truth)
    assert np.trapezoid(curve.y, curve.x) == pytest.approx(auroc(score, truth))
    assert (curve.x[0], curve.y[0], curve.x[-1], curve.y[-1]) == (0, 0, 1, 1)


@given(SCORED)
def test_every_picture_is_in_one_bin(rows) -> None:
    score, truth, _ = columns(rows)
    for bins in (reliability(score, truth), histogram(score, truth)):
        assert sum(one.count for one in bins) == len(rows)
        assert sum(one.bad for one in bins) == truth.sum()


# Pixels.


def test_pixels_of_a_known_case() -> None:
    called, truth = np.zeros((4, 5)), np.zeros((4, 5))
    called[0, :4] = 1
    truth[0, 2:] = 1
    found = pixels(called, truth)
    assert found == Pixels(hits=2, called=4, marked=3, area=20) and found.iou == 2 / 5
    assert found + Pixels(1, 1, 1, 5) == Pixels(3, 5, 4, 25)
    assert math.isnan(Pixels().iou)


# Defects.


def picture_with(*strokes: tuple[slice, slice, int]) -> tuple[np.ndarray, np.ndarray]:
    """A grey picture of level 100 and its mask, with strokes of other levels."""
    picture, mask = np.full((60, 80, 3), 100, np.uint8), np.zeros((60, 80), np.uint8)
    for rows, cols, level in strokes:
        picture[rows, cols] = level
        mask[rows, cols] = 1
    return picture, mask


def test_each_piece_has_its_size_and_its_contrast_to_what_surrounds_it() -> None:
    picture, mask = picture_with((slice(10, 12), slice(10, 50), 151), (slice(30, 40), slice(10, 20), 49))
    first, second = pieces(picture, mask, None, "g", "scuff")
    assert (first.area_px, second.area_px) == (80, 100)
    assert first.contrast == pytest.approx(51 / 255) and second.contrast == pytest.approx(51 / 255)
    assert (first.found, first.group, first.kind) == (False, "g", "scuff")


def test_a_piece_is_found_where_the_judged_mask_touches_it() -> None:
    picture, mask = picture_with((slice(10, 12), slice(10, 50), 151), (slice(30, 40), slice(10, 20), 49))
    judged = np.zeros_like(mask)
    judged[11, 49:60] = 1
    assert [piece.found for piece in pieces(picture, mask, judged, "g", "")] == [True, False]
    assert [piece.found for piece in pieces(picture, mask, np.zeros_like(mask), "g", "")] == [False, False]


def test_the_ring_leaves_out_other_defects_and_the_edge_of_the_picture() -> None:
    picture, mask = picture_with((slice(0, 6), slice(0, 6), 151), (slice(0, 6), slice(8, 60), 250))
    assert pieces(picture, mask, None, "g", "")[0].contrast == pytest.approx(51 / 255)


def test_a_defect_that_fills_the_picture_has_no_contrast_and_is_in_no_class_of_it() -> None:
    picture = np.full((20, 20, 3), 90, np.uint8)
    (piece,) = pieces(picture, np.ones((20, 20), np.uint8), None, "g", "")
    assert math.isnan(piece.contrast)
    assert sum(row.found.total for row in by_contrast([piece])) == 0
    assert sum(row.found.total for row in by_size([piece])) == 1


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(1, 3000), st.floats(0, 1), st.booleans()), max_size=30))
def test_every_defect_is_in_one_class_of_size_and_one_of_contrast(rows) -> None:
    every = [Piece(area, contrast, found, f"{i // 2}") for i, (area, contrast, found) in enumerate(rows)]
    for table, classes in ((by_size(every), SIZES_PX), (by_contrast(every), CONTRASTS)):
        assert len(table) == len(classes)
        assert sum(row.found.total for row in table) == len(every)
        assert sum(row.found.hits for row in table) == sum(piece.found for piece in every)


def test_recall_by_kind_leaves_out_what_has_no_kind() -> None:
    rows = by_kind(["scuff", "", "chip", "scuff"], [True, True, False, False], ["a", "b", "c", "d"])
    assert [(row.name, row.found.hits, row.found.total) for row in rows] == [("chip", 0, 1), ("scuff", 1, 2)]


def test_the_pieces_are_those_that_opencv_connects_by_corners() -> None:
    picture, mask = picture_with((slice(5, 6), slice(5, 6), 200), (slice(6, 7), slice(6, 7), 200))
    assert len(pieces(picture, mask, None, "g", "")) == cv2.connectedComponents(mask, connectivity=8)[0] - 1 == 1


# What a network is kept for.


def test_a_network_is_kept_for_what_it_knows_not_for_how_loudly_it_says_so() -> None:
    chance = np.random.default_rng(3)
    truth = np.arange(300) % 5 == 0
    knows = chance.normal(np.where(truth, 1.5, -1.5), 1.5)
    rather_less = chance.normal(np.where(truth, 1.0, -1.0), 1.5)
    assert least_loss(4 * knows + 9, truth) == pytest.approx(least_loss(knows, truth), abs=0.01)
    assert least_loss(4 * knows + 9, truth) < least_loss(rather_less, truth) < math.log(2)


def test_margins_that_say_nothing_lose_what_a_guess_loses() -> None:
    truth = np.arange(10) < 3
    assert least_loss(np.zeros(10), truth) == pytest.approx(math.log(2))
