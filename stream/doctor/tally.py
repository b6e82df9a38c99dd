"""What a camera sent while it was tried: counted, compared, the last picture kept."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stream.doctor.scene import SeenCamera
from stream.sources.source import Picture


@dataclass
class Tally:
    """What a camera sent so far."""

    pictures: int = 0
    left_out: int = 0  # beside them: they came, and were not decoded
    damaged: int = 0
    problem: str = ""  # of the last damaged one
    alike: int = 0  # pictures with the very pixels of the first
    first_s: float = 0.0  # when the first came; of a recording: its own time
    last_s: float = 0.0
    first: np.ndarray | None = None  # every fourth row of the first: enough to tell it from another
    last: np.ndarray | None = None
    waits: str = ""  # for what, where it sends pictures only when it is told to
    reason: str = ""  # why it ended, where that was no wish of ours

    def take(self, picture: Picture, now_s: float) -> None:
        self.first_s = self.first_s if self.pictures else now_s
        self.pictures, self.last_s = self.pictures + 1, now_s
        if picture.problem is not None:
            self.damaged, self.problem = self.damaged + 1, picture.problem
            return
        self.last = picture.pixels.copy()
        if self.first is None:
            self.first = self.last[::4]
        self.alike += np.array_equal(self.last[::4], self.first)

    @property
    def rate(self) -> float:
        """Pictures a second, as they come."""
        span_s = self.last_s - self.first_s
        return (self.pictures + self.left_out - 1) / span_s if self.pictures > 1 and span_s > 0 else 0.0


def seen_in(tally: Tally) -> SeenCamera:
    """What the other areas want to know. Pure."""
    height, width = (0, 0) if tally.last is None else tally.last.shape[:2]
    return SeenCamera(tally.pictures, tally.rate, width, height, last=tally.last)
