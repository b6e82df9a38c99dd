"""A watched folder: each picture that appears in it is judged once. Nothing in it is moved, changed or deleted.

It is looked at several times a second, which a network share does not hide anything from (inotify sees only what this
computer itself writes).
"""

from __future__ import annotations

import errno
import logging
import os
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from detector.errors import PictureError
from detector.files import SUFFIXES
from detector.pictures import read_picture
from stream.settings import WATCH_PREFIX, CameraSettings
from stream.sources.settling import Mark, Ready, Settling
from stream.sources.source import Picture, SourceError, Waiting
from stream.sources.taken import Taken, TakenList

log = logging.getLogger("linewatch")
LOOK_EVERY_S = 0.2
LOOK_SHARE = 10  # a look that takes long (very many files) is followed by so many times its length without one
SAY_EVERY_S = 1.0
UNREADABLE = np.zeros((1, 1, 3), np.uint8)
DAMAGED = "decode_error"
NO_FILE = (errno.ENOENT, errno.ELOOP, errno.EACCES)  # gone since, a link that leads nowhere, or into a closed folder


class WatchedFolder:
    """The folder behind `watch:`. Raises SourceError where it is not there: never final, a share may come back."""

    def __init__(self, camera: CameraSettings) -> None:
        self._folder = Path(camera.source.removeprefix(WATCH_PREFIX))
        self._list = TakenList(camera.taken_list or self._folder.parent / f"{camera.name}.taken.jsonl")
        self._mount = _mount_of(self._folder)
        self._run = 0  # 0: somebody only looks, and takes nothing
        self._closed = False
        self._look()

    def goes_on(self, run: int) -> None:
        """Told before its pictures are asked for: the run that they belong to."""
        self._run = run
        self._list.open(run)
        before = Path(self._list.mount or "/")
        if before != self._mount and before in (self._folder, *self._folder.parents) and self._mount in before.parents:
            self._mount = before  # a share that is not mounted leaves an empty folder behind
        elif str(self._mount) != self._list.mount:
            self._list.lies_on(str(self._mount))

    def pictures(self, first_index: int = 0) -> Iterator[Picture | Waiting]:
        """First what was taken from that index on and may have got lost, then each picture as it appears; no end.

        Raises SourceError when the folder goes away.
        """
        for seq in range(first_index, self._list.next_seq):
            yield self._again(seq)
        seq = max(first_index, self._list.next_seq)
        settling, said_s = Settling(), 0.0
        while not self._closed:
            began_s = time.monotonic()
            found = self._look()
            for ready in settling.look(began_s, self._new(found)):
                if (picture := self._read(ready, seq)) is not None:
                    yield from self._handed_over(picture, ready)
                    seq, said_s = seq + 1, time.monotonic()
            self._list.placed()
            self._list.tidy(found)
            if time.monotonic() - said_s >= SAY_EVERY_S:
                said_s = time.monotonic()
                yield Waiting(f"waiting for pictures in {self._folder}")
            self._sleep(max(LOOK_EVERY_S, LOOK_SHARE * (time.monotonic() - began_s)))

    def close(self) -> None:
        self._closed = True

    def _handed_over(self, picture: Picture, ready: Ready) -> Iterator[Picture]:
        """On record before whoever takes it can die of it; given back where nobody takes it any more."""
        if self._closed:
            return
        if self._run == 0:
            yield picture
            return
        self._list.take(Taken(self._run, picture.index, ready.name, ready.mark))
        try:
            yield picture
        except GeneratorExit:
            self._list.give_back()
            raise

    def _look(self) -> dict[str, Mark]:
        """Every picture file in the folder. Raises SourceError where it is not there."""
        if _mount_of(self._folder) != self._mount:
            raise SourceError(f"{self._folder}: nothing is mounted at {self._mount} any more; mount it again")
        found = {}
        try:
            with os.scandir(self._folder) as entries:
                for entry in entries:
                    if entry.name.lower().endswith(SUFFIXES) and not entry.name.startswith("."):
                        try:
                            at = entry.stat()
                            regular = entry.is_file()
                        except OSError as error:
                            if error.errno not in NO_FILE:
                                raise
                            continue
                        if regular:
                            found[entry.name] = Mark(at.st_size, at.st_mtime_ns)
        except OSError as error:
            why = "no such folder" if isinstance(error, FileNotFoundError) else error.strerror
            raise SourceError(f"{self._folder}: {why}; waiting until it is there") from None
        return found

    def _new(self, found: dict[str, Mark]) -> dict[str, Mark]:
        return {name: mark for name, mark in found.items() if not self._list.knows(name, mark)}

    def _read(self, ready: Ready, seq: int) -> Picture | None:
        """The picture; None where it is to be read again later, as it may not be written to its end."""
        path = self._folder / ready.name
        try:
            picture = Picture(read_picture(path), seq, None)
        except PictureError as error:
            if not ready.last:
                return None
            log.warning("%s: %s", ready.name, error)
            picture = Picture(UNREADABLE, seq, None, DAMAGED)
        return picture if _mark_of(path) == ready.mark else None

    def _again(self, seq: int) -> Picture:
        """A picture that was taken before, by its number."""
        taken = self._list.of(seq)
        if taken is not None and _mark_of(path := self._folder / taken.name) == taken.mark:
            try:
                return Picture(read_picture(path), seq, None)
            except PictureError as error:
                log.warning("%s: %s", taken.name, error)
        return Picture(UNREADABLE, seq, None, DAMAGED)

    def _sleep(self, seconds: float) -> None:
        until_s = time.monotonic() + seconds
        while not self._closed and (left_s := until_s - time.monotonic()) > 0:
            time.sleep(min(left_s, LOOK_EVERY_S))


def _mark_of(path: Path) -> Mark | None:
    try:
        at = path.stat()
    except OSError:
        return None
    return Mark(at.st_size, at.st_mtime_ns)


def _mount_of(folder: Path) -> Path:
    """Where the disk or share that the folder lies on is mounted."""
    return next((path for path in (folder, *folder.parents) if path.is_mount()), Path("/"))
