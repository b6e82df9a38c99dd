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


@pytest.mark.parametrize(("looks", "wanted"), [(2, (2 + 2.5) / 2), (4, (2 + 2.5 + 0 + 3.5) / 4)])
def test_in_doubt_all_looks_count_alike(looks: int, wanted: float) -> None:
    network = Corners()
    doubt = Doubt(-1.0, 4.0, looks)
    assert margin(network, picture(2, 2.5, 0, 3.5), doubt=doubt) == [pytest.approx(wanted)]
    assert len(network.asked) == looks


@pytest.mark.parametrize(
    ("shown", "looks", "wanted"),
    [
        ((2, 6, -9, -9), 2, 4.0),  # at the doubt's end, which has come down to 1.5 + 2.5 / sqrt(2) = 3.27
        ((1, -3, 9, 9), 2, -1.0),
        ((2, 1, 7, -9), 3, 10 / 3),  # over 1.5 + 2.5 / sqrt(3) = 2.94
        ((2, 1, 3, -6), 4, 0.0),
    ],
)
def test_it_looks_no_further_than_doubt_goes(shown: tuple[float, ...], looks: int, wanted: float) -> None:
    network = Corners()
    assert margin(network, picture(*shown)) == [pytest.approx(wanted)]
    assert len(network.asked) == looks


def test_a_picture_that_is_settled_stays_so_while_its_neighbour_is_looked_at() -> None:
    network = Corners()
    assert margin(network, picture(2, 6, -9, -9), picture(2, 1, 3, -6)) == [pytest.approx(4), pytest.approx(0)]
    assert len(network.asked) == 4


@given(st.lists(st.floats(-8, 8), min_size=4, max_size=4), st.integers(0, 3), st.floats(0, 1e-5))
def test_nothing_leaps_wherever_a_look_ends_the_doubt(shown: list[float], moved: int, little: float) -> None:
    network = Corners()
    other = [value + little * (at == moved) for at, value in enumerate(shown)]
    one, two = (margin(network, picture(*values))[0] for values in (shown, other))
    steepest = (1 + 16 / RAMP) ** 3  # of three looks more, each of which may weigh by 1 / RAMP and bring 16 at most
    assert abs(one - two) <= little * steepest + 1e-5


@pytest.mark.parametrize("looked", [1, 2, 3])
@pytest.mark.parametrize("side", [-1, 1])
def test_at_an_end_of_the_doubt_the_next_look_counts_nothing(looked: int, side: int) -> None:
    """Just inside, so that it is taken: were it to count in full, 8 would be seen of it."""
    end = 1.5 + side * (2.5 / looked**0.5 - 1e-4)
    shown = [end] * looked + [end + 8.0] * (4 - looked)
    network = Corners()
    assert margin(network, picture(*shown)) == [pytest.approx(end, abs=0.01)]
    assert len(network.asked) >= looked + 1


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
