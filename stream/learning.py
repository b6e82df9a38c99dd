"""Good pictures → the limits of their camera. Pure: told of each picture and when it came, it gives what was learnt.

Each limit lies clear of everything that was seen. Where that leaves no room, or there was too little to see, it says
that this fault cannot be told from this camera's pictures.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from detector.verdict import Box
from stream.glimpse import Glimpse, noise_in
from stream.health_checks import NOISY_PAIRS, Sharpness, light_step
from stream.learnt import Learnt, Standing
from stream.standing import Recent, alike, detail

LEAST_PICTURES = 50
MOMENTS_MOST, STEPS_MOST = 700, 100_000  # that are kept, however long it learns; a minute has 600 moments
DARK_SHARE, DARK_FROM = 0.4, 8.0  # of the darkest picture that was seen; a scene that is nearly black may be so
BURNT_ROOM, BURNT_CLEAR = 0.35, 0.95  # more burnt-out pixels than ever seen, by this share; past this it is no limit
FLICKER_ROOM, FLICKER_LEAST, FLICKER_CLEAR = 2.5, 0.04, 0.6
SHARP_SHARE, TELLING_LEAST = 0.55, 25  # of the least sharp moment; pictures with something to see
STANDS_GREY, STANDS_TIMES = 4.0, 2.0  # detail that stands out from what is around it, and from its own changes
STANDS_LEAST = 150  # places of the small picture
ALIKE_SHARE, ALIKE_LEAST = 0.7, 0.5  # of the moment that was least like the mean
STILL_GREY, PASSING_SHARE = 6.0, 0.02  # what changes by more than noise, in so much of the picture: something passed


@dataclass
class Thinned:
    """Evenly spread, as many of all that it is given as there is room for."""

    most: int
    kept: list[Any] = field(default_factory=list)
    _given: int = 0
    _every: int = 1

    def add(self, one: object) -> None:
        if self._given % self._every == 0:
            self.kept.append(one)
        self._given += 1
        if len(self.kept) > self.most:
            self.kept = self.kept[::2]
            self._every *= 2


@dataclass
class Learning:
    """What was seen so far of one camera."""

    camera: str
    judged: tuple[Box, ...] = ()
    control: str = ""  # as of Learnt
    pictures: int = 0
    _size: str = ""
    _darkest: float = math.inf
    _burnt: float = 0.0
    _steps: Thinned = field(default_factory=lambda: Thinned(STEPS_MOST))
    _softest: float = math.inf
    _telling: int = 0  # pictures with something to see
    _blind: int = 0
    _equal: int = 0
    _noisy: int = 0
    _before: Glimpse | None = None
    _sharpness: Sharpness = field(default_factory=Sharpness)
    _recent: Recent = field(default_factory=Recent)
    _moments: Thinned = field(default_factory=lambda: Thinned(MOMENTS_MOST))  # small, uint8, each the mean of a moment

    def add(self, pixels: np.ndarray, now_s: float) -> None:
        """One more picture (H, W, 3) BGR uint8. Raises ValueError where its size is another one."""
        seen = Glimpse(pixels, self.judged)
        if self._size not in ("", seen.size):
            raise ValueError(f"the pictures changed their size from {self._size} to {seen.size} px while it learnt")
        self._size = seen.size
        self.pictures += 1
        self._darkest = min(self._darkest, seen.level)
        self._burnt = max(self._burnt, seen.burnt)
        self._blind += seen.blind != ""
        if (before := self._before) is not None:
            self._steps.add(abs(light_step(seen.cells, before.cells)))
            self._equal += np.array_equal(seen.bands, before.bands)
            self._noisy += noise_in(seen.bands, before.bands)
        if (sharp := self._sharpness.step(seen, now_s)) is not None:
            self._softest, self._telling = min(self._softest, sharp), self._telling + 1
        if (moment := self._recent.step(seen, now_s)) is not None:
            self._moments.add(np.rint(moment).astype(np.uint8))
        seen.forget()
        self._before = seen

    def learnt(self, made_utc: str) -> Learnt:
        """The limits. Raises ValueError where the pictures are too few, or no good ones."""
        if self.pictures < LEAST_PICTURES:
            raise ValueError(f"{self.pictures} pictures are too few, {LEAST_PICTURES} are wanted; take more seconds")
        if self._blind > self.pictures // 2:
            raise ValueError("most pictures are black or burnt out; check lamp, lens cap and exposure, then try again")
        width, height = map(int, self._size.split("x"))
        not_told: list[str] = []
        return Learnt(
            camera=self.camera,
            made_utc=made_utc,
            pictures=self.pictures,
            width=width,
            height=height,
            level_least=self._dark(not_told),
            burnt_most=self._most_burnt(not_told),
            noisy=self._equal == 0 and self._noisy >= max(NOISY_PAIRS, 0.9 * (self.pictures - 1)),
            flicker_most=self._flicker(not_told),
            sharpness_least=self._sharpest(not_told),
            standing=self._standing(not_told),
            not_told=tuple(not_told),
            control=self.control,
        )

    def _dark(self, not_told: list[str]) -> float | None:
        if self._blind == 0 and self._darkest >= DARK_FROM:
            return DARK_SHARE * self._darkest
        not_told.append("black: good pictures are nearly black, too")
        return None

    def _most_burnt(self, not_told: list[str]) -> float | None:
        most = self._burnt + BURNT_ROOM
        if self._blind == 0 and most <= BURNT_CLEAR:
            return most
        not_told.append("blinded: good pictures are largely burnt out, too")
        return None

    def _flicker(self, not_told: list[str]) -> float | None:
        most = max(FLICKER_LEAST, FLICKER_ROOM * float(np.quantile(self._steps.kept, 0.99)))
        if most <= FLICKER_CLEAR:
            return most
        not_told.append("flicker: good pictures differ as much in brightness from one to the next")
        return None

    def _sharpest(self, not_told: list[str]) -> float | None:
        if self._telling < TELLING_LEAST:
            not_told.append("focus: too few edges were seen; let parts pass while it learns")
            return None
        return max(SHARP_SHARE * self._softest, 1e-6)

    def _standing(self, not_told: list[str]) -> Standing | None:
        found, why = standing_in(self._moments.kept)
        if found is None:
            not_told.append(f"moved: {why}")
        return found


def standing_in(moments: list[np.ndarray]) -> tuple[Standing | None, str]:
    """What stays in its place in all of these small pictures (h, w) uint8; else None, and why."""
    if len(moments) < 10:
        return None, "too little time to see what stays in its place"
    stack = np.stack(moments)
    mean = stack.mean(axis=0, dtype=np.float32)
    if float(np.mean(np.ptp(stack, axis=0) >= STILL_GREY)) < PASSING_SHARE:
        return None, "nothing passed, so nobody knows what would stay; let the line run while it learns"
    details = np.stack([detail(moment.astype(np.float32)) for moment in moments])
    usual = details.mean(axis=0)
    places = np.abs(usual) >= np.maximum(STANDS_GREY, STANDS_TIMES * details.std(axis=0))
    if np.count_nonzero(places) < STANDS_LEAST:
        return None, "nothing in the picture stays in its place while the line runs"
    known = detail(np.rint(mean))[places]
    least = min(alike(one[places], known) for one in details)
    if least < ALIKE_LEAST:
        return None, "what stays in its place is hidden too often"
    height, width = mean.shape
    picture = np.rint(mean).astype(np.uint8).tobytes()
    return Standing(width, height, picture, places.astype(np.uint8).tobytes(), ALIKE_SHARE * least), ""
