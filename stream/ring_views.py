"""The rings of a runtime folder as roles see them that only read: mapped when first needed, anew when replaced."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from stream.messages import FrameRef
from stream.ring import Ring, RingError, TornError


class RingViews:
    """The rings of a runtime folder, mapped when first needed, for roles that read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._rings: dict[str, tuple[int, Ring]] = {}

    def ring(self, name: str) -> Ring:
        """The ring of that file name. Raises TornError where it is gone: its pictures are, too."""
        path = f"{self._folder}/{os.path.basename(name)}"  # noqa: PTH119  # asked for each frame, and a Path is slow
        try:
            inode = os.stat(path).st_ino  # noqa: PTH116
        except OSError as error:
            raise TornError(f"{name}: the ring is gone") from error
        known = self._rings.get(name)
        if known is None or known[0] != inode:
            if known is not None:
                known[1].close()
            try:
                self._rings[name] = (inode, Ring.view(Path(path)))
            except RingError as error:
                raise TornError(str(error)) from error
        return self._rings[name][1]

    def picture(self, frame: FrameRef) -> np.ndarray:
        """A copy of a frame's pixels (H, W, 3) uint8. Raises TornError where they are gone."""
        return self.ring(frame.ring).copy(frame.slot, frame.lock, frame.height, frame.width)

    def close(self) -> None:
        for _, ring in self._rings.values():
            ring.close()
        self._rings.clear()
