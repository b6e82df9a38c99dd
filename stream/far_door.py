"""The door of a capture on another host: its times become ours, and the pictures that came along are kept in hand.

Knows no socket; feed.py owns those.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from stream.far_clock import FarClock
from stream.messages import FrameRef, Key, Lease, SentPicture, Waiting

ANSWER_S = 2.0  # an ask unanswered for so long is asked again: a link must carry a frame in less
IN_HAND_MAX = 8  # pictures kept; only one is asked for at a time, another may come of an ask that was repeated


@dataclass(frozen=True)
class FarFrame:
    """A frame that came with its pixels. `offset_ns`: to be added to its times for those of this host."""

    sent: SentPicture
    offset_ns: int


@dataclass
class FarDoor:
    """One capture on another host."""

    clock: FarClock = field(default_factory=FarClock)
    now_ns: Callable[[], int] = time.monotonic_ns
    _frames: dict[Key, FarFrame] = field(default_factory=dict)

    def waiting(self, message: Waiting) -> Waiting:
        """The same with the oldest frame's time on this host's clock."""
        return _ours(message, self.clock.told(sent_ns=message.sent_mono_ns, arrived_ns=self.now_ns()))

    def leased(self, message: Lease) -> Lease:
        """The same; keeps its pictures. A frame without its picture is no frame: it cannot be judged here."""
        offset_ns = self.clock.answered(
            asked_ns=message.asked_mono_ns, sent_ns=message.waiting.sent_mono_ns, arrived_ns=self.now_ns()
        )
        pairs = list(zip(message.frames, message.pictures, strict=False))
        for frame, sent in pairs:
            self._frames[frame.key] = FarFrame(sent, offset_ns)
        while len(self._frames) > IN_HAND_MAX:
            del self._frames[next(iter(self._frames))]
        return msgspec.structs.replace(
            message, frames=tuple(frame for frame, _ in pairs), pictures=(), waiting=_ours(message.waiting, offset_ns)
        )

    def take(self, frame: FrameRef) -> FarFrame | None:
        """What came with the frame; None where it is gone."""
        return self._frames.pop(frame.key, None)


def _ours(waiting: Waiting, offset_ns: int) -> Waiting:
    oldest_ns = max(1, waiting.oldest_mono_ns + offset_ns) if waiting.oldest_mono_ns else 0
    return msgspec.structs.replace(waiting, oldest_mono_ns=oldest_ns)
