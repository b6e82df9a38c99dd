"""Pictures become network inputs as the reference pipeline makes them, and maps come back to where they belong."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from detector.colour import to_bgr
from detector.errors import PictureError
from detector.preprocess import content, network_input, network_picture, network_scale, normalised, to_picture
from detector.refusals import why_blind, why_region_refused, why_size_refused
from detector.stages import REFERENCE_CLASSIFIER, REFERENCE_SEGMENTER, InputSpec
from detector.verdict import Box
from tests.pictures import grey, noisy, with_red

STRETCH, PAD = REFERENCE_CLASSIFIER.input, REFERENCE_SEGMENTER.input
SMALL_PAD = InputSpec(64, 64, "pad", "bicubic", 1 / 255, (0.0,) * 3, (1.0,) * 3)
SMALL_STRETCH = InputSpec(48, 64, "stretch", "bilinear", 1 / 255, (0.0,) * 3, (1.0,) * 3)
SIDES = st.integers(8, 90)


def reference_stretch(picture: np.ndarray, spec: InputSpec) -> np.ndarray:
    """(h, w, 3) RGB, as the reference does it."""
    rgb = Image.fromarray(picture[:, :, ::-1].copy())
    return np.asarray(rgb.resize((spec.width, spec.height), Image.Resampling.BILINEAR))


def reference_pad(picture: np.ndarray, spec: InputSpec) -> np.ndarray:
    """(h, w, 3) RGB, as the reference does it: the whole square in memory first."""
    height, width = picture.shape[:2]
    side = max(height, width)
    square = Image.new("RGB", (side, side))
    square.paste(Image.fromarray(picture[:, :, ::-1].copy()), ((side - width) // 2, (side - height) // 2))
    return np.asarray(square.resize((spec.width, spec.height)))  # PIL's default filter, on purpose


# height x width: smaller and larger than the network, odd, its very size, one side its size, 1080p both ways
SIZES = [(97, 331), (331, 97), (100, 100), (384, 384), (384, 200), (150, 384), (385, 383), (1080, 1920), (1920, 1080)]
SIZES += [(2000, 101), (9, 170), (224, 224), (224, 300)]


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_padding_gives_the_very_pixels_of_the_reference(height: int, width: int) -> None:
    picture = noisy(height, width)
    assert np.array_equal(network_picture(picture, PAD)[:, :, ::-1], reference_pad(picture, PAD))


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_stretching_gives_the_very_pixels_of_the_reference(height: int, width: int) -> None:
    picture = noisy(height, width)
    assert np.array_equal(network_picture(picture, STRETCH)[:, :, ::-1], reference_stretch(picture, STRETCH))


@given(SIDES, SIDES, st.integers(0, 9))
def test_padding_is_the_reference_at_any_size(height: int, width: int, seed: int) -> None:
    picture = noisy(height, width, seed)
    assert np.array_equal(network_picture(picture, SMALL_PAD)[:, :, ::-1], reference_pad(picture, SMALL_PAD))


def test_a_region_of_a_frame_is_resized_as_if_it_were_a_picture() -> None:
    frame = noisy(300, 400)
    cut = frame[37:250, 11:333]
    for spec in (STRETCH, PAD):
        assert np.array_equal(network_input(cut, spec), network_input(cut.copy(), spec))


def test_the_input_is_rgb_planes_normalised() -> None:
    picture = grey(50, 60)
    picture[:] = (10, 100, 200)  # blue, green, red
    batch = network_input(picture, STRETCH)
    assert batch.shape == (1, 3, 224, 224)
    assert batch.dtype == np.float32
    assert batch.flags.c_contiguous
    expected = (np.array([200, 100, 10]) / 255 - STRETCH.mean) / np.array(STRETCH.std)
    assert batch[0, :, 0, 0] == pytest.approx(expected, abs=1e-6)
    assert batch[0, :, -1, -1] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("spec", [STRETCH, replace(STRETCH, scale=1.0, mean=(127.0,) * 3, std=(128.0,) * 3), PAD])
def test_every_value_of_every_channel_is_what_the_reference_reckons_to_the_last_bit(spec: InputSpec) -> None:
    small = np.arange(256, dtype=np.uint8)[:, None, None] + np.array([0, 85, 170], np.uint8)  # wraps
    planes = small[:, :, ::-1].transpose(2, 0, 1).astype(np.float32) / np.float32(1 / spec.scale)
    planes = (planes - np.array(spec.mean, np.float32)[:, None, None]) / np.array(spec.std, np.float32)[:, None, None]
    assert np.array_equal(normalised(small, spec)[0], planes)


@given(SIDES, SIDES)
def test_padding_lies_outside_the_content_and_is_black(height: int, width: int) -> None:
    inside = content(height, width, SMALL_PAD)
    network = network_picture(grey(height, width, 255), SMALL_PAD)
    assert (inside.x1 - inside.x0) * height == pytest.approx((inside.y1 - inside.y0) * width)  # aspect kept
    reach = 2 * max(1.0, 64 / max(height, width)) + 1  # how far the bicubic filter looks, in network pixels
    ys, xs = np.nonzero(network.max(axis=2))
    assert xs.min() >= inside.x0 - reach
    assert xs.max() < inside.x1 + reach
    assert ys.min() >= inside.y0 - reach
    assert ys.max() < inside.y1 + reach


@pytest.mark.parametrize("spec", [SMALL_PAD, SMALL_STRETCH], ids=["pad", "stretch"])
@given(height=st.integers(20, 200), width=st.integers(20, 200), across=st.floats(0, 1), down=st.floats(0, 1))
def test_what_is_marked_comes_back_to_where_it_was(
    spec: InputSpec, height: int, width: int, across: float, down: float
) -> None:
    side = min(max(8, max(height, width) // 8), height, width)
    x0, y0 = int(across * (width - side)), int(down * (height - side))
    picture = with_red(grey(height, width, 0), Box(x0, y0, x0 + side, y0 + side))
    network_map = network_input(picture, spec)[0, 0]
    back = to_picture(network_map, height, width, spec)
    assert back.shape == (height, width)
    ys, xs = np.nonzero(back > 0.5)
    pixel = max(height / spec.height, width / spec.width, 1.0)  # a network pixel, in the picture's
    assert abs(xs.mean() - (x0 + (side - 1) / 2)) <= pixel
    assert abs(ys.mean() - (y0 + (side - 1) / 2)) <= pixel


@given(SIDES, SIDES, st.sampled_from([SMALL_PAD, SMALL_STRETCH]))
def test_a_map_that_is_one_everywhere_is_one_everywhere_in_the_picture(
    height: int, width: int, spec: InputSpec
) -> None:
    back = to_picture(np.ones((spec.height, spec.width), np.float32), height, width, spec)
    assert back.shape == (height, width)
    assert back == pytest.approx(1.0, abs=1e-6)


def test_the_scale_is_that_of_the_side_that_shrinks_more() -> None:
    assert network_scale(1080, 1920, STRETCH) == pytest.approx(224 / 1920)
    assert network_scale(1080, 1920, PAD) == pytest.approx(384 / 1920)
    assert network_scale(192, 100, PAD) == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("picture", "level"),
    [
        (np.full((9, 9), 77, np.uint8), 77),
        (np.full((9, 9, 1), 77, np.uint8), 77),
        (np.full((9, 9, 4), 77, np.uint8), 77),
        (np.full((9, 9), 77 * 257, np.uint16), 77),
        (np.full((9, 9, 3), 77 * 257 + 128, np.uint16), 77),
        (np.full((9, 9, 3), 77 * 257 + 129, np.uint16), 78),
        (np.full((9, 9), 65535, np.uint16), 255),
        (np.full((9, 9), 77 / 255, np.float32), 77),
        (np.ones((9, 9), bool), 255),
    ],
    ids=["grey", "one channel", "alpha", "16 bit", "rounds down", "rounds up", "16-bit white", "float", "bool"],
)
def test_any_depth_and_channel_count_becomes_bgr(picture: np.ndarray, level: int) -> None:
    bgr = to_bgr(picture)
    assert bgr.shape == (9, 9, 3)
    assert bgr.dtype == np.uint8
    assert (bgr == level).all()


def test_bgr_is_handed_on_as_it_is() -> None:
    picture = noisy(20, 30)
    assert to_bgr(picture) is picture or np.shares_memory(to_bgr(picture), picture)


@pytest.mark.parametrize(
    ("picture", "reason"),
    [
        (np.zeros((9,), np.uint8), "shape 9 is no picture"),
        (np.zeros((9, 9, 2), np.uint8), "shape 9x9x2 is no picture"),
        (np.zeros((0, 9, 3), np.uint8), "shape 0x9x3 is no picture"),
        (np.zeros((9, 9), np.int64), "pixels of type int64"),
        (np.full((9, 9), np.nan), "not all finite"),
        (np.full((9, 9), 3.5), "3.5..3.5; 0..1 is wanted"),
        (None, "got NoneType"),
    ],
    ids=["a row", "two channels", "empty", "int64", "nan", "out of range", "nothing"],
)
def test_what_is_no_picture_is_refused_with_its_reason(picture: np.ndarray, reason: str) -> None:
    with pytest.raises(PictureError, match=reason):
        to_bgr(picture)


@pytest.mark.parametrize(
    ("height", "width", "reason"),
    [
        (1, 1, "1x1 px is too small"),
        (10, 10_000, "10000x10 px is too long"),
        (10_000, 10_001, "too large"),
        (7, 100, "too small"),
        (1080, 1920, None),
        (8, 160, None),
    ],
)
def test_sizes_that_cannot_be_judged_are_refused(height: int, width: int, reason: str | None) -> None:
    refused = why_size_refused(height, width)
    assert (refused is None) if reason is None else (refused and reason in refused)


@pytest.mark.parametrize(
    ("box", "reason"),
    [
        (Box(0, 0, 160, 120), None),
        (Box(-1, 0, 100, 100), "lies outside the picture of 160x120 px"),
        (Box(0, 0, 161, 100), "lies outside"),
        (Box(50, 50, 50, 90), "is empty"),
        (Box(90, 50, 50, 90), "is empty"),
        (Box(0, 0, 4, 4), "too small"),
    ],
)
def test_regions_that_cannot_be_judged_are_refused(box: Box, reason: str | None) -> None:
    refused = why_region_refused(grey(120, 160), box)
    assert (refused is None) if reason is None else (refused and reason in refused)


@pytest.mark.parametrize(
    ("picture", "reason"),
    [
        (grey(level=0), "black"),
        (grey(level=16), "black"),
        (grey(level=17), None),
        (grey(level=255), "burnt out"),
        (grey(level=249), None),
        (with_red(grey(level=0), Box(0, 0, 9, 9)), "black"),  # 81 of 19,200 pixels
        (with_red(grey(level=0), Box(0, 0, 12, 12)), None),
        (noisy(120, 160), None),
        (grey(1080, 1920, 3), "black"),
    ],
    ids=["black", "as dark", "dark", "white", "bright", "a lit speck", "a lit spot", "detail", "large"],
)
def test_pictures_in_which_nothing_is_seen_are_refused(picture: np.ndarray, reason: str | None) -> None:
    refused = why_blind(picture)
    assert (refused is None) if reason is None else (refused and reason in refused)


@settings(max_examples=30)
@given(st.integers(0, 255))
def test_a_plain_picture_is_blind_only_at_the_ends(level: int) -> None:
    assert (why_blind(grey(level=level)) is None) == (16 < level < 250)
