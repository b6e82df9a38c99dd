"""Judges a picture: the classifier gates, the segmenter marks what the gate holds to be BAD.

What they say is the examiner's (examiner.py); what it means for a picture is said here. Knows no file; open_cascade
(opening.py) builds one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from detector.colour import to_bgr
from detector.components import defects_in
from detector.errors import PictureError
from detector.examiner import Examination, Examiner, Networks, Stopwatch
from detector.preprocess import to_picture
from detector.refusals import why_blind, why_region_refused
from detector.stages import SegmenterSpec
from detector.verdict import Box, State, Verdict


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
        self.examiner = Examiner(networks, clock, batch)
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
        seen = iter(self.examiner.look_many([cut.part for cut in cuts if isinstance(cut, _Cut)]))
        return [self._said(cut, next(seen) if isinstance(cut, _Cut) else cut) for cut in cuts]

    def examine(self, part: np.ndarray) -> Examination:
        """What the networks say of part (H, W, 3) BGR uint8. Raises PictureError where it cannot be judged."""
        if refused := why_blind(part):
            raise PictureError(refused)
        [seen] = self.examiner.look_many([part])
        if isinstance(seen, PictureError):
            raise seen
        return seen

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
