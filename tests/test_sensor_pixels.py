"""Each pixel format to BGR: the colours are the right ones, packed pixels are unpacked, rows end where they end."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.sources.sensor_pixels import FORMATS, HELD, Converter, PixelError

RED, GREEN, BLUE = 200, 120, 40
PATTERN = {"R": RED, "G": GREEN, "B": BLUE}


def test_a_grey_picture_is_grey() -> None:
    raw = np.arange(48, dtype=np.uint8)
    bgr = Converter().bgr(raw, "Mono8", 8, 6)
    assert bgr.shape == (6, 8, 3) and (bgr == raw.reshape(6, 8)[:, :, None]).all()


@pytest.mark.parametrize("second", ["BayerRG", "BayerGR", "BayerGB", "BayerBG"])
@pytest.mark.parametrize("bits", ["8", "10", "12p", "12Packed"])
def test_an_even_colour_through_a_bayer_pattern_is_that_colour(second: str, bits: str) -> None:
    """A pattern is named by the first two pixels of its first row."""
    first, other = second[-2:]
    row = {"RG": "GB", "GR": "BG", "GB": "RG", "BG": "GR"}[first + other]
    tile = np.array([[PATTERN[first], PATTERN[other]], [PATTERN[row[0]], PATTERN[row[1]]]], np.uint8)
    light = np.tile(tile, (8, 8))
    bgr = Converter().bgr(packed(light, bits), second + bits, 16, 16)
    assert (bgr[4:-4, 4:-4] == (BLUE, GREEN, RED)).all()


@pytest.mark.parametrize(
    ("name", "pixel"),
    [
        ("BGR8", (BLUE, GREEN, RED)),
        ("RGB8", (RED, GREEN, BLUE)),
        ("BGRa8", (BLUE, GREEN, RED, 9)),
        ("RGBa8", (RED, GREEN, BLUE, 9)),
        ("BGR8Packed", (BLUE, GREEN, RED)),
        ("RGB8Packed", (RED, GREEN, BLUE)),
    ],
)
def test_a_colour_picture_keeps_its_colours(name: str, pixel: tuple[int, ...]) -> None:
    raw = np.tile(np.array(pixel, np.uint8), 5 * 4)
    assert (Converter().bgr(raw, name, 5, 4) == (BLUE, GREEN, RED)).all()


@given(
    bits=st.sampled_from(["8", "10", "12", "16", "10p", "12p", "10Packed", "12Packed"]),
    seed=st.integers(0, 2**32 - 1),
    height=st.integers(1, 5),
    fours=st.integers(1, 9),
)
def test_the_upper_eight_bits_of_each_pixel_survive(bits: str, seed: int, height: int, fours: int) -> None:
    width = fours * 4
    light = np.random.default_rng(seed).integers(0, 256, (height, width), np.uint8)
    bgr = Converter().bgr(packed(light, bits, seed), f"Mono{bits}", width, height)
    assert (bgr[:, :, 0] == light).all()


@pytest.mark.parametrize("name", ["Mono8", "BGR8", "Mono12p"])
def test_padding_behind_a_row_is_no_pixel(name: str) -> None:
    row = FORMATS[name].row_bytes(8)
    rows = np.full((4, row + 6), 255, np.uint8)
    rows[:, :row] = 7
    bgr = Converter().bgr(rows.reshape(-1)[:-6], name, 8, 4, padding=6)
    assert bgr.shape == (4, 8, 3) and (bgr == bgr[0, 0]).any() and 255 not in bgr


def test_a_picture_stays_until_as_many_came_as_may_wait() -> None:
    converter = Converter()
    pictures = [converter.bgr(np.full(16, n, np.uint8), "Mono8", 4, 4) for n in range(HELD)]
    assert [int(picture[0, 0, 0]) for picture in pictures] == list(range(HELD))


@pytest.mark.parametrize(
    ("raw", "name", "words"),
    [(np.zeros(15, np.uint8), "Mono8", "15 bytes"), (np.zeros(99, np.uint8), "Coord3D_C16", "control.pixel_format")],
    ids=["too short", "unknown"],
)
def test_what_cannot_be_read_is_said(raw: np.ndarray, name: str, words: str) -> None:
    with pytest.raises(PixelError, match=words):
        Converter().bgr(raw, name, 4, 4)


def packed(light: np.ndarray, bits: str, seed: int = 0) -> np.ndarray:
    """The picture as a camera sends it; the bits below the upper eight are noise."""
    if bits == "8":
        return light.reshape(-1)
    depth = int(bits.rstrip("pPacked"))
    noise = np.random.default_rng(seed).integers(0, 1 << (depth - 8), light.shape)
    pixels = (light.astype(np.int64) << (depth - 8)) | noise
    if bits.endswith("Packed"):
        pairs = pixels.reshape(-1, 2)
        low = depth - 8
        middle = (pairs[:, 0] & ((1 << low) - 1)) | ((pairs[:, 1] & ((1 << low) - 1)) << 4)
        return np.stack([pairs[:, 0] >> low, middle, pairs[:, 1] >> low], axis=1).astype(np.uint8).reshape(-1)
    if bits.endswith("p"):
        each = (pixels.reshape(-1, 1) >> np.arange(depth)) & 1
        return np.packbits(each.astype(np.uint8).reshape(-1), bitorder="little")
    return pixels.astype("<u2").reshape(-1).view(np.uint8)
