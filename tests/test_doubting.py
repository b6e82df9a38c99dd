"""A classifier that looks again where it is in doubt: when, at what, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.doubting import RAMP, doubting
from detector.stages import Doubt

DOUBT = Doubt(above=-1.0, below=4.0, looks=4)
SHAPE = (3, 4, 6)


@dataclass
class Corners:
    """Its margin is what stands in the picture's first corner: each mirror shows it another one."""

    description: str = "corners"
    asked: list[np.ndarray] = field(default_factory=list)

    def run(self, batch: np.ndarray) -> np.ndarray:
        self.asked.append(batch.copy())
        margins = batch[:, 0, 0, 0]
        return np.stack([0.25 - margins / 2, 0.25 + margins / 2], axis=1).astype(np.float32)


def picture(first: float, right: float = 0.0, below: float = 0.0, both: float = 0.0) -> np.ndarray:
    """(3, 4, 6): the margins that it shows as it is, left for right, top for bottom, and turned round."""
    one = np.full(SHAPE, 0.5, np.float32)
    one[0, 0, 0], one[0, 0, -1], one[0, -1, 0], one[0, -1, -1] = first, right, below, both
    return one


def margin(network: Corners, *pictures: np.ndarray, doubt: Doubt = DOUBT) -> list[float]:
    logits = doubting(network, doubt).run(np.stack(pictures))
    assert logits.dtype == np.float32
    return [float(row[1] - row[0]) for row in logits]


def test_without_a_doubt_the_network_is_the_same_one() -> None:
    network = Corners()
    assert doubting(network, None) is network
    assert doubting(network, DOUBT).description == "corners"


@pytest.mark.parametrize("sure", [-30.0, -1.0, 4.0, 30.0])
def test_what_is_sure_is_looked_at_once(sure: float) -> None:
    network = Corners()
    assert margin(network, picture(sure, 9, 9, 9)) == [pytest.approx(sure)]
    assert len(network.asked) == 1


@pytest.mark.parametrize(("looks", "wanted"), [(2, (2 + 6) / 2), (4, (2 + 6 - 4 + 8) / 4)])
def test_in_doubt_all_looks_count_alike(looks: int, wanted: float) -> None:
    network = Corners()
    doubt = Doubt(-1.0, 4.0, looks)
    assert margin(network, picture(2, 6, -4, 8), doubt=doubt) == [pytest.approx(wanted)]
    assert len(network.asked) == looks


@given(st.floats(-8, 8), st.floats(-8, 8), st.sampled_from([-1.0, 4.0]), st.floats(0, 1e-3))
def test_nothing_leaps_at_the_edge_of_the_doubt(right: float, below: float, edge: float, little: float) -> None:
    network = Corners()
    one, other = (margin(network, picture(edge + side, right, below, 3)) for side in (-little, little))
    assert abs(one[0] - other[0]) <= 2 * little * (1 + 12 / RAMP) + 1e-5


@given(st.lists(st.floats(-6, 6, width=32), min_size=4, max_size=4), st.lists(st.floats(-6, 6, width=32), max_size=3))
def test_a_picture_is_judged_alike_to_the_bit_whatever_comes_with_it(mine: list[float], others: list[float]) -> None:
    def logits(*pictures: np.ndarray) -> np.ndarray:
        return doubting(Corners(), DOUBT).run(np.stack(pictures))[0]

    beside = [picture(one, 5, -5, 1) for one in others]
    np.testing.assert_array_equal(logits(picture(*mine)), logits(picture(*mine), *beside))


def test_what_fills_a_batch_up_is_in_no_doubt() -> None:
    network = Corners()
    margin(network, picture(9), np.zeros(SHAPE, np.float32))
    assert len(network.asked) == 1


@dataclass
class Fixed:
    answer: np.ndarray
    description: str = "fixed"
    asked: int = 0

    def run(self, batch: np.ndarray) -> np.ndarray:
        self.asked += 1
        return self.answer


@pytest.mark.parametrize(
    "answer",
    [
        np.array([[np.nan, 1.0]], np.float32),
        np.array([[np.inf, np.inf]], np.float32),
        np.array([[0.0, 1.0, 2.0]], np.float32),
        np.zeros((1, 1, 4, 6), np.float32),
    ],
)
def test_nonsense_is_handed_on_for_others_to_refuse(answer: np.ndarray) -> None:
    network = Fixed(answer)
    found = doubting(network, DOUBT).run(picture(0)[None])
    np.testing.assert_array_equal(found, answer)
    assert network.asked == 1
