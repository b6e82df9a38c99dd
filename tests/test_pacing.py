"""When a picture of a recording is due."""

from __future__ import annotations

import pytest

from stream.sources.pacing import due_s, read_s


@pytest.mark.parametrize(
    ("index", "pts_s", "fps", "wanted"),
    [
        pytest.param(50, 1.25, None, 1.25, id="the recording's own time"),
        pytest.param(50, None, None, 2.0, id="no time: 25 a second"),
        pytest.param(50, None, 10.0, 5.0, id="a folder at 10 a second"),
        pytest.param(50, 1.25, 10.0, 5.0, id="a recording played at 10 a second"),
        pytest.param(0, None, 10.0, 0.0, id="the first"),
    ],
)
def test_a_picture_is_due(index: int, pts_s: float | None, fps: float | None, wanted: float) -> None:
    assert due_s(index, pts_s, fps) == wanted


@pytest.mark.parametrize(
    ("before_s", "due", "wanted"),
    [
        pytest.param(None, 4.0, 4.0, id="the first: nothing is known of the next"),
        pytest.param(3.96, 4.0, 4.04, id="at its time, by the last spacing"),
        pytest.param(4.0, 4.0, 4.0, id="two pictures of one time"),
        pytest.param(9.0, 4.0, 4.0, id="times that run backwards"),
        pytest.param(-1e9, 4.0, 4.05, id="a gap is no spacing"),
    ],
)
def test_the_next_picture_is_read_when_it_should_come(before_s: float | None, due: float, wanted: float) -> None:
    assert read_s(before_s, due) == pytest.approx(wanted)
