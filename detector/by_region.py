"""Judges a picture by its named regions: each by its views, and the frame's verdict from theirs.

Any BAD region makes the frame BAD; else any UNKNOWN one makes it UNKNOWN; else it is GOOD. The segmenter sees the BAD
views alone, of tiles also those into which a mask leads. The maps are stitched before defects are looked for, so that
one defect is one, whichever views it crosses; each bears the name of the region that most of it lies in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, field, replace

import numpy as np

from detector.batches import marked_at_once
from detector.cascade import Cascade
from detector.colour import to_bgr
from detector.components import Owners, defects_in
from detector.errors import PictureError
from detector.examiner import Examination, Stopwatch
from detector.preprocess import to_picture
from detector.regions import Region, Where
from detector.stitching import Piece, leads_into, stitch
from detector.verdict import Quad, RegionVerdict, StageTimes, State, Verdict
from detector.views import View, views_of


@dataclass
class _Seen:
    """What was seen of one picture so far."""

    pieces: list[Piece] = field(default_factory=list)
    hashes: list[str] = field(default_factory=list)  # of each BAD view's mask and place, in order
    times: StageTimes = field(default_factory=StageTimes)

    def took(self, times: StageTimes) -> None:
        self.times = StageTimes(*(a + b for a, b in zip(astuple(self.times), astuple(times), strict=True)))


@dataclass
class _Judged:
    """What was judged of one region so far."""

    name: str
    bad: bool = False
    scores: list[float] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)  # why a view, or all of it, is UNKNOWN
    passed: list[View] = field(default_factory=list)  # that were GOOD
    found: list[Quad] = field(default_factory=list)

    def verdict(self) -> RegionVerdict:
        if self.reasons and not self.bad:
            return RegionVerdict(self.name, State.UNKNOWN, None, self.reasons[0], tuple(self.found))
        state = State.BAD if self.bad else State.GOOD
        return RegionVerdict(self.name, state, max(self.scores, default=0.0), None, tuple(self.found))


class RegionJudge:
    """A cascade for frames with regions. `alive` is called before each batch of views: many of them take long."""

    def __init__(self, cascade: Cascade, clock: Callable[[], float], alive: Callable[[], None] = lambda: None) -> None:
        self._cascade = cascade
        self._clock = clock
        self._alive = alive

    def judge_many(self, pictures: Sequence[tuple[np.ndarray, Where]]) -> list[Verdict]:
        """The verdict on each, as `judge` gives it; those without named regions in batches."""
        plain = [(picture, where) for picture, where in pictures if not isinstance(where, tuple)]
        judged = iter(self._cascade.judge_many(plain))
        return [self.judge(picture, where) if isinstance(where, tuple) else next(judged) for picture, where in pictures]

    def judge(self, picture: np.ndarray, where: Where = None) -> Verdict:
        """The verdict on picture (H, W, 3) BGR uint8, or any other that `to_bgr` takes; never raises for a picture."""
        if not isinstance(where, tuple):
            return self._cascade.judge(picture, where)
        try:
            frame = to_bgr(picture)
        except PictureError as error:
            return self._verdict(State.UNKNOWN, None, (), reason=str(error))
        seen = _Seen()
        regions = tuple(self._region(region, number, frame, seen) for number, region in enumerate(where))
        state = worst(regions)
        if state is not State.BAD:
            score = max((one.score for one in regions if one.score is not None), default=0.0)
            score_or_none = score if state is State.GOOD else None
            return replace(self._verdict(state, score_or_none, regions, reason=said_of(regions)), times=seen.times)
        return self._bad(frame, regions, seen)

    def _region(self, region: Region, number: int, frame: np.ndarray, seen: _Seen) -> RegionVerdict:
        """The verdict on one region; what is BAD in it is added to `seen`."""
        one = _Judged(region.name)
        watch = Stopwatch(self._clock)
        try:
            for views in _in_batches(views_of(region, frame), self._cascade.batch):
                seen.took(StageTimes(preprocess_ms=watch.lap_ms()))
                one.found += [view.quad for view in views if view.quad]
                self._look(views, number, one, seen)
                watch.lap_ms()
        except PictureError as error:
            one.reasons.append(str(error))
        if one.bad and region.tiles is not None:
            self._follow(one.passed, number, seen)
        return one.verdict()

    def _look(self, views: list[View], number: int, one: _Judged, seen: _Seen) -> None:
        self._alive()
        for view, examined in zip(
            views, self._cascade.examiner.look_many([view.picture for view in views]), strict=True
        ):
            if isinstance(examined, PictureError):  # the other views may be BAD all the same
                one.reasons.append(str(examined))
                continue
            self._add(view, examined, number, seen)
            one.scores.append(examined.score)
            one.bad |= examined.state is State.BAD
            one.passed += [view] if examined.state is State.GOOD else []

    def _follow(self, passed: list[View], number: int, seen: _Seen) -> None:
        """Marks GOOD tiles of a BAD region, too, into which a mask leads: else a scratch would end at a tile's edge."""
        threshold = self._cascade.marking.threshold
        looked = [piece for piece in seen.pieces if piece.owner == number]
        while looked:
            piece = looked.pop(0)
            led = [view for view in passed if leads_into(piece, view.box, threshold)]
            passed = [view for view in passed if view not in led]
            for views in _in_batches(led, marked_at_once(self._cascade.batch)):
                self._alive()
                unseen = Examination(State.GOOD, 0.0, None, None, StageTimes())
                marked = self._cascade.examiner.mark_many([(view.picture, unseen) for view in views])
                for view, one in zip(views, marked, strict=True):
                    if isinstance(one, Examination):  # else: the region is BAD all the same
                        self._add(view, one, number, seen)
                        looked.append(seen.pieces[-1])

    def _add(self, view: View, examined: Examination, number: int, seen: _Seen) -> None:
        """What a view has shown; where it is BAD, its map and its hash."""
        seen.took(examined.times)
        if examined.probability is None or examined.mask is None:
            return
        watch = Stopwatch(self._clock)
        height, width = view.picture.shape[:2]
        probability = to_picture(examined.probability, height, width, self._cascade.marking.input)
        seen.pieces.append(Piece(view.box, view.back(probability), number))
        seen.hashes.append(view_sha256(examined.mask, view.place))
        seen.took(StageTimes(postprocess_ms=watch.lap_ms()))

    def _bad(self, frame: np.ndarray, regions: tuple[RegionVerdict, ...], seen: _Seen) -> Verdict:
        """The verdict on a BAD frame: the stitched mask and its defects, in the frame's pixels."""
        watch = Stopwatch(self._clock)
        spec = self._cascade.marking
        whole = stitch(seen.pieces)
        part = (whole.probability > spec.threshold).astype(np.uint8)
        mask = np.zeros(frame.shape[:2], np.uint8)
        mask[whole.box.y0 : whole.box.y1, whole.box.x0 : whole.box.x1] = part
        owners = Owners(whole.owners, tuple(region.name for region in regions))
        kind, least = self._cascade.defect_kind, spec.min_area_px
        defects = defects_in(part, whole.probability, kind=kind, min_area_px=least, at=whole.box, owners=owners)
        score = max(one.score for one in regions if one.score is not None)
        seen.took(StageTimes(postprocess_ms=watch.lap_ms()))
        return replace(
            self._verdict(State.BAD, score, regions, reason=said_of(regions)),
            defects=defects,
            mask=mask,
            mask_sha256=hashlib.sha256("".join(seen.hashes).encode("ascii")).hexdigest(),
            times=seen.times,
        )

    def _verdict(
        self, state: State, score: float | None, regions: tuple[RegionVerdict, ...], *, reason: str | None
    ) -> Verdict:
        one = self._cascade
        return Verdict(
            state, score, reason=reason, regions=regions, bundle_id=one.bundle_id, settings_id=one.settings_id
        )


def _in_batches(views: Iterable[View], size: int) -> Iterator[list[View]]:
    """So many at a time; what was found before an error comes before the error does."""
    batch: list[View] = []
    try:
        for view in views:
            batch.append(view)
            if len(batch) == size:
                yield batch
                batch = []
    except PictureError:
        if batch:
            yield batch
        raise
    if batch:
        yield batch


def worst(regions: Sequence[RegionVerdict]) -> State:
    """What a frame is whose regions are so: BAD before UNKNOWN before GOOD; UNKNOWN without a region."""
    states = {one.state for one in regions} or {State.UNKNOWN}
    return next(state for state in (State.BAD, State.UNKNOWN, State.GOOD) if state in states)


def said_of(regions: Sequence[RegionVerdict]) -> str | None:
    """Which regions are BAD, and why others are UNKNOWN; None where all are GOOD."""
    bad = [one.name for one in regions if one.state is State.BAD]
    said = [f"BAD in {', '.join(bad)}"] if bad else []
    said += [f"{one.name}: {one.reason}" for one in regions if one.state is State.UNKNOWN]
    return "; ".join(said) or None


def view_sha256(mask: np.ndarray, place: str) -> str:
    """Hex over a network-size mask (h, w) uint8 0/1 and where its view lies."""
    height, width = mask.shape
    head = f"{height},{width},{place};".encode("ascii")
    return hashlib.sha256(head + np.ascontiguousarray(mask, np.uint8).tobytes()).hexdigest()
