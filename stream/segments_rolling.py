"""One run's coded pictures into segment after segment. Where the disk refuses, pictures are left out, and it says so.

Belongs to one gentle thread; `state` alone may be read from others.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import av

from stream.durable import make_folder
from stream.segments import Head, Shelf, numbers_in, run_folder, ticks
from stream.segments_writing import Coded, Form, SegmentFile

log = logging.getLogger("linewatch")
RETRY_S = 1.0
LATE = 32  # pictures after which none of the segment before comes (segments_holding.py waits for their numbers)
DISK = "the disk refused"


@dataclass(frozen=True)
class Recorded:
    """How a recording stands."""

    alarm: str = ""  # in words; empty: well
    left_out: int = 0  # pictures, since the role began


class Rolling:
    """The segments of one run."""

    def __init__(
        self, shelf: Shelf, run: int, form: Form, mono_ns: int = 0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`mono_ns`: as in Head."""
        self.state = Recorded()
        self._shelf = shelf
        self._run = run
        self._form = form
        self._mono_ns = mono_ns
        self._clock = clock
        self._folder = run_folder(shelf.data_dir, shelf.camera, run)
        self._number = max(numbers_in(self._folder), default=0)
        self._file: SegmentFile | None = None
        self._before: SegmentFile | None = None  # the one that the new one follows, until no picture of it can come
        self._key: Coded | None = None  # that the new one began with
        self._key_seq: int | None = None  # its number, where that has been told
        self._after = 0  # pictures since then
        self._missing: dict[str, int] = {}  # since the last segment, by name
        self._retry_at = 0.0

    def add(self, picture: Coded) -> None:
        """The next picture in the order of coding. Never raises for the disk's sake."""
        if picture.key and self._due(picture):
            self._roll(picture)
        elif self._file is None:
            self.leave_out("before a key picture")
            return
        try:
            self._put(picture)
        except (OSError, av.FFmpegError) as error:
            self._refused(error)

    def name(self, at: int, seq: int) -> None:
        """The frame that is shown then has that number."""
        if self._key is not None and at == self._key.at:
            self._key_seq = seq
        for file in (self._before, self._file):
            if file is not None:
                file.name(at, seq)

    def leave_out(self, why: str, pictures: int = 1) -> None:
        """So many pictures were not recorded."""
        self._missing[why] = self._missing.get(why, 0) + pictures
        self.state = replace(self.state, left_out=self.state.left_out + pictures)

    def interrupt(self, why: str, pictures: int) -> None:
        """Pictures are missing that later ones copy from: the next segment begins with the next key picture."""
        self._close(self._words())
        self.leave_out(why, pictures)

    def close(self) -> None:
        """No further picture comes; may be called twice."""
        self._close(self._words())

    def _due(self, key: Coded) -> bool:
        return self._file is None or key.at - self._file.head.begin >= ticks(self._shelf.segment_s)

    def _roll(self, key: Coded) -> None:
        """The next segment; where it cannot be had, pictures are left out until a key picture after a pause."""
        self._close_before()
        self._before, self._file, self._key, self._key_seq, self._after = self._file, None, key, None, 0
        if self._clock() < self._retry_at:
            self._close_before()
            return
        try:
            self._file = self._begin(key)
        except (OSError, av.FFmpegError) as error:
            self._refused(error)

    def _begin(self, key: Coded) -> SegmentFile:
        make_folder(self._folder)
        free = shutil.disk_usage(self._folder).free
        if free < self._shelf.least_free_bytes:
            least = self._shelf.least_free_bytes / 1e6
            raise OSError(f"{free / 1e6:.0f} MB are free, {least:.0f} MB are kept for log and evidence")
        self._number += 1
        head = Head(
            camera=self._shelf.camera,
            run=self._run,
            number=self._number,
            begin=key.coded,
            utc_ns=key.utc_ns or time.time_ns(),
            width=self._form.width,
            height=self._form.height,
            copied=self._form.copied,
            missing=self._words(),
            mono_ns=self._mono_ns,
        )
        file = SegmentFile(self._folder, head, self._form)
        self._missing.clear()
        self.state = replace(self.state, alarm="")
        return file

    def _put(self, picture: Coded) -> None:
        if self._file is None:
            self.leave_out(DISK)
            return
        if self._before is not None and self._key is not None and picture is not self._key:
            if picture.at < self._key.at:  # of an open group: shown before the key picture, and may copy from it
                if not self._after:
                    self._before.add(self._key)
                    if self._key_seq is not None:
                        self._before.name(self._key.at, self._key_seq)
                self._before.add(picture)
                self._after += 1
                return
            self._before.finish()
            self._after += 1
            if self._after > LATE:
                self._close_before()
        self._file.add(picture)

    def _close_before(self) -> None:
        before, self._before = self._before, None
        if before is not None:
            try:
                before.close()
            except (OSError, av.FFmpegError) as error:
                self._refused(error)

    def _close(self, end: str) -> None:
        self._close_before()
        file, self._file = self._file, None
        if file is not None:
            try:
                file.close(end)
            except (OSError, av.FFmpegError) as error:
                self._refused(error)

    def _refused(self, error: Exception) -> None:
        """What is written stands; the next key picture after a pause begins anew."""
        for file in (self._before, self._file):
            if file is not None:
                with contextlib.suppress(OSError):
                    file.abandon()
        self._before = self._file = None
        self.leave_out(DISK)
        self._retry_at = self._clock() + RETRY_S
        said = f"clips of {self._shelf.camera} cannot be written: {_reason(error)}; make room on the disk"
        if not self.state.alarm:
            log.error("%s. Inspection goes on", said)
        self.state = replace(self.state, alarm=said)

    def _words(self) -> str:
        return ", ".join(f"{count} {why}" for why, count in self._missing.items())


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)
