"""Which runs a recorder may begin a book for while it cannot open its log: those that the log has nothing of.

An empty book for a run that is on record would overwrite its digest and count its frames twice. No clock is asked: a
run is named by the time of its beginning, and a clock can be set back. Where the log can be read, the log says. Where
it cannot, a run is new that lay in no ring when this recorder began: whatever an earlier recorder heard of a run, a
ring held it before, and held it until the run was settled; what comes of a settled run is a verdict said again, and no
capture reports such a run any more.
"""

from __future__ import annotations

import contextlib
import logging
import time
from pathlib import Path

from stream.abandoned import Left, Run
from stream.defect_log import LOG_ERRORS, open_for_reading

log = logging.getLogger("linewatch")
RETRY_S = 1.0


class Unopened:
    """What is known of a log that cannot be written. `left`: what the rings held when the recorder began."""

    def __init__(self, data_dir: Path, here: set[str], left: Left) -> None:
        """`here`: the cameras whose rings lie on this computer."""
        self._data_dir = data_dir
        self._visible = here - left.doubtful
        self._held = left.runs
        self._reported: set[Run] = set()  # by a living capture, and in no ring before
        self._on_record: frozenset[Run] | None = None
        self._retry_at_s = 0.0

    def new(self, camera: str, run: int, *, by_capture: bool) -> bool:
        """Whether the log has nothing of the run. `by_capture`: its capture says that it is not settled."""
        if (on_record := self._read()) is not None:
            return (camera, run) not in on_record
        if by_capture and camera in self._visible and (camera, run) not in self._held:
            self._reported.add((camera, run))
        return (camera, run) in self._reported

    def _read(self) -> frozenset[Run] | None:
        """The runs in the log, read once: nobody else writes it. None where it cannot be read."""
        now_s = time.monotonic()
        if self._on_record is None and now_s >= self._retry_at_s:
            self._retry_at_s = now_s + RETRY_S
            try:
                with contextlib.closing(open_for_reading(self._data_dir)) as db:
                    self._on_record = frozenset(db.execute("SELECT camera, run FROM runs"))
            except LOG_ERRORS as error:
                log.debug("%s", error)
        return self._on_record
