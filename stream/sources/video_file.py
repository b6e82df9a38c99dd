"""A recording: every picture by its index, each time the same. Display rotation in the file is not applied."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np

from stream.sources.bgr import bgr_view, plain_reason
from stream.sources.source import Picture, SourceError

log = logging.getLogger("linewatch")
DAMAGED = "decode_error"


class VideoFile:
    """An opened recording. Raises SourceError (final) where there is nothing to read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._closed = False
        _must_be_a_file(path)
        try:
            self._container = av.open(str(path))
        except (av.FFmpegError, OSError) as error:
            raise SourceError(
                f"{path.name}: not a video that can be read ({plain_reason(error)}); was it copied completely?",
                final=True,
            ) from None
        if not self._container.streams.video:
            self.close()
            raise SourceError(f"{path.name}: has no pictures, only sound or text; give a video", final=True)
        self._stream = self._container.streams.video[0]
        self._stream.thread_type = "AUTO"
        self._black = np.zeros((1, 1, 3), np.uint8)

    def pictures(self, first_index: int = 0) -> Iterator[Picture]:
        """Pictures in display order. Earlier ones are decoded and let go: that is exact for every file."""
        index = 0
        try:
            for picture in self._decoded(first_index):
                if self._closed:
                    return
                index = picture.index + 1
                if picture.index >= first_index:
                    yield picture
        except (av.FFmpegError, OSError) as error:
            raise self._ends_early(index, plain_reason(error)) from None
        if index == 0:
            raise SourceError(f"{self._path.name}: no picture in it can be decoded", final=True)
        if index < self._stream.frames:
            raise self._ends_early(index, f"it says it has {self._stream.frames}")

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._container.close()

    def _decoded(self, first_index: int) -> Iterator[Picture]:
        """Every picture; one that cannot be decoded keeps its index and is named as damaged."""
        index = 0
        for packet in self._container.demux(self._stream):
            try:
                frames = packet.decode()
            except av.error.InvalidDataError:
                yield Picture(self._black, index, None, DAMAGED)
                index += 1
                continue
            for frame in frames:
                if index >= first_index:
                    self._black = self._black if self._black.shape[:2] == (frame.height, frame.width) else _black(frame)
                    problem = DAMAGED if frame.is_corrupt or packet.is_corrupt else None
                    yield Picture(bgr_view(frame), index, frame.time, problem)
                else:
                    yield Picture(self._black, index, None)
                index += 1

    def _ends_early(self, readable: int, why: str) -> SourceError:
        said = f"{self._path.name}: the recording ends early ({why}); {readable} pictures were readable"
        return SourceError(said, final=True)


def _black(frame: av.VideoFrame) -> np.ndarray:
    return np.zeros((frame.height, frame.width, 3), np.uint8)


def _must_be_a_file(path: Path) -> None:
    if not path.exists():
        raise SourceError(f"{path}: no such file; check the path", final=True)
    if not path.is_file():
        raise SourceError(f"{path}: not a file, a folder or a camera", final=True)
    if path.stat().st_size == 0:
        raise SourceError(f"{path.name}: the file is empty; record or copy it again", final=True)
