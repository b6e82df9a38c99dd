"""How often pictures are made: at most so many a second, and never for more than a share of a processor. Pure."""

from __future__ import annotations

SHARE_MOST = 0.25  # of a processor, for the pictures of one camera; wide ones come less often instead
SAVED = 3.0  # periods that may be saved up: after one frame in ten that is judged 40 ms later, all others would wait


class Pace:
    """When the next picture may be made (generic cell rate algorithm, ITU-T I.371)."""

    def __init__(self, per_s: float) -> None:
        self.period_s = 1.0 / per_s
        self._due_s = float("-inf")

    def made(self, now_s: float, work_s: float = 0.0) -> float:
        """How long to wait after a picture that was begun at `now_s` and took `work_s` of a processor."""
        period_s = max(self.period_s, work_s / SHARE_MOST)
        self._due_s = max(self._due_s, now_s) + period_s
        return max(0.0, self._due_s - SAVED * period_s - now_s)
