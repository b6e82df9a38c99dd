"""The pixels of judged frames for a display beside the ring: looked at where they lie, without a copy.

What was made of them counts only if the slot still holds the same picture afterwards.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from stream.messages import FrameRef, Judged
from stream.ring_views import RingViews


class NearViews:
    """The rings of a runtime folder."""

    def __init__(self, folder: Path) -> None:
        self._rings = RingViews(folder)

    @contextlib.contextmanager
    def seen(self, frame: FrameRef) -> Iterator[np.ndarray]:
        """The frame's pixels (H, W, 3) uint8, read-only, in the ring itself.

        Raises TornError where they are gone, and at the end where they may have changed meanwhile.
        """
        ring = self._rings.ring(frame.ring)
        yield ring.pixels(frame.slot, frame.lock, frame.height, frame.width)
        ring.check(frame.slot, frame.lock)

    def ours(self, judged: Judged) -> Judged:
        """The same: whoever sees the ring has its clock."""
        return judged

    def close(self) -> None:
        """May be called twice; the next picture maps its ring again."""
        self._rings.close()
