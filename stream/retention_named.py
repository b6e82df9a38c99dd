"""Frames that people have just reviewed or pinned, from when the recorder hears of it until the log surely says so.

Heard in the recorder's loop, asked by the thread that deletes.
"""

from __future__ import annotations

from stream.acts import frame_of
from stream.log_batch import Batch, Frame

KINDS = ("review", "pin")
KEPT_S = 60.0  # after an act was seen waiting for the disk: its commit has come by then, or it waits again


class Named:
    """The frames of acts that may not be in the log yet."""

    def __init__(self) -> None:
        self._frames: dict[Frame, float] = {}  # when each was heard last
        self._heard: tuple[Batch | None, int] = (None, 0)

    def hear(self, batch: Batch, now_s: float) -> None:
        """Looks at the acts that wait, where some have come."""
        last, count = self._heard
        if batch is not last or len(batch.acts) != count:
            self._heard = (batch, len(batch.acts))
            for act in batch.acts.values():
                subject = frame_of(act.subject) if act.kind in KINDS else None
                if subject is not None:
                    self._frames[subject.camera, subject.run, subject.seq] = now_s

    def forget(self, batch: Batch, now_s: float) -> None:
        """What was heard long ago and does not wait any more."""
        self._frames = {frame: heard_s for frame, heard_s in self._frames.items() if now_s - heard_s < KEPT_S}
        self._heard = (None, 0)
        self.hear(batch, now_s)

    def frames(self) -> tuple[Frame, ...]:
        """For another thread: taken in one step."""
        return tuple(self._frames)
