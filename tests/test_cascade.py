"""The cascade: what is GOOD, BAD and UNKNOWN, in the picture's own pixels, and never GOOD for what was not seen."""

from __future__ import annotations

import hashlib
import itertools
import re
import shutil
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.cascade import Cascade, mask_sha256
from detector.engines.network import Network
from detector.errors import BundleError, EngineError, GoldenError, OpenError
from detector.examiner import Networks
from detector.opening import open_cascade
from detector.preprocess import network_input
from detector.stages import REFERENCE_CLASSIFIER, REFERENCE_SEGMENTER, InputSpec
from detector.verdict import Box, StageTimes, State
from tests.pictures import TINY_BUNDLE, grey, noisy, with_red

RED_BOX = Box(40, 30, 90, 70)


@dataclass
class FixedNetwork:
    """Answers always the same and remembers what it was asked."""

    answer: np.ndarray
    asked: list[np.ndarray] = field(default_factory=list)
    description: str = "fixed cpu, 1 thread"

    def run(self, batch: np.ndarray) -> np.ndarray:
        self.asked.append(batch)
        return self.answer


def logits(good: float, bad: float) -> FixedNetwork:
    return FixedNetwork(np.array([[good, bad]], np.float32))


def marks(level: float = -9.0) -> FixedNetwork:
    return FixedNetwork(np.full((1, 1, 384, 384), level, np.float32))


def ticking(step_s: float = 0.001) -> object:
    """A clock that goes on by `step_s` each time it is read."""
    count = itertools.count()
    return lambda: next(count) * step_s


def cascade_of(classifier: Network, segmenter: Network, **changes: Any) -> Cascade:
    networks = Networks(classifier, replace(REFERENCE_CLASSIFIER, **changes), segmenter, REFERENCE_SEGMENTER)
    return Cascade(networks, defect_kind="scratch", bundle_id="b@1", settings_id="s1", clock=ticking())


@pytest.fixture(scope="module")
def tiny() -> Cascade:
    return open_cascade(bundle=TINY_BUNDLE, clock=time.perf_counter)


# --- the tiny bundle, for real ---


def test_grey_is_good_without_mask_or_defects(tiny: Cascade) -> None:
    verdict = tiny.judge(grey())
    assert verdict.state is State.GOOD
    assert verdict.score < 0.01
    assert (verdict.mask, verdict.defects, verdict.mask_sha256, verdict.reason) == (None, (), "", None)


def test_red_is_bad_and_marked_where_it_is(tiny: Cascade) -> None:
    verdict = tiny.judge(with_red(grey(), RED_BOX))
    assert verdict.state is State.BAD
    assert verdict.score > 0.99
    assert verdict.mask.shape == (120, 160)
    assert verdict.mask.dtype == np.uint8
    (defect,) = verdict.defects
    assert defect.kind == "red"
    for got, drawn in zip(
        (defect.box.x0, defect.box.y0, defect.box.x1, defect.box.y1),
        (RED_BOX.x0, RED_BOX.y0, RED_BOX.x1, RED_BOX.y1),
        strict=True,
    ):
        assert abs(got - drawn) <= 160 / 64  # one pixel of the network
    assert defect.area_px == verdict.mask.sum()
    assert verdict.bundle_id.startswith("tiny@")


def test_a_region_is_judged_alone_and_marked_in_the_frames_pixels(tiny: Cascade) -> None:
    frame = with_red(grey(600, 800), Box(500, 400, 540, 430), Box(10, 10, 60, 60))
    verdict = tiny.judge(frame, Box(450, 350, 650, 500))
    assert verdict.mask.shape == (600, 800)
    (defect,) = verdict.defects
    assert abs(defect.box.x0 - 500) <= 4
    assert abs(defect.box.y0 - 400) <= 4
    assert not verdict.mask[:350].any()
    assert tiny.judge(frame, Box(100, 100, 400, 400)).state is State.GOOD


@settings(max_examples=25)
@given(x=st.integers(0, 500), y=st.integers(0, 350), side=st.integers(40, 90))
def test_a_red_square_is_found_wherever_it_lies(tiny: Cascade, x: int, y: int, side: int) -> None:
    verdict = tiny.judge(with_red(grey(480, 640), Box(x, y, x + side, y + side)))
    (defect,) = verdict.defects
    centre = (defect.box.x0 + defect.box.x1) / 2, (defect.box.y0 + defect.box.y1) / 2
    assert centre == pytest.approx((x + side / 2, y + side / 2), abs=10)
    assert defect.area_px == pytest.approx(side * side, rel=0.7)


def test_the_same_picture_gives_the_same_verdict_bit_for_bit(tiny: Cascade) -> None:
    picture = with_red(noisy(240, 320), RED_BOX)
    first, again = (replace(tiny.judge(picture), times=StageTimes()) for _ in range(2))
    assert first == again
    assert np.array_equal(first.mask, again.mask)


def test_a_picture_is_not_touched(tiny: Cascade) -> None:
    picture = with_red(grey(), RED_BOX)
    picture.flags.writeable = False
    tiny.judge(picture)
    assert np.array_equal(picture, with_red(grey(), RED_BOX))


# --- what cannot be judged ---

UNJUDGED = {
    "black": (grey(level=0), None, "black"),
    "burnt out": (grey(level=255), None, "burnt out"),
    "black region of a lit picture": (with_red(grey(level=0), Box(0, 0, 50, 50)), Box(60, 60, 120, 110), "black"),
    "one pixel": (grey(1, 1), None, "1x1 px is too small"),
    "a strip": (grey(10, 10_000), None, "10000x10 px is too long"),
    "two channels": (np.zeros((50, 50, 2), np.uint8), None, "shape 50x50x2"),
    "nothing": (np.zeros((0, 0, 3), np.uint8), None, "shape 0x0x3"),
    "NaN": (np.full((50, 50, 3), np.nan), None, "not all finite"),
    "strange numbers": (np.zeros((50, 50, 3), np.complex64), None, "complex64"),
    "region outside": (grey(), Box(0, 0, 161, 120), "lies outside the picture"),
    "region before it": (grey(), Box(-5, 0, 100, 100), "lies outside the picture"),
    "empty region": (grey(), Box(20, 20, 20, 60), "is empty"),
}


@pytest.mark.parametrize(("picture", "region", "reason"), UNJUDGED.values(), ids=UNJUDGED.keys())
def test_what_cannot_be_judged_is_unknown_with_its_reason(
    tiny: Cascade, picture: np.ndarray, region: Box | None, reason: str
) -> None:
    verdict = tiny.judge(picture, region)
    assert (verdict.state, verdict.score, verdict.mask, verdict.defects) == (State.UNKNOWN, None, None, ())
    assert reason in verdict.reason
    assert verdict.bundle_id == tiny.bundle_id


@pytest.mark.parametrize(
    "convert",
    [
        lambda p: np.dstack([p, np.zeros(p.shape[:2], np.uint8)]),
        lambda p: p.astype(np.uint16) * 257,
        lambda p: p.astype(np.float32) / 255,
        lambda p: np.asfortranarray(p),
        lambda p: np.repeat(p, 2, axis=1)[:, ::2],
    ],
    ids=["alpha", "16 bit", "float", "Fortran order", "a view"],
)
def test_a_picture_of_another_kind_gets_the_same_verdict(tiny: Cascade, convert: object) -> None:
    picture = with_red(noisy(120, 160), RED_BOX)
    assert replace(tiny.judge(convert(picture)), times=StageTimes()) == replace(tiny.judge(picture), times=StageTimes())


def test_a_grey_picture_of_two_dimensions_is_judged(tiny: Cascade) -> None:
    assert tiny.judge(np.full((90, 90), 128, np.uint8)).state is State.GOOD


@pytest.mark.parametrize(
    ("classifier", "segmenter", "reason"),
    [
        (logits(np.nan, 0), marks(), "classifier gave NaN"),
        (logits(0, np.inf), marks(), "classifier gave NaN or infinity"),
        (FixedNetwork(np.zeros((1, 3), np.float32)), marks(), r"classifier gave an output of shape \[1, 3\]"),
        (logits(0, 9), marks(np.nan), "segmenter gave NaN"),
        (logits(0, 9), FixedNetwork(np.zeros((1, 1, 8, 8), np.float32)), "segmenter gave an output of shape"),
    ],
    ids=["NaN", "infinity", "three classes", "NaN in the mask", "mask of another size"],
)
def test_a_network_that_answers_nonsense_makes_unknown(
    classifier: FixedNetwork, segmenter: FixedNetwork, reason: str
) -> None:
    verdict = cascade_of(classifier, segmenter).judge(grey())
    assert verdict.state is State.UNKNOWN
    assert re.search(reason, verdict.reason)


# --- the gate ---


@pytest.mark.parametrize(
    ("margin", "changes", "state"),
    [
        (-0.001, {}, State.GOOD),
        (0.0, {}, State.BAD),  # a tie is no acquittal
        (0.001, {}, State.BAD),
        (1.0, {"threshold": 0.8}, State.GOOD),
        (1.0, {"threshold": 0.7}, State.BAD),
        (1.0, {"threshold": 0.7, "temperature": 2.0}, State.GOOD),
        (-200.0, {"threshold": 0.0}, State.BAD),
    ],
)
def test_the_score_against_the_threshold_makes_the_state(
    margin: float, changes: dict[str, float], state: State
) -> None:
    verdict = cascade_of(logits(0.0, margin), marks(), **changes).judge(grey())
    assert verdict.state is state
    expected = 1 / (1 + np.exp(-margin / changes.get("temperature", 1.0)))
    assert verdict.score == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("margin", [-1e6, -500.0, 500.0, 1e6])
def test_extreme_logits_make_neither_warning_nor_nan(margin: float) -> None:
    assert cascade_of(logits(0.0, margin), marks(margin)).judge(grey()).score in (0.0, 1.0)


def test_the_segmenter_runs_on_bad_pictures_only() -> None:
    segmenter = marks()
    cascade_of(logits(5, 0), segmenter).judge(grey())
    assert segmenter.asked == []
    cascade_of(logits(0, 5), segmenter).judge(grey())
    assert [batch.shape for batch in segmenter.asked] == [(1, 3, 384, 384)]


def test_a_picture_that_both_networks_see_alike_is_resized_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resized: list[InputSpec] = []

    def counted(picture: np.ndarray, spec: InputSpec) -> np.ndarray:
        resized.append(spec)
        return network_input(picture, spec)

    monkeypatch.setattr("detector.examiner.network_input", counted)
    segmenter = marks()
    apart = cascade_of(logits(0, 5), segmenter)
    assert apart.judge(grey()).state is State.BAD
    assert resized == [REFERENCE_CLASSIFIER.input, REFERENCE_SEGMENTER.input]
    resized.clear()
    alike = cascade_of(logits(0, 5), segmenter, input=REFERENCE_SEGMENTER.input)
    assert alike.judge(grey()).state is State.BAD
    assert resized == [REFERENCE_SEGMENTER.input]
    np.testing.assert_array_equal(segmenter.asked[0], segmenter.asked[1])


def test_bad_with_an_empty_mask_stays_bad() -> None:
    verdict = cascade_of(logits(0, 5), marks(-9)).judge(grey())
    assert verdict.state is State.BAD
    assert verdict.defects == ()
    assert verdict.mask.shape == (120, 160)
    assert not verdict.mask.any()
    assert verdict.mask_sha256


def test_the_time_of_each_stage_is_that_of_the_clock() -> None:
    times = cascade_of(logits(0, 5), marks()).judge(grey()).times
    assert times.preprocess_ms == pytest.approx(2.0)  # of both stages
    assert times.classify_ms == pytest.approx(1.0)
    assert times.segment_ms == pytest.approx(1.0)
    assert times.postprocess_ms == pytest.approx(1.0)
    assert cascade_of(logits(5, 0), marks()).judge(grey()).times.segment_ms == 0.0


def test_the_hash_of_a_mask_is_over_its_bytes_and_its_place() -> None:
    mask = np.zeros((4, 6), np.uint8)
    mask[1, 2] = 1
    place = b"4,6,10,20,70,60;"
    assert mask_sha256(mask, Box(10, 20, 70, 60)) == hashlib.sha256(place + mask.tobytes()).hexdigest()
    assert mask_sha256(mask, Box(11, 20, 70, 60)) != mask_sha256(mask, Box(10, 20, 70, 60))
    assert mask_sha256(mask.reshape(6, 4), Box(0, 0, 1, 1)) != mask_sha256(mask, Box(0, 0, 1, 1))


# --- opening ---


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(TINY_BUNDLE, tmp_path / "tiny"))


def edit_golden(bundle: Path, sample: int, **values: object) -> None:
    file = bundle / "bundle.yaml"
    text = yaml.safe_load(file.read_text())
    text["golden"][sample].update(values)
    file.write_text(yaml.safe_dump(text))


@pytest.mark.parametrize(
    ("sample", "values", "says"),
    [
        (2, {"score": 0.5}, "good_2.png: GOOD, score 0.5000, mask area 0.0000 is expected; got GOOD, score 0.1037"),
        (2, {"state": "BAD"}, "good_2.png: BAD, score 0.1037, mask area 0.0000 is expected; got GOOD"),
        (0, {"mask_area": 0.2}, "bad_1.png: BAD, score 1.0000, mask area 0.2000 is expected; got BAD"),
    ],
    ids=["score", "state", "mask"],
)
def test_a_golden_sample_that_comes_out_wrong_refuses_the_bundle(
    copy: Path, sample: int, values: dict[str, object], says: str
) -> None:
    edit_golden(copy, sample, **values)
    with pytest.raises(GoldenError) as caught:
        open_cascade(bundle=copy, clock=time.perf_counter)
    assert says in str(caught.value)
    assert "onnxruntime cpu, 1 thread does not give" in str(caught.value)


def test_a_golden_picture_that_is_none_refuses_the_bundle(copy: Path) -> None:
    (copy / "golden" / "bad_1.png").write_text("no picture")
    edit_golden(copy, 0, sha256=hashlib.sha256(b"no picture").hexdigest())
    with pytest.raises(GoldenError, match=r"bad_1\.png: .* got UNKNOWN: not a picture"):
        open_cascade(bundle=copy, clock=time.perf_counter)


def test_golden_samples_are_judged_by_the_bundles_own_settings() -> None:
    cascade = open_cascade(
        bundle=TINY_BUNDLE,
        clock=time.perf_counter,
        classifier_threshold=0.0,
        segmenter_threshold=0.999,
        min_area_px=10**6,
        settings_id="mine",
    )
    verdict = cascade.judge(with_red(grey(), RED_BOX))
    assert (verdict.state, verdict.defects, verdict.settings_id) == (State.BAD, (), "mine")
    assert cascade.judge(grey()).state is State.BAD  # at a threshold of 0 everything is


def test_what_judges_is_named() -> None:
    cascade = open_cascade(bundle=TINY_BUNDLE, clock=time.perf_counter, threads=2, device="cpu")
    assert cascade.engine_name == "onnxruntime cpu, 2 threads"
    assert cascade.bundle_id.startswith("tiny@")


def test_the_bundle_that_ships_is_the_default() -> None:
    assert open_cascade(clock=time.perf_counter).bundle_id.startswith("edge@")


@pytest.mark.parametrize(
    ("wanted", "error", "says"),
    [
        ({"bundle": Path("nowhere")}, BundleError, "nowhere: does not exist"),
        ({"classifier": Path("c.pth")}, OpenError, "name both checkpoints, or none"),
        (
            {"bundle": TINY_BUNDLE, "classifier": Path("c.pth"), "segmenter": Path("s.pth")},
            OpenError,
            "not both",
        ),
        (
            {"classifier": Path("models/c.pth"), "segmenter": Path("s.pth")},
            EngineError,
            r"models/c\.pth: cannot be read \(No such file or directory\); the classifier's checkpoint, timm convnext",
        ),
        ({"bundle": TINY_BUNDLE, "classifier_threshold": 1.5}, OpenError, "classifier_threshold: 0..1 is wanted"),
        ({"bundle": TINY_BUNDLE, "segmenter_threshold": float("nan")}, OpenError, "segmenter_threshold: 0..1"),
        ({"bundle": TINY_BUNDLE, "device": "tpu"}, EngineError, "device 'tpu' is not known; known here: auto, cpu"),
        ({"bundle": TINY_BUNDLE, "engine": "tf"}, EngineError, "engine 'tf' is not known; known here: auto, onnx"),
        ({"bundle": TINY_BUNDLE, "engine": "torch"}, EngineError, r"reads \.pth files; use engine onnxruntime"),
        ({"bundle": TINY_BUNDLE, "threads": 0}, EngineError, "threads: at least 1 is wanted; got 0"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_wrong_wish_is_refused_before_the_first_picture(
    wanted: dict[str, object], error: type[OpenError], says: str
) -> None:
    with pytest.raises(error, match=says):
        open_cascade(clock=time.perf_counter, **wanted)
