"""Judges a picture: the classifier gates, the segmenter marks what the gate holds to be BAD.

In shapes that never change: a batch that is not full is filled up with zeros, so that no verdict depends on how many
pictures came together, nor on which. Knows no file; open_cascade (opening.py) builds one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from detector.batches import Batches, marked_at_once
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
        batch: int = 1,
    ) -> None:
        """`batch`: pictures that the classifier is given at once, always; the segmenter gets `marked_at_once` of it."""
        self._networks = networks
        self._clock = clock
        self._gates = Batches("classifier", networks.classifier, batch)
        self._marks = Batches("segmenter", networks.segmenter, marked_at_once(batch))
        self.batch = batch
        self.defect_kind = defect_kind
        self.bundle_id = bundle_id
        self.settings_id = settings_id

    @property
    def engine_name(self) -> str:
        """What judges, for people: `onnxruntime cpu, 1 thread`, `onnxruntime cuda, batches of 16`."""
        runs = self._networks.classifier.description
        return runs if self.batch == 1 else f"{runs}, batches of {self.batch}"

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
        return self.judge_many([(picture, region)])[0]

    def judge_many(self, pictures: Sequence[tuple[np.ndarray, Box | None]]) -> list[Verdict]:
        """The verdict on each, as `judge` gives it."""
        cuts = [_cut(picture, region) for picture, region in pictures]
        seen = iter(self.look_many([cut.part for cut in cuts if isinstance(cut, _Cut)]))
        return [self._said(cut, next(seen) if isinstance(cut, _Cut) else cut) for cut in cuts]

    def examine(self, part: np.ndarray) -> Examination:
        """What the networks say of part (H, W, 3) BGR uint8. Raises PictureError where it cannot be judged."""
        if refused := why_blind(part):
            raise PictureError(refused)
        [seen] = self.look_many([part])
        if isinstance(seen, PictureError):
            raise seen
        return seen

    def look_many(self, parts: Sequence[np.ndarray]) -> list[Examination | PictureError]:
        """What the networks say of each, or why they cannot, without asking whether it shows anything: a view of a
        region may be as dark as it is.

        The time of a stage is each picture's own for what is done to it alone, and else that of its batch.
        """
        watch = Stopwatch(self._clock)
        gate = self._networks.classifier_spec
        found: list[Examination | PictureError] = []
        for at in range(0, len(parts), self.batch):
            inputs, times = [], []
            for part in parts[at : at + self.batch]:
                inputs.append(network_input(part, gate.input))
                times.append(StageTimes(preprocess_ms=watch.lap_ms()))
            answers = self._gates.answers(inputs, (2,))
            took_ms = watch.lap_ms()
            for answer, time in zip(answers, times, strict=True):
                found.append(answer if isinstance(answer, PictureError) else self._gated(answer, time, took_ms))
        bad = [i for i, one in enumerate(found) if isinstance(one, Examination) and one.state is State.BAD]
        for i, marked in zip(bad, self.mark_many([(parts[i], found[i]) for i in bad]), strict=True):  # type: ignore[misc]
            found[i] = marked
        return found

    def mark_many(self, gated: Sequence[tuple[np.ndarray, Examination]]) -> list[Examination | PictureError]:
        """What the gate has said of each part, with what the segmenter says of it, or why it cannot."""
        watch, marking = Stopwatch(self._clock), self.marking
        shape = (1, marking.input.height, marking.input.width)
        found: list[Examination | PictureError] = []
        size = marked_at_once(self.batch)
        for at in range(0, len(gated), size):
            inputs, gates = [], []
            for part, gate in gated[at : at + size]:
                inputs.append(network_input(part, marking.input))
                times = replace(gate.times, preprocess_ms=gate.times.preprocess_ms + watch.lap_ms())
                gates.append(replace(gate, times=times))
            answers = self._marks.answers(inputs, shape)
            took_ms = watch.lap_ms()
            for answer, gate in zip(answers, gates, strict=True):
                found.append(answer if isinstance(answer, PictureError) else self._marked(answer, gate, took_ms))
        return found

    def _gated(self, logits: np.ndarray, times: StageTimes, took_ms: float) -> Examination:
        gate = self._networks.classifier_spec
        score = float(_sigmoid(np.float64(logits[1] - np.float64(logits[0])) / gate.temperature))
        state = State.GOOD if score < gate.threshold else State.BAD
        return Examination(state, score, None, None, replace(times, classify_ms=took_ms))

    def _marked(self, logits: np.ndarray, gate: Examination, took_ms: float) -> Examination:
        probability = _sigmoid(logits[0])
        mask = (probability > self.marking.threshold).astype(np.uint8)
        times = replace(gate.times, segment_ms=took_ms)
        return replace(gate, probability=probability, mask=mask, times=times)

    def _said(self, cut: _Cut | PictureError, seen: Examination | PictureError) -> Verdict:
        if isinstance(cut, PictureError) or isinstance(seen, PictureError):
            return replace(self._verdict(State.UNKNOWN, None), reason=str(seen))
        if seen.state is State.GOOD:
            return replace(self._verdict(State.GOOD, seen.score), times=seen.times)
        return self._bad(seen, cut.size, cut.box)

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


@dataclass(frozen=True)
class _Cut:
    """What of a picture is judged."""

    part: np.ndarray  # (h, w, 3) BGR uint8
    size: tuple[int, int]  # H, W of the whole picture
    box: Box


def _cut(picture: np.ndarray, region: Box | None) -> _Cut | PictureError:
    try:
        whole = to_bgr(picture)
    except PictureError as error:
        return error
    box = region or Box(0, 0, whole.shape[1], whole.shape[0])
    if refused := why_region_refused(whole, box):
        return PictureError(refused)
    part = whole[box.y0 : box.y1, box.x0 : box.x1]
    if refused := why_blind(part):
        return PictureError(refused)
    return _Cut(part, (whole.shape[0], whole.shape[1]), box)


def _sigmoid(logits: np.ndarray | np.float64) -> np.ndarray:
    # by tanh: exp overflows, and warns, for logits under -88
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * logits)))
