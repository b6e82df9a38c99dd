"""Which GOOD frames are kept with their picture: by chance, and of those that were nearly BAD more. Pure.

A frame has one number between 0 and 1, a hash of its name, and is kept where that lies below the chance of the moment:
no random state, so a recorder that was killed chooses the same again. The chance follows the rate at which frames come
(by the clock on the wall, however fast a recording is played), so that about 3 in 4 of the stated number an hour are
chosen; a bucket of tokens makes the stated number the most. What a frame's chance was is on record with each sample: an
estimate weights it by that.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from math import exp

from stream.settings import SamplesSettings

RANDOM, NEAR = "random", "near"
HOUR_S = 3600.0
SLICE_S = 60.0  # a rate is looked at so often
MEMORY_S = 600.0  # and forgotten in about this time
UNKNOWN_PER_HOUR = 128 * HOUR_S  # before the first look: a chance that is too small costs less than one too large
USED = 0.75  # of the stated number: what comes in bursts must fit into the bucket, too
BURST = 0.25  # of an hour's number, that the bucket holds; at least 1


def number_of(camera: str, run: int, seq: int) -> float:
    """The number of a frame, 0 <= n < 1, evenly spread."""
    name = hashlib.blake2b(f"{camera}/{run}/{seq}".encode(), digest_size=7).digest()
    return int.from_bytes(name, "big") / (1 << 56)


@dataclass(frozen=True)
class Chosen:
    """A frame is to be kept."""

    why: str  # random | near
    chance: float  # with which a GOOD frame like this one was chosen just then


@dataclass(frozen=True)
class Before:
    """What the log says of one kind of samples of a camera."""

    last_hour: int = 0  # how many were kept in the last hour
    chance: float | None = None  # of the newest one


class Share:
    """The chance of one kind of frames, and the tokens that are left of its hour."""

    def __init__(self, per_hour: float, now_s: float, before: Before) -> None:
        self._per_hour = per_hour
        self._most = max(1.0, per_hour * BURST)
        self._tokens = max(0.0, self._most - before.last_hour)
        self._filled_s = self._slice_s = now_s
        self._seen = 0  # in this slice
        self._rate = USED * per_hour / before.chance if before.chance else UNKNOWN_PER_HOUR  # frames an hour

    def chance(self, now_s: float) -> float:
        """For the frame that has just come."""
        if not self._per_hour:
            return 0.0
        if now_s - self._slice_s >= SLICE_S:
            self._look(now_s)
        self._seen += 1
        least_rate = self._seen * HOUR_S / SLICE_S  # the slice is not over: a burst is noticed while it lasts
        return min(1.0, USED * self._per_hour / max(self._rate, least_rate))

    def take(self, now_s: float) -> bool:
        """Whether one more may be kept in this hour."""
        self._tokens = min(self._most, self._tokens + (now_s - self._filled_s) * self._per_hour / HOUR_S)
        self._filled_s = now_s
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True

    def _look(self, now_s: float) -> None:
        took_s = now_s - self._slice_s
        old, rate = exp(-took_s / MEMORY_S), self._seen * HOUR_S / took_s
        if self._rate == UNKNOWN_PER_HOUR:
            old = 0.0
        self._rate = max(1.0, old * self._rate + (1 - old) * rate)
        self._slice_s, self._seen = now_s, 0


class Choice:
    """Chooses among the GOOD frames of one camera."""

    def __init__(self, settings: SamplesSettings, now_s: float, random: Before, near: Before) -> None:
        self._near_by = settings.near
        self._random = Share(settings.random_per_hour, now_s, random)
        self._near = Share(settings.near_per_hour, now_s, near)

    def of(self, number: float, score: float | None, threshold: float | None, now_s: float) -> Chosen | None:
        """Whether a GOOD frame is kept; `number` is its own, `now_s` of a clock that nobody sets."""
        random = self._random.chance(now_s)
        is_near = score is not None and threshold is not None and score >= threshold - self._near_by
        near = self._near.chance(now_s) if is_near else 0.0
        chance = max(random, near)
        if number >= chance:
            return None
        if number < random and self._random.take(now_s):
            return Chosen(RANDOM, chance)
        return Chosen(NEAR, chance) if number < near and self._near.take(now_s) else None
