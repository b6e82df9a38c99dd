"""Samples of GOOD frames on their way to the disk: pixels copied at once where there is room, written by a thread.

Samples give way: no slot is held for them, no verdict waits, and while evidence is on its way nothing of them is begun.
A sample that cannot be had (its pixels are elsewhere, or gone; the desk or the disk is full) is not taken, and counted.
Knows rings, books and evidence.py; no socket.
"""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from detector.regions import Where
from stream.bookkeeping import Bookkeeping
from stream.evidence import write_sample
from stream.gentle import be_gentle
from stream.log_batch import SampleRow
from stream.messages import Judged
from stream.ring import TornError
from stream.ring_views import RingViews
from stream.samples_choice import NEAR, RANDOM, Before, Choice, Chosen, number_of
from stream.settings import LineSettings, SamplesSettings

log = logging.getLogger("linewatch")
WAITING_MAX = 2  # pictures in memory
ROOM_ABOVE_EVIDENCE = 2  # times the free disk that evidence needs: the last room is not for samples
LoadBefore = Callable[[str, str], Before]  # camera, why → what the log says


@dataclass(eq=False)
class SampleJob:
    """A GOOD frame whose picture goes to the disk."""

    judged: Judged
    chosen: Chosen
    picture: np.ndarray
    where: Where
    future: Future[str] | None = None


class SamplesDesk:
    """Samples in hand; `not_had` says how many were chosen and could not be had."""

    def __init__(self, line: LineSettings, views: RingViews, books: Bookkeeping, load: LoadBefore) -> None:
        """`load`: what the log says of the samples of a camera."""
        self._data_dir = line.data_dir
        self._settings: SamplesSettings = line.samples
        self._mm_per_px: Mapping[str, float | None] = {camera.name: camera.mm_per_px for camera in line.cameras}
        self._least_free = ROOM_ABOVE_EVIDENCE * line.recorder.evidence_min_free_mb * 1_000_000
        self._views = views
        self._books = books
        self._load = load
        self._choices: dict[str, Choice] = {}
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="samples", initializer=be_gentle)
        self._jobs: list[SampleJob] = []
        self.not_had = 0

    def take(self, judged: Judged, where: Where) -> None:
        """Copies the picture of a GOOD frame that is chosen, where there is room for it just now."""
        verdict, frame = judged.verdict, judged.frame
        if verdict.state != "GOOD" or not (self._settings.random_per_hour or self._settings.near_per_hour):
            return
        number = number_of(frame.camera, frame.run, frame.seq)
        chosen = self._choice(frame.camera).of(number, verdict.score, verdict.threshold, time.monotonic())
        if chosen is None:
            return
        if len(self._jobs) >= WAITING_MAX:
            self.not_had += 1
            return
        try:
            self._jobs.append(SampleJob(judged, chosen, self._views.picture(frame), where))
        except TornError:
            self.not_had += 1  # it is elsewhere, or gone: its slot was not held for this

    def step(self, *, evidence_waits: bool) -> None:
        """One picture at a time on the disk; each finished one enters the next commit."""
        if not self._jobs:
            return
        job = self._jobs[0]
        if job.future is None:
            if not evidence_waits and self._books.entered(job.judged.frame.camera, job.judged.frame.run):
                job.future = self._writer.submit(self._write, job)
        elif job.future.done():
            del self._jobs[0]
            error = job.future.exception()
            if error is None:
                self._books.staged.batch.samples.append(_row(job, job.future.result()))
            elif isinstance(error, OSError):
                self.not_had += 1  # that the disk refuses is told by evidence and log
            else:
                raise error

    def busy(self) -> bool:
        """Whether something is on its way."""
        return bool(self._jobs)

    def close(self) -> None:
        self._writer.shutdown(wait=True, cancel_futures=True)

    def _choice(self, camera: str) -> Choice:
        if camera not in self._choices:
            before = [self._load(camera, why) for why in (RANDOM, NEAR)]
            self._choices[camera] = Choice(self._settings, time.monotonic(), *before)
        return self._choices[camera]

    def _write(self, job: SampleJob) -> str:
        """The thread's work."""
        free = shutil.disk_usage(self._data_dir).free
        if free < self._least_free:
            raise OSError(
                f"{free / 1e6:.0f} MB are free; samples leave the last {self._least_free / 1e6:.0f} to evidence"
            )
        mm_per_px = self._mm_per_px.get(job.judged.frame.camera)
        return write_sample(self._data_dir, job.judged, job.picture, job.where, mm_per_px)


def _row(job: SampleJob, folder: str) -> SampleRow:
    frame, verdict = job.judged.frame, job.judged.verdict
    return SampleRow(
        camera=frame.camera,
        run=frame.run,
        seq=frame.seq,
        utc_ns=frame.captured_utc_ns,
        score=verdict.score,
        why=job.chosen.why,
        folder=folder,
        bundle=verdict.bundle_id,
        settings=verdict.settings_id,
        part=frame.part,
        chance=job.chosen.chance,
        threshold=verdict.threshold,
    )
