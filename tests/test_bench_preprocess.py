"""The bench's suite `preprocess` runs, and its rows are well formed. Nothing about speed."""

from __future__ import annotations

import numpy as np
import pytest

from detector.preprocess import network_input
from tests.needs import torch_or_skip
from tests.pictures import noisy
from tests.suites import measured
from tools.bench_preprocess import AREA, LINEAR, OURS, REFERENCE, SPECS, by_opencv, reference

pytestmark = pytest.mark.filterwarnings("ignore")  # of torch's own, while it loads


def test_every_way_prepares_every_resize() -> None:
    torch_or_skip("the reference's own way")
    found = measured("preprocess", "--size", "320x200", "--pictures", "2")
    assert {row.name for row in found.rows} == {OURS, REFERENCE, AREA, LINEAR}
    assert len({row.setting for row in found.rows}) == len(SPECS)
    assert all(row.ratio is not None for row in found.rows if row.quantity == "ms a picture")


@pytest.mark.parametrize("resize", SPECS)
def test_the_reference_here_is_the_reference(resize: str) -> None:
    """What the line is compared to makes the very same input."""
    torch_or_skip("the reference's own way")
    picture = noisy(97, 331)
    theirs = np.asarray(reference(SPECS[resize])(picture))
    assert np.abs(theirs - network_input(picture, SPECS[resize])).max() < 1e-6


@pytest.mark.parametrize("resize", SPECS)
def test_opencv_gives_the_networks_size(resize: str) -> None:
    assert by_opencv(noisy(97, 331), SPECS[resize], 3).shape == (SPECS[resize].height, SPECS[resize].width, 3)
