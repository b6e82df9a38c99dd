"""When a picture of a recording is due."""

from __future__ import annotations

import pytest

from stream.sources.pacing import due_s


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
