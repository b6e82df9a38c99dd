"""What a display beside the ring sees of it: the pixels where they lie, and still the same ones at the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import numpy as np
import pytest
from msgspec.structs import replace

from stream.near_views import NearViews
from stream.overlay import encode_jpeg
from stream.places import Places
from stream.ring import TornError
from stream.web.painting import is_little, paint
from stream.web.pictures import Wish
from tests.frames import frame
from tests.played_line import SLOTS, PlayedLine

QUALITY = 80


@pytest.fixture
def played(places: Places) -> Iterator[PlayedLine]:
    with closing(PlayedLine(places)) as line:
        yield line


@pytest.fixture
def views(places: Places) -> Iterator[NearViews]:
    with closing(NearViews(places.folder)) as opened:
        yield opened


def test_the_pixels_are_those_of_the_frame_and_not_to_be_written(played: PlayedLine, views: NearViews) -> None:
    judged = played.judge("GOOD")
    with views.seen(judged.frame) as pixels:
        assert (pixels == played.picture(0, "GOOD")).all() and not pixels.flags.writeable


def test_a_slot_overwritten_while_somebody_looks_is_torn(played: PlayedLine, views: NearViews) -> None:
    judged = played.judge("GOOD")
    with pytest.raises(TornError), views.seen(judged.frame) as pixels:
        for _ in range(SLOTS):
            played.judge("BAD")
        assert (pixels == played.picture(SLOTS, "BAD")).all(), "it is the ring that is looked at, not a copy"


def test_a_slot_overwritten_before_is_torn(played: PlayedLine, views: NearViews) -> None:
    judged = played.judge("GOOD")
    for _ in range(SLOTS):
        played.judge("GOOD")
    with pytest.raises(TornError), views.seen(judged.frame):
        pass


@pytest.mark.parametrize("state", ["GOOD", "BAD"])
def test_what_is_painted_is_what_was_judged_and_nothing_is_drawn_into_the_ring(
    played: PlayedLine, views: NearViews, state: str
) -> None:
    judged, expected = played.judge(state), played.picture(0, state)
    wishes = [Wish(640), Wish(9999), Wish(640, drawn=True), Wish(320)]
    painted = {one.wish: one for one in paint(judged, views, None, QUALITY, wishes).pictures}
    assert painted[Wish(640)].jpeg == painted[Wish(9999)].jpeg == encode_jpeg(expected, QUALITY)
    assert painted[Wish(640, drawn=True)].jpeg != painted[Wish(640)].jpeg
    assert len({one.jpeg for one in painted.values()}) == 3
    with views.seen(judged.frame) as pixels:
        assert np.array_equal(pixels, expected)


@pytest.mark.parametrize(
    ("wishes", "most_px", "little"),
    [
        ([Wish(960)], 320 * 240, True),
        ([Wish(960)], 320 * 240 - 1, False),
        ([Wish(960), Wish(160)], 320 * 240, False),
        ([Wish(160, drawn=True)], 10**9, False),
        ([Wish(160)], 0, False),
    ],
    ids=["just", "too large", "twice", "drawn", "never"],
)
def test_only_what_takes_little_is_painted_in_the_loop(wishes: list[Wish], most_px: int, little: bool) -> None:
    assert is_little(replace(frame(0), height=240, width=320), wishes, most_px) == little
