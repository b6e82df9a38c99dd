"""Coded pictures that wait for their numbers, which only decoding tells: up to as many as may wait to be decoded. Pure.

So a picture is written together with its number, or once it is known that none will come. What nobody decodes (it was
left out, or is damaged) is known by a later one that was shown: a decoder gives pictures in the order of time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from stream.sources.room import BYTES_MOST, HELD_MOST

REORDERED_MOST = 32  # pictures: H.264 reorders 16 at most; for those that a camera's clock that was set leaves behind
PICTURES_MOST = HELD_MOST + REORDERED_MOST  # what waits to be decoded, and what is in the decoder
CONTENT_MOST = BYTES_MOST + BYTES_MOST // 2  # bytes: the same


@dataclass(frozen=True)
class Packet:
    """One coded picture as it was read; times in units of its stream."""

    content: bytes
    pts: int | None
    dts: int | None
    key: bool
    utc_ns: int = 0  # when it was read


@dataclass(frozen=True)
class Lost:
    """Packets that came and could not be kept."""

    packets: int


@dataclass
class _Held:
    item: Packet | Lost
    settled: bool  # its number is told, or will not be
    seq: int | None = None

    @property
    def pts(self) -> int | None:
        return self.item.pts if isinstance(self.item, Packet) else None


class Holding:
    """What is taken comes out in the same order. Past the bounds the oldest goes out though its number is to come."""

    def __init__(self) -> None:
        self._held: deque[_Held] = deque()
        self._bytes = 0

    def take(self, item: Packet | Lost) -> None:
        """The next; one without a time has nothing that its number could be known by, and waits only for its turn."""
        self._held.append(_Held(item, settled=isinstance(item, Lost) or item.pts is None))
        self._bytes += _size(item)

    def number(self, pts: int | None, seq: int) -> bool:
        """The picture of that time has that number; False where none such waits."""
        places = (at for at, one in enumerate(self._held) if one.pts == pts and one.seq is None)
        place = next(places, None) if pts is not None else None
        if pts is None or place is None:
            return False
        for at, before in enumerate(islice(self._held, place)):
            passed = before.pts is not None and before.pts < pts
            before.settled = before.settled or passed or place - at > REORDERED_MOST
        self._held[place].seq, self._held[place].settled = seq, True
        return True

    def ready(self, *, over: bool = False) -> Iterator[tuple[Packet | Lost, int | None]]:
        """What waits no longer, with its number where it has one. `over`: all that is left."""
        while self._held and (over or self._held[0].settled or self._is_full()):
            held = self._held.popleft()
            self._bytes -= _size(held.item)
            yield held.item, held.seq

    def _is_full(self) -> bool:
        return len(self._held) > PICTURES_MOST or self._bytes > CONTENT_MOST


def _size(item: Packet | Lost) -> int:
    return len(item.content) if isinstance(item, Packet) else 0
