"""An RTSP camera. A thread of its own drains it (drain.py), so that nothing ages in the network."""

from __future__ import annotations

from collections.abc import Generator, Iterator

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from stream.secrets import redact
from stream.settings import CameraSettings
from stream.sources.bgr import bgr_view, plain_reason
from stream.sources.drain import Drain
from stream.sources.source import Picture, SourceError

# fpsprobesize: else FFmpeg reads ahead to guess a frame rate that nobody needs.
OPTIONS = {"rtsp_transport": "tcp", "fpsprobesize": "0"}
DAMAGED = "decode_error"
LOGIN = "wrong user name or password; set this camera's username and password_file"
REFUSALS: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    ((av.error.HTTPUnauthorizedError, av.error.HTTPForbiddenError), LOGIN),
    ((av.error.HTTPNotFoundError,), "the camera has no stream of that name; check what follows the host"),
    ((av.error.ConnectionRefusedError,), "nothing listens there; is the camera on, and host and port right?"),
    ((av.error.ExitError, av.error.TimeoutError), "no answer; is the camera on and in this network?"),
)


class RtspStream:
    """A camera's stream over rtsp:// or rtsps://; connects when its pictures are asked for."""

    def __init__(self, camera: CameraSettings, address: str) -> None:
        self._address = address
        self._shown = redact(address)
        self._silent_after_s = camera.silent_after_s
        silent = f"{self._shown}: no picture for {self._silent_after_s:g} s; does it still work?"
        self._drain = Drain("rtsp", self._read, self._silent_after_s, silent)

    def pictures(self, first_index: int = 0) -> Iterator[Picture]:
        """Pictures as they come. Raises SourceError when there is none for `silent_after_s`, and when the stream ends.

        The first is the first whole one: who joins a stream between two key frames sees damage that nobody captured.
        """
        return self._drain.pictures()

    def close(self) -> None:
        self._drain.close()

    def _read(self) -> Generator[Picture, None, None]:
        try:
            yield from self._received()
        except (av.FFmpegError, OSError) as error:
            raise SourceError(f"{self._shown}: {_plain(error)}") from None
        raise SourceError(f"{self._shown}: the camera ended the stream")

    def _received(self) -> Generator[Picture, None, None]:
        patience = (self._silent_after_s, self._silent_after_s)
        with av.open(self._address, options=OPTIONS, timeout=patience, metadata_errors="replace") as container:
            if not container.streams.video:
                raise OSError(0, "it sends no pictures, only sound or text; check what follows the host")
            stream = container.streams.video[0]
            # Frame threads hold pictures back; slice threads do not say when a piece of a picture is missing.
            stream.codec_context.thread_count = 1
            stream.codec_context.flags |= av.codec.context.Flags.low_delay | av.codec.context.Flags.output_corrupt
            yield from _numbered(container, stream)


def _numbered(container: av.container.InputContainer, stream: av.VideoStream) -> Iterator[Picture]:
    """Each picture since the first whole one; damage stays until the next key frame, as later pictures copy from it."""
    index, begin_s, damaged = 0, 0.0, True
    black = np.zeros((1, 1, 3), np.uint8)
    reformatter = VideoReformatter()
    for packet in container.demux(stream):
        try:
            frames = packet.decode()
        except av.error.InvalidDataError:
            damaged = True
            if index:
                yield Picture(black, index, None, DAMAGED)
                index += 1
            continue
        for frame in frames:
            damaged = frame.is_corrupt or packet.is_corrupt or (damaged and not frame.key_frame)
            if index == 0:
                if damaged:
                    continue
                begin_s = frame.time or 0.0
                black = np.zeros((frame.height, frame.width, 3), np.uint8)
            time_s = begin_s if index == 0 else frame.time  # FFmpeg often has no time for the very first
            pts_s = None if time_s is None else time_s - begin_s
            yield Picture(bgr_view(frame, reformatter), index, pts_s, DAMAGED if damaged else None)
            index += 1


def _plain(error: Exception) -> str:
    """Why, and what to do; without the address that FFmpeg puts behind its reasons."""
    for kinds, text in REFUSALS:
        if isinstance(error, kinds):
            return text
    return plain_reason(error)
