"""The evidence of BAD frames on its way to the disk: pixels taken at once, written one after the other by a thread.

A verdict whose picture is evidence enters the books only when that picture is on disk. Where the disk refuses, pictures
wait, up to a stated bound a camera. Knows rings, books and evidence.py; no socket.
"""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from detector.regions import Where
from stream.bookkeeping import Bookkeeping
from stream.evidence import description_hash, write_evidence
from stream.gentle import be_gentle
from stream.messages import Event, Judged
from stream.ring import TornError
from stream.ring_views import RingViews
from stream.sent_pictures import unpack
from stream.settings import RecorderSettings
from stream.wire import WireError, unpack_mask

log = logging.getLogger("linewatch")
RETRY_S = 1.0
STALLED_S = 2.0  # a picture that takes the disk longer is an alarm, and those behind it may be let go


@dataclass(eq=False)
class EvidenceJob:
    """A BAD frame whose picture must be on disk before its verdict is acknowledged."""

    judged: Judged
    picture: np.ndarray
    mask: np.ndarray | None
    where: Where
    future: Future[tuple[str, bytes]] | None = None  # its folder, and the hash of evidence.json
    since_s: float = 0.0  # when the disk was given it


class EvidenceDesk:
    """Evidence in hand. `error` says why the disk refuses, `unrecorded` how many frames went without their picture."""

    def __init__(
        self,
        data_dir: Path,
        views: RingViews,
        books: Bookkeeping,
        kept: RecorderSettings,
        mm_per_px: Mapping[str, float | None],
    ) -> None:
        """`mm_per_px` of each camera; None: it is not calibrated."""
        self._data_dir = data_dir
        self._mm_per_px = mm_per_px
        self._views = views
        self._books = books
        self._unrecorded_max = kept.unrecorded_bad_max
        self._min_free_bytes = kept.evidence_min_free_mb * 1_000_000
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="evidence", initializer=be_gentle)
        self._jobs: list[EvidenceJob] = []
        self._retry_at = 0.0
        self.error = ""
        self.unrecorded = 0

    def take(self, judged: Judged, where: Where) -> bool:
        """Takes the picture of a BAD frame; False where it is gone, and the verdict stands without it."""
        job = self._job(judged, where)
        if job is None:
            return False
        self._books.hold(judged)
        self._jobs.append(job)
        return True

    def held(self, camera: str) -> int:
        """How many BAD frames of the camera keep their slots until their picture is on disk."""
        return sum(job.judged.frame.camera == camera for job in self._jobs)

    @property
    def waiting(self) -> int:
        """Pictures that wait to be written."""
        return len(self._jobs)

    def busy(self) -> bool:
        """Whether something is not on disk yet that could get there."""
        return bool(self._jobs) and not self.error

    def close(self) -> None:
        self._writer.shutdown(wait=True, cancel_futures=True)

    def _job(self, judged: Judged, where: Where) -> EvidenceJob | None:
        """The job with the very pixels, taken now; None where they are gone."""
        frame = judged.frame
        try:
            sent = judged.picture
            picture = self._views.picture(frame) if sent is None else unpack(sent, frame.height, frame.width)
            packed = judged.verdict.mask
            mask = None if packed is None else unpack_mask(packed, frame.height, frame.width)
        except (TornError, WireError) as error:
            self._books.event(
                Event(frame.camera, frame.run, "evidence", f"frame {frame.seq}: none: {error}", time.time_ns())
            )
            return None
        return EvidenceJob(judged, picture, mask, where)

    def step(self) -> None:
        """One job at a time on the disk; each finished one lets its verdict into the next commit."""
        if not self._jobs:
            return
        job = self._jobs[0]
        if job.future is None:
            if self._waits_for_log(job):
                return
            if self.error and time.monotonic() < self._retry_at:
                self._let_go_surplus(self._jobs)
                return
            job.since_s = time.monotonic()
            job.future = self._writer.submit(self._write, job.judged, job.picture, job.mask, job.where)
        elif not job.future.done():
            if time.monotonic() - job.since_s > STALLED_S:
                self._refused(f"the disk has taken more than {STALLED_S:.0f} s over one picture")
                self._let_go_surplus(self._jobs[1:])
        else:
            error = job.future.exception()
            if error is None:
                self.error = ""
                self._books.judged(job.judged, *job.future.result())
                del self._jobs[0]
            elif isinstance(error, OSError):
                job.future = None
                self._refused(f"evidence cannot be written: {error}; make room on the disk")
            else:
                raise error

    def _waits_for_log(self, job: EvidenceJob) -> bool:
        """A run is on record before its first picture: one of a run that no log knows would stay for ever."""
        frame = job.judged.frame
        if self._books.entered(frame.camera, frame.run):
            return False
        job.since_s = job.since_s or time.monotonic()
        if time.monotonic() - job.since_s > STALLED_S:
            self._let_go_surplus(self._jobs)
        return True

    def _write(self, judged: Judged, picture: np.ndarray, mask: np.ndarray | None, where: Where) -> tuple[str, bytes]:
        """The thread's work: the log must find room when evidence no longer does."""
        free = shutil.disk_usage(self._data_dir).free
        if free < self._min_free_bytes:
            raise OSError(f"{free / 1e6:.0f} MB are free, evidence_min_free_mb is {self._min_free_bytes / 1e6:.0f}")
        mm_per_px = self._mm_per_px.get(judged.frame.camera)
        folder = write_evidence(self._data_dir, judged, picture, mask, where, mm_per_px)
        return folder, description_hash(self._data_dir, folder)

    def _refused(self, text: str) -> None:
        if not self.error:
            log.error("%s. Inspection goes on; BAD frames wait for it, up to a bound", text)
        self.error = text
        self._retry_at = time.monotonic() + RETRY_S

    def _let_go_surplus(self, waiting: list[EvidenceJob]) -> None:
        """The disk refuses: past the stated bound of a camera its oldest BAD frame is let go without its picture."""
        by_camera: dict[str, list[EvidenceJob]] = {}
        for job in waiting:
            by_camera.setdefault(job.judged.frame.camera, []).append(job)
        for jobs in by_camera.values():
            for job in jobs[: max(0, len(jobs) - self._unrecorded_max)]:
                self._jobs.remove(job)
                self.unrecorded += 1
                frame = job.judged.frame
                said = f"frame {frame.seq} has no evidence: the disk refused its picture for too long"
                self._books.event(Event(frame.camera, frame.run, "unrecorded", said, time.time_ns()))
                self._books.judged(job.judged)
