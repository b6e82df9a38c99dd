"""What became of each picture of a recording: whole, damaged or lost. Pure: knows no decoder, only what one said.

A damaged picture spoils those that were coded after it, until the next key picture, as they copy from it. Coding order
is not display order, so a picture is held until everything that was coded before it is settled: a few pictures.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Generic, TypeVar

HELD_MOST = 64  # H.264 and HEVC reorder at most 16 pictures, FFmpeg decodes at most 16 at once; what is later is lost
Frame = TypeVar("Frame")


@dataclass
class Seen(Generic[Frame]):
    """One picture, in display order."""

    pts: int | None  # in units of the stream
    frame: Frame | None  # None: lost, nothing could be decoded
    damaged: bool


@dataclass
class _Coded(Generic[Frame]):
    pts: int | None
    key: bool
    corrupt: bool
    frame: Frame | None = None
    settled: bool = False  # decoded, or known to be lost
    damaged: bool | None = None  # None: not known yet


class Damage(Generic[Frame]):
    """Told of each coded and each decoded picture, it gives the pictures in display order, none missing."""

    def __init__(self) -> None:
        self._expected: dict[tuple[int, int], _Coded[Frame]] = {}  # (epoch, pts): coded, not decoded yet
        self._coded: deque[_Coded[Frame]] = deque()  # in coding order, from the first that is not settled
        self._shown: deque[_Coded[Frame]] = deque()  # in display order
        self._epoch = 0  # times that the clock of the recording went back: two files copied into one
        self._latest_key_pts: int | None = None
        self._spoilt = False  # something since the last key picture, in coding order
        self._spoilt_before = False  # the same before that key picture: for those coded after it and shown before it
        self._key_pts: int | None = None  # of that key picture

    def coded(self, pts: int, *, key: bool, corrupt: bool) -> list[Seen[Frame]]:
        """The next picture in coding order; gives what is now lost for certain."""
        if key:
            self._epoch += self._latest_key_pts is not None and pts < self._latest_key_pts
            self._latest_key_pts = pts
        picture: _Coded[Frame] = _Coded(pts, key, corrupt)
        if self._expected.setdefault((self._epoch, pts), picture) is picture:
            self._coded.append(picture)
        if len(self._expected) > HELD_MOST:
            self._lose(min(self._expected))
        return self._release()

    def decoded(self, pts: int | None, frame: Frame, *, key: bool, corrupt: bool) -> list[Seen[Frame]]:
        """The next picture in display order. Those that were expected before it will not come any more."""
        place = min((place for place in self._expected if place[1] == pts), default=None)
        if place is None:
            picture: _Coded[Frame] = _Coded(pts, key, corrupt)
            self._coded.append(picture)
        else:
            for earlier in sorted(self._expected):
                if earlier < place:
                    self._lose(earlier)
            picture = self._expected.pop(place)
            picture.key, picture.corrupt = picture.key and key, picture.corrupt or corrupt
        picture.frame, picture.settled = frame, True
        self._shown.append(picture)
        return self._release()

    def refused(self) -> list[Seen[Frame]]:
        """The decoder gave nothing for a picture that was not announced by `coded`."""
        picture: _Coded[Frame] = _Coded(None, False, True, settled=True)
        self._coded.append(picture)
        self._shown.append(picture)
        return self._release()

    def over(self) -> list[Seen[Frame]]:
        """The end: what is still expected is lost."""
        for place in sorted(self._expected):
            self._lose(place)
        return self._release()

    def _lose(self, place: tuple[int, int]) -> None:
        picture = self._expected.pop(place)
        picture.corrupt = picture.settled = True
        self._shown.append(picture)

    def _release(self) -> list[Seen[Frame]]:
        while self._coded and self._coded[0].settled:
            self._judge(self._coded.popleft())
        seen = []
        while self._shown and (damaged := self._shown[0].damaged) is not None:
            picture = self._shown.popleft()
            seen.append(Seen(picture.pts, picture.frame, damaged))
        return seen

    def _judge(self, picture: _Coded[Frame]) -> None:
        """In coding order."""
        if picture.key:
            self._spoilt_before, self._spoilt, self._key_pts = self._spoilt, False, picture.pts
        self._spoilt |= picture.corrupt
        leading = picture.pts is not None and self._key_pts is not None and picture.pts < self._key_pts
        picture.damaged = self._spoilt or (leading and self._spoilt_before)
