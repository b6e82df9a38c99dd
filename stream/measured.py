"""What the recorder measures of itself and of what it hears, for /metrics. Pure: it is told the times."""

from __future__ import annotations

from collections.abc import Callable

from stream.histogram import Counting
from stream.messages import CameraFigures, Judged, RecorderFigures
from stream.run_book import RunBook


class Measured:
    """Histograms since this recorder began; another one begins anew."""

    def __init__(self, recorder: str, free_bytes: Callable[[], int]) -> None:
        """`recorder`: its name, which another one has not; `free_bytes`: on the disk of the log."""
        self._recorder = recorder
        self._free_bytes = free_bytes
        self._latencies: dict[str, Counting] = {}
        self._ages: dict[str, Counting] = {}
        self._commits = Counting()

    def judged(self, judged: Judged, book: RunBook) -> None:
        """A verdict that entered the books; of challenges, which are no product, none."""
        if book.challenge:
            return
        frame = judged.frame
        if judged.judged_mono_ns > frame.captured_mono_ns:
            seconds = (judged.judged_mono_ns - frame.captured_mono_ns) / 1e9
            self._latencies.setdefault(frame.camera, Counting()).add(seconds)
        if judged.taken_mono_ns > frame.captured_mono_ns:
            seconds = (judged.taken_mono_ns - frame.captured_mono_ns) / 1e9
            self._ages.setdefault(frame.camera, Counting()).add(seconds)

    def committed(self, seconds: float) -> None:
        """A commit is on disk; it took so long."""
        self._commits.add(seconds)

    def taken(self, evidence_waiting: int) -> RecorderFigures:
        """As all of it stands."""
        cameras = dict.fromkeys((*self._latencies, *self._ages))
        return RecorderFigures(
            recorder=self._recorder,
            cameras=tuple(
                CameraFigures(name, _of(self._latencies, name).taken(), _of(self._ages, name).taken())
                for name in cameras
            ),
            commits=self._commits.taken(),
            evidence_waiting=evidence_waiting,
            disk_free_bytes=self._free_bytes(),
        )


def _of(known: dict[str, Counting], name: str) -> Counting:
    return known.get(name) or Counting()
