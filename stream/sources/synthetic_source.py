"""`synthetic:` as a camera: the drawn line, at its own pace, endless and seeded."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl

from stream.sources.source import Picture, SourceError
from stream.sources.synthetic.belt import Belt
from stream.sources.synthetic.faults import DAMAGED, KINDS, Fault, shown_index, spoilt, with_rails

KNOWN = "seed, fps, size, scratched, frames, rails, fault, fault_at, fault_frames"
WHOLE = ("seed", "frames", "rails", "fault_at", "fault_frames")


@dataclass(frozen=True)
class Wish:
    """What the address asks for: `synthetic:?seed=3&fps=30&size=1920x1080&scratched=0.3&frames=600`.

    `rails=1` draws rails beside the belt; `fault=black&fault_at=500&fault_frames=100` lets the camera fail for a while.
    """

    seed: int = 0
    fps: float = 25.0
    width: int = 1280
    height: int = 720
    scratched: float = 0.35  # share of the parts
    frames: int | None = None  # None: endless
    rails: int = 0
    fault: str = ""  # one of KINDS
    fault_at: int = 0
    fault_frames: int = 10**9


class SyntheticCamera:
    """The drawn line as a camera: a picture is due at its time, whether or not the last one was taken in time."""

    def __init__(self, address: str) -> None:
        self._wish = wish_in(address)
        w = self._wish
        self._belt = Belt(w.width, w.height, w.fps, w.seed, w.scratched)
        self._fault = Fault(w.fault, w.fault_at, w.fault_frames) if w.fault else None
        self._closed = False

    def pictures(self, first_index: int = 0) -> Iterator[Picture]:
        """Never in a burst: after a delay the next picture comes at once, and the pace goes on from there."""
        index = 0
        due_s = time.monotonic()
        while not self._closed and (self._wish.frames is None or index < self._wish.frames):
            due_s = max(due_s, time.monotonic() - 1 / self._wish.fps)
            while not self._closed and (left_s := due_s - time.monotonic()) > 0:
                time.sleep(min(left_s, 0.1))
            if self._closed:
                return
            yield self._picture(index)
            index, due_s = index + 1, due_s + 1 / self._wish.fps

    def close(self) -> None:
        self._closed = True

    def _picture(self, index: int) -> Picture:
        fault = self._fault
        pixels = self._belt.frame(shown_index(fault, index))
        if self._wish.rails:
            pixels = with_rails(pixels)
        damaged = fault is not None and fault.kind == "corrupt" and fault.touches(index)
        problem = DAMAGED if damaged else None
        return Picture(spoilt(pixels, fault, index), index, index / self._wish.fps, problem)


def wish_in(address: str) -> Wish:
    """What a `synthetic:` address asks for. Raises SourceError (final) where it cannot be read."""
    fields = {}
    for key, value in parse_qsl(address.removeprefix("synthetic:").removeprefix("?"), keep_blank_values=True):
        try:
            fields.update(_field(key, value))
        except (KeyError, ValueError):
            said = f"synthetic: cannot read {key}={value}; known: {KNOWN}, as in synthetic:?seed=3&size=1920x1080"
            raise SourceError(said, final=True) from None
    return Wish(**fields)  # type: ignore[arg-type]


def _field(key: str, value: str) -> dict[str, int | float | str]:
    if key == "fault":
        if value not in KINDS:
            raise ValueError(value)
        return {key: value}
    if key == "size":
        width, height = (int(side) for side in value.split("x"))
        if not (64 <= width <= 8192 and 64 <= height <= 8192):
            raise ValueError(value)
        return {"width": width, "height": height}
    kind = {"fps": float, "scratched": float}.get(key, int)
    if key not in WHOLE and kind is int:
        raise KeyError(key)
    number = kind(value)
    if number < 0 or (key == "fps" and not 0 < number <= 1000) or (key == "scratched" and number > 1):
        raise ValueError(value)
    return {key: number}
