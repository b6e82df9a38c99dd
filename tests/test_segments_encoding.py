"""Pictures to segments: of whatever size they are, and what cannot be encoded is left out, and said once."""

from __future__ import annotations

import logging
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from stream.clips_watching import TALLEST_PX, scaled
from stream.segments import Shelf, numbers_in, read_segment, run_folder
from stream.segments_encoding import Encoder, Encoding, Shot
from tests.recordings import numbered_frame

DEADLINE_S = 200.0
WIDTH_PX = 640


@pytest.mark.parametrize(
    ("height", "width", "is_then"),
    [
        (1, 1, (2, 2)),  # of a file that cannot be read
        (1, 300, (2, 300)),
        (301, 1, (300, 2)),
        (3, 5, (2, 4)),
        (241, 321, (240, 320)),
        (480, 640, (480, 640)),
        (480, 1280, (240, 640)),
        (10, 20_000, (2, 640)),
        (20_000, 100, (TALLEST_PX, 80)),  # of a line scan
    ],
)
def test_a_picture_of_any_size_is_made_one_that_can_be_encoded(
    height: int, width: int, is_then: tuple[int, int]
) -> None:
    picture = scaled(np.full((height, width, 3), 99, np.uint8), WIDTH_PX)
    assert picture.shape == (*is_then, 3) and picture.flags.owndata and (picture == 99).all()
    with closing(Encoder(is_then[1], is_then[0])) as encoder:
        assert [coded.key for coded in encoder.encode(picture, 0)] == [True]


def test_what_cannot_be_encoded_is_left_out_and_said_once_and_the_next_size_is_recorded(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    encoding = Encoding(Shelf(tmp_path, "belt", 5.0, 0), 7, 0)
    odd, whole = np.zeros((1, 1, 3), np.uint8), numbered_frame(3)
    with caplog.at_level(logging.ERROR, "linewatch"):
        assert all(encoding.add(Shot(seq, 3600 * seq, odd)) for seq in range(3))
        assert encoding.add(Shot(3, 4 * 3600, whole))
        assert encoding.close(DEADLINE_S)
    (said,) = [record.getMessage() for record in caplog.records]
    assert said.startswith("belt: pictures of 1x1 px cannot be encoded, so clips leave them out (")
    assert encoding.left_out == 3
    (number,) = numbers_in(run_folder(tmp_path, "belt", 7))
    segment = read_segment(run_folder(tmp_path, "belt", 7), number)
    assert segment is not None and [seq for seq, _ in segment.frames] == [3]
