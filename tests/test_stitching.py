"""Tiles cover what they are cut of, and put together again they give it back."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.stitching import Piece, count, cut, leads_into, stitch
from detector.verdict import Box

BOXES = st.builds(
    lambda x, y, w, h: Box(x, y, x + w, y + h),
    st.integers(0, 50),
    st.integers(0, 50),
    st.integers(1, 300),
    st.integers(1, 300),
)
SIZES = st.integers(8, 200).flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size - 1)))


@settings(max_examples=60)
@given(box=BOXES, sizes=SIZES)
def test_tiles_cover_every_pixel_and_no_other(box: Box, sizes: tuple[int, int]) -> None:
    size, overlap = sizes[0], min(sizes[1], sizes[0] - 4)
    seen = np.zeros((400, 400), np.int32)
    tiles = cut(box, size, overlap)
    for tile in tiles:
        assert (tile.width, tile.height) == (min(size, box.width), min(size, box.height))
        seen[tile.y0 : tile.y1, tile.x0 : tile.x1] += 1
    assert seen[box.y0 : box.y1, box.x0 : box.x1].min() >= 1
    assert np.count_nonzero(seen) == box.width * box.height
    assert len(tiles) == count(box, size, overlap) == len(set(tiles))


@settings(max_examples=60)
@given(box=BOXES, sizes=SIZES)
def test_neighbours_have_at_least_the_overlap_in_common(box: Box, sizes: tuple[int, int]) -> None:
    size, overlap = sizes[0], min(sizes[1], sizes[0] - 4)
    columns = sorted({tile.x0 for tile in cut(box, size, overlap)})
    for one, other in pairwise(columns):
        assert one + size - other >= overlap


@settings(max_examples=40)
@given(box=BOXES, sizes=SIZES, seed=st.integers(0, 99))
def test_what_was_cut_and_stitched_is_the_same_again(box: Box, sizes: tuple[int, int], seed: int) -> None:
    size, overlap = sizes[0], min(sizes[1], sizes[0] - 4)
    whole = np.random.default_rng(seed).random((400, 400), np.float32)
    pieces = [Piece(tile, whole[tile.y0 : tile.y1, tile.x0 : tile.x1], 0) for tile in cut(box, size, overlap)]
    stitched = stitch(pieces)
    assert stitched.box == box
    assert (stitched.probability == whole[box.y0 : box.y1, box.x0 : box.x1]).all()
    assert (stitched.owners == 0).all()


@settings(max_examples=40)
@given(first=BOXES, second=BOXES, seed=st.integers(0, 99))
def test_where_pieces_overlap_the_highest_stands_and_is_its_owners(first: Box, second: Box, seed: int) -> None:
    rng = np.random.default_rng(seed)
    pieces = [Piece(box, rng.random((box.height, box.width), np.float32), n) for n, box in enumerate((first, second))]
    canvases = np.full((2, 400, 400), -1.0, np.float32)
    for piece in pieces:
        at = piece.box
        canvases[piece.owner, at.y0 : at.y1, at.x0 : at.x1] = piece.probability
    stitched, box = stitch(pieces), stitch(pieces).box
    window = np.s_[box.y0 : box.y1, box.x0 : box.x1]
    highest = canvases.max(axis=0)[window]
    assert (stitched.probability == np.maximum(highest, 0)).all()
    assert (stitched.owners == np.where(highest < 0, -1, canvases.argmax(axis=0)[window])).all()


@pytest.mark.parametrize(
    ("mark", "box", "leads"),
    [
        ((49, 20), Box(40, 0, 90, 50), True),
        ((49, 20), Box(50, 0, 90, 50), True),  # they only touch
        ((49, 20), Box(51, 0, 90, 50), False),
        ((49, 20), Box(40, 30, 90, 80), False),  # beside it, lower
        ((48, 20), Box(40, 0, 90, 50), False),  # not at the edge
        ((49, 20), Box(0, 0, 50, 50), False),  # goes no further
        ((0, 20), Box(40, 0, 90, 50), False),
        ((20, 49), Box(0, 40, 50, 90), True),
        ((20, 0), Box(0, 40, 50, 90), False),
    ],
)
def test_a_mark_at_an_edge_leads_into_what_lies_beyond(mark: tuple[int, int], box: Box, leads: bool) -> None:
    probability = np.zeros((50, 50), np.float32)
    probability[mark[1], mark[0]] = 0.9
    assert leads_into(Piece(Box(0, 0, 50, 50), probability, 0), box, 0.5) is leads
    mirrored = Box(50 - box.x1, 50 - box.y1, 50 - box.x0, 50 - box.y0)
    assert leads_into(Piece(Box(0, 0, 50, 50), probability[::-1, ::-1], 0), mirrored, 0.5) is leads
