"""Batches: pictures that are judged together get the verdicts that they would get alone."""

from __future__ import annotations

import time

import numpy as np
import pytest

from detector.cascade import Cascade
from detector.errors import OpenError
from detector.examiner import Networks
from detector.opening import open_cascade
from detector.stages import REFERENCE_CLASSIFIER, REFERENCE_SEGMENTER
from detector.verdict import State
from tests.pictures import TINY_BUNDLE, grey
from tests.test_cascade import FixedNetwork, marks


@pytest.fixture(scope="module")
def tiny() -> Cascade:
    return open_cascade(bundle=TINY_BUNDLE, clock=time.perf_counter, device="cpu")


@pytest.fixture(scope="module", params=[2, 5, 16])
def batched(request: pytest.FixtureRequest) -> Cascade:
    return open_cascade(bundle=TINY_BUNDLE, clock=time.perf_counter, device="cpu", batch=request.param)


def pictures() -> list[np.ndarray]:
    """GOOD ones, BAD ones of several sizes, and what cannot be judged."""
    seed = np.random.default_rng(4)
    noise = [seed.integers(90, 160, (60 + 7 * i, 80, 3), dtype=np.uint8) for i in range(9)]
    for i in (1, 2, 5, 7):
        noise[i][10:40, 20:50] = (0, 0, 255)
    return [*noise, np.zeros((60, 80, 3), np.uint8), np.zeros((0, 5, 3), np.uint8), noise[1]]


def test_a_verdict_is_the_same_alone_and_among_others(batched: Cascade) -> None:
    together = batched.judge_many([(picture, None) for picture in pictures()])
    assert {one.state for one in together} == set(State)
    for picture, among in zip(pictures(), together, strict=True):
        alone = batched.judge(picture)
        assert (alone.state, alone.score, alone.mask_sha256) == (among.state, among.score, among.mask_sha256)
        assert (alone.defects, alone.reason) == (among.defects, among.reason)


def test_a_verdict_is_that_of_one_at_a_time(tiny: Cascade, batched: Cascade) -> None:
    """To the last bit for these small networks; deep ones differ in their last bits (docs/engines.md)."""
    for picture in pictures():
        one, other = tiny.judge(picture), batched.judge(picture)
        assert (one.state, one.reason) == (other.state, other.reason)
        assert one.score == pytest.approx(other.score, abs=1e-5)


def test_order_does_not_matter(batched: Cascade) -> None:
    some = [(picture, None) for picture in pictures()]
    forth, back = batched.judge_many(some), batched.judge_many(some[::-1])
    assert [one.score for one in forth] == [one.score for one in back[::-1]]


def test_none_is_judged_of_none(batched: Cascade) -> None:
    assert batched.judge_many([]) == []


def test_one_spoilt_answer_is_unknown_and_the_others_are_judged() -> None:
    networks = Networks(
        FixedNetwork(np.array([[4.0, 0.0], [np.nan, 0.0], [0.0, 9.0]], np.float32)),
        REFERENCE_CLASSIFIER,
        marks(),
        REFERENCE_SEGMENTER,
    )
    cascade = Cascade(networks, defect_kind="scratch", bundle_id="", settings_id="", clock=time.perf_counter, batch=3)
    states = [one.state for one in cascade.judge_many([(grey(), None)] * 3)]
    assert states == [State.GOOD, State.UNKNOWN, State.BAD]


@pytest.mark.parametrize("batch", [0, 65])
def test_a_batch_out_of_bounds_is_refused(batch: int) -> None:
    with pytest.raises(OpenError, match="batch: 1 to 64 is wanted"):
        open_cascade(bundle=TINY_BUNDLE, clock=time.perf_counter, batch=batch)


def test_its_size_is_named(batched: Cascade) -> None:
    assert batched.engine_name.endswith(f", batches of {batched.batch}")
