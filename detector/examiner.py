"""What the two networks say of pictures, at their own sizes.

In shapes that never change: a batch that is not full is filled up with zeros, so that no answer depends on how many
pictures came together, nor on which. Where both networks see a picture alike, it is resized once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from detector.batches import Batches, marked_at_once
from detector.engines.network import Network
from detector.errors import PictureError
from detector.preprocess import network_input
from detector.stages import ClassifierSpec, SegmenterSpec
from detector.verdict import StageTimes, State


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


class Examiner:
    """Both networks, in batches. Not to be used by two threads at once."""

    def __init__(self, networks: Networks, clock: Callable[[], float], batch: int) -> None:
        """`batch`: pictures that the classifier is given at once, always; the segmenter gets `marked_at_once` of it."""
        self._gate, self._marking = networks.classifier_spec, networks.segmenter_spec
        self._gates = Batches("classifier", networks.classifier, batch)
        self._marks = Batches("segmenter", networks.segmenter, marked_at_once(batch))
        self._batch = batch
        self._clock = clock

    def look_many(self, parts: Sequence[np.ndarray]) -> list[Examination | PictureError]:
        """What the networks say of each, or why they cannot, without asking whether it shows anything: a view of a
        region may be as dark as it is.

        The time of a stage is each picture's own for what is done to it alone, and else that of its batch.
        """
        watch = Stopwatch(self._clock)
        found: list[Examination | PictureError] = []
        shown: dict[int, np.ndarray] = {}  # what the gate was shown of the BAD ones, where the segmenter sees the same
        for at in range(0, len(parts), self._batch):
            inputs, times = [], []
            for part in parts[at : at + self._batch]:
                inputs.append(network_input(part, self._gate.input))
                times.append(StageTimes(preprocess_ms=watch.lap_ms()))
            answers = self._gates.answers(inputs, (2,))
            took_ms = watch.lap_ms()
            for seen, answer, time in zip(inputs, answers, times, strict=True):
                one = answer if isinstance(answer, PictureError) else self._gated(answer, time, took_ms)
                if isinstance(one, Examination) and one.state is State.BAD and self._gate.input == self._marking.input:
                    shown[len(found)] = seen
                found.append(one)
        bad = [(i, one) for i, one in enumerate(found) if isinstance(one, Examination) and one.state is State.BAD]
        marked = self._marked_each([(parts[i], one, shown.get(i)) for i, one in bad])
        for (i, _), one in zip(bad, marked, strict=True):
            found[i] = one
        return found

    def mark_many(self, gated: Sequence[tuple[np.ndarray, Examination]]) -> list[Examination | PictureError]:
        """What the gate has said of each part, with what the segmenter says of it, or why it cannot."""
        return self._marked_each([(part, gate, None) for part, gate in gated])

    def _marked_each(
        self, gated: Sequence[tuple[np.ndarray, Examination, np.ndarray | None]]
    ) -> list[Examination | PictureError]:
        """Each part, what the gate says of it, and the segmenter's input where it is made already."""
        watch, marking = Stopwatch(self._clock), self._marking
        shape = (1, marking.input.height, marking.input.width)
        found: list[Examination | PictureError] = []
        size = marked_at_once(self._batch)
        for at in range(0, len(gated), size):
            inputs, gates = [], []
            for part, gate, shown in gated[at : at + size]:
                inputs.append(network_input(part, marking.input) if shown is None else shown)
                times = replace(gate.times, preprocess_ms=gate.times.preprocess_ms + watch.lap_ms())
                gates.append(replace(gate, times=times))
            answers = self._marks.answers(inputs, shape)
            took_ms = watch.lap_ms()
            for answer, gate in zip(answers, gates, strict=True):
                found.append(answer if isinstance(answer, PictureError) else self._marked(answer, gate, took_ms))
        return found

    def _gated(self, logits: np.ndarray, times: StageTimes, took_ms: float) -> Examination:
        gate = self._gate
        score = float(_sigmoid(np.float64(logits[1] - np.float64(logits[0])) / gate.temperature))
        state = State.GOOD if score < gate.threshold else State.BAD
        return Examination(state, score, None, None, replace(times, classify_ms=took_ms))

    def _marked(self, logits: np.ndarray, gate: Examination, took_ms: float) -> Examination:
        probability = _sigmoid(logits[0])
        mask = (probability > self._marking.threshold).astype(np.uint8)
        times = replace(gate.times, segment_ms=took_ms)
        return replace(gate, probability=probability, mask=mask, times=times)


def _sigmoid(logits: np.ndarray | np.float64) -> np.ndarray:
    # by tanh: exp overflows, and warns, for logits under -88
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * logits)))
