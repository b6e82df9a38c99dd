"""Whether a line under soak has judged of every camera what it was shown, as its log has it. Looks; touches nothing."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from pathlib import Path

from stream.log_error import LogError
from stream.log_reading import reading

from .soak_truth import CameraTruth

EVERY_S = 0.5
ASKED = "SELECT DISTINCT camera, outcome FROM ledger WHERE outcome IN ('GOOD', 'BAD')"


class Judged:
    """Asks the log now and then, until it has seen all."""

    def __init__(self, data_dir: Path, cameras: Sequence[CameraTruth]) -> None:
        self._data_dir = data_dir
        self._wanted = wanted(cameras)
        self._due_s = 0.0

    def all(self) -> bool:
        """Whether each camera has a frame of each kind that it shows."""
        if self._wanted and time.monotonic() >= self._due_s:
            self._due_s = time.monotonic() + EVERY_S
            self._wanted -= set(self._found())
        return not self._wanted

    def _found(self) -> Collection[tuple[str, str]]:
        try:
            with reading(self._data_dir) as log:
                return [(camera, outcome) for camera, outcome in log.execute(ASKED)]
        except LogError:
            return []  # not there yet, or locked just now


def wanted(cameras: Sequence[CameraTruth]) -> set[tuple[str, str]]:
    """Camera and outcome that a healthy line comes to see. Pure."""
    good = {(camera.name, "GOOD") for camera in cameras if camera.bad_share < 1}
    return good | {(camera.name, "BAD") for camera in cameras if camera.bad_share > 0}
