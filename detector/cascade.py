"""Judges a picture: the classifier gates, the segmenter marks what the gate holds to be BAD.

A picture at a time, in shapes that never change, so that no verdict depends on which pictures shared its batch.
Knows no file; open_cascade (opening.py) builds one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from detector.colour import to_bgr
from detector.components import defects_in
from detector.engines.network import Network
from detector.errors import PictureError
from detector.preprocess import network_input, to_picture
from detector.refusals import why_blind, why_region_refused
from detector.stages import ClassifierSpec, SegmenterSpec
from detector.verdict import Box, StageTimes, State, Verdict


@dataclass(frozen=True)
class Networks:
    """The two networks and how each is used."""

    classifier: Network
    classifier_spec: ClassifierSpec
    segmenter: Network
    segmenter_spec: SegmenterSpec


@dataclass(frozen=True)
class Examination:
    """What the networks say of one picture, at their own sizes."""

    state: State  # GOOD or BAD
    score: float  # probability of BAD
    probability: np.ndarray | None  # (h, w) float32 of the segmenter, None for GOOD
    mask: np.ndarray | None  # (h, w) uint8 0/1 at the network's size, None for GOOD
    times: StageTimes

    @property
    def mask_area(self) -> float:
        """The share of the network-size mask that is 1; 0 without a mask."""
        return 0.0 if self.mask is None else float(self.mask.mean(dtype=np.float64))


class Stopwatch:
    """Tells the time from lap to lap."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._last_s = clock()

    def lap_ms(self) -> float:
        """Milliseconds since the last lap."""
        before_s, self._last_s = self._last_s, self._clock()
        return (self._last_s - before_s) * 1000.0


class Cascade:
    """Two networks that judge pictures. Not to be used by two threads at once."""

    def __init__(
        self,
        networks: Networks,
        *,
        defect_kind: str,
        bundle_id: str,
        settings_id: str,
        clock: Callable[[], float],  # seconds
    ) -> None:
        self._networks = networks
        self._clock = clock
        self.defect_kind = defect_kind
        self.bundle_id = bundle_id
        self.settings_id = settings_id

    @property
    def engine_name(self) -> str:
        """What judges, for people: `onnxruntime cpu, 1 thread`."""
        return self._networks.classifier.description

    @property
    def threshold(self) -> float:
        """The score from which on a picture is BAD."""
        return self._networks.classifier_spec.threshold

    @property
    def marking(self) -> SegmenterSpec:
        """How the segmenter is used."""
        return self._networks.segmenter_spec

    def judge(self, picture: np.ndarray, region: Box | None = None) -> Verdict:
        """The verdict on picture (H, W, 3) BGR uint8, or any other that `to_bgr` takes; never raises for a picture.

        Only `region` is judged; None: the whole picture. What cannot be judged (no picture, region outside it, black,
        burnt out, a network that answers with NaN) is UNKNOWN with its reason. BAD always has a mask, which may be
        all zeros: the segmenter never acquits.
        """
        try:
            whole = to_bgr(picture)
            box = region or Box(0, 0, whole.shape[1], whole.shape[0])
            if refused := why_region_refused(whole, box):
                raise PictureError(refused)
            seen = self.examine(whole[box.y0 : box.y1, box.x0 : box.x1])
        except PictureError as error:
            return replace(self._verdict(State.UNKNOWN, None), reason=str(error))
        if seen.state is State.GOOD:
            return replace(self._verdict(State.GOOD, seen.score), times=seen.times)
        return self._bad(seen, whole.shape[:2], box)

    def examine(self, part: np.ndarray) -> Examination:
        """What the networks say of part (H, W, 3) BGR uint8. Raises PictureError where it cannot be judged."""
        if refused := why_blind(part):
            raise PictureError(refused)
        return self.look(part)

    def look(self, part: np.ndarray) -> Examination:
        """The same without asking whether part shows anything: a view of a region may be as dark as it is."""
        watch = Stopwatch(self._clock)
        gate = self._networks.classifier_spec
        batch = network_input(part, gate.input)
        times = StageTimes(preprocess_ms=watch.lap_ms())
        logits = _answer("classifier", self._networks.classifier, batch, (1, 2))
        score = float(_sigmoid(np.float64(logits[0, 1] - np.float64(logits[0, 0])) / gate.temperature))
        times = replace(times, classify_ms=watch.lap_ms())
        if score < gate.threshold:
            return Examination(State.GOOD, score, None, None, times)
        return self.mark(part, Examination(State.BAD, score, None, None, times))

    def mark(self, part: np.ndarray, gate: Examination) -> Examination:
        """What the gate has said of part, with what the segmenter says of it. Raises PictureError."""
        watch, marking = Stopwatch(self._clock), self.marking
        batch = network_input(part, marking.input)
        times = replace(gate.times, preprocess_ms=gate.times.preprocess_ms + watch.lap_ms())
        shape = (1, 1, marking.input.height, marking.input.width)
        probability = _sigmoid(_answer("segmenter", self._networks.segmenter, batch, shape)[0, 0])
        times = replace(times, segment_ms=watch.lap_ms())
        mask = (probability > marking.threshold).astype(np.uint8)
        return replace(gate, probability=probability, mask=mask, times=times)

    def _bad(self, seen: Examination, size: tuple[int, int], box: Box) -> Verdict:
        """The verdict on a BAD region of a picture of `size` (H, W): its mask and defects in the picture's pixels."""
        assert seen.probability is not None and seen.mask is not None
        watch = Stopwatch(self._clock)
        spec = self._networks.segmenter_spec
        probability = to_picture(seen.probability, box.height, box.width, spec.input)
        mask = np.zeros(size, np.uint8)
        part = mask[box.y0 : box.y1, box.x0 : box.x1]
        part[:] = probability > spec.threshold
        defects = defects_in(part.copy(), probability, kind=self.defect_kind, min_area_px=spec.min_area_px, at=box)
        return replace(
            self._verdict(State.BAD, seen.score),
            defects=defects,
            mask=mask,
            mask_sha256=mask_sha256(seen.mask, box),
            times=replace(seen.times, postprocess_ms=watch.lap_ms()),
        )

    def _verdict(self, state: State, score: float | None) -> Verdict:
        return Verdict(state, score, bundle_id=self.bundle_id, settings_id=self.settings_id)


def mask_sha256(mask: np.ndarray, box: Box) -> str:
    """Hex over a network-size mask (h, w) uint8 0/1 and where it lies: "h,w,x0,y0,x1,y1;" in ASCII, then its bytes."""
    height, width = mask.shape
    place = f"{height},{width},{box.x0},{box.y0},{box.x1},{box.y1};"
    return hashlib.sha256(place.encode("ascii") + np.ascontiguousarray(mask, np.uint8).tobytes()).hexdigest()


def _answer(name: str, network: Network, batch: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """What the network gives, of that shape. Raises PictureError for another shape and for NaN or infinity."""
    logits = network.run(batch)
    if logits.shape != shape:
        raise PictureError(f"the {name} gave an output of shape {list(logits.shape)}; {list(shape)} is wanted")
    if not np.isfinite(logits).all():
        raise PictureError(f"the {name} gave NaN or infinity")
    return logits


def _sigmoid(logits: np.ndarray | np.float64) -> np.ndarray:
    # by tanh: exp overflows, and warns, for logits under -88
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * logits)))
