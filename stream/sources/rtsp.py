"""An RTSP camera. One thread drains it, so that nothing ages in the network, and `pictures` waits for it with a clock.

FFmpeg's reading cannot be interrupted from outside, and closing under it crashes: only the reader touches the
container, and a reader that hangs is left behind until its own time-out.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from stream.secrets import redact
from stream.settings import CameraSettings
from stream.sources.bgr import bgr_view, plain_reason
from stream.sources.source import Picture, SourceError

# fpsprobesize: else FFmpeg reads ahead to guess a frame rate that nobody needs.
OPTIONS = {"rtsp_transport": "tcp", "fpsprobesize": "0"}
HELD = 2  # pictures between the reader and `pictures`; where that is full the reader waits
LATER_S = 0.5  # FFmpeg's own time-out comes first: its reason says more
LOOK_EVERY_S = 0.1
GONE_S = 0.5  # a reader that is well ends within a frame or two
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
        self._arrived: queue.Queue[Picture | BaseException | None] = queue.Queue(HELD)
        self._closed = threading.Event()
        self._reader = threading.Thread(target=self._read, name="rtsp", daemon=True)

    def pictures(self, first_index: int = 0) -> Iterator[Picture]:
        """Pictures as they come. Raises SourceError when there is none for `silent_after_s`, and when the stream ends.

        The first is the first whole one: who joins a stream between two key frames sees damage that nobody captured.
        """
        if not self._closed.is_set():
            self._reader.start()
        while not self._closed.is_set():
            try:
                arrived = self._arrived.get(timeout=self._silent_after_s + LATER_S)
            except queue.Empty:
                raise self._failed(f"no picture for {self._silent_after_s:g} s; does it still work?") from None
            if isinstance(arrived, BaseException):
                raise arrived
            if arrived is not None and not self._closed.is_set():
                yield arrived

    def close(self) -> None:
        self._closed.set()
        if self._reader.is_alive():
            self._hand_over(None)
            self._reader.join(GONE_S)

    def _read(self) -> None:
        """The reader's work: ends with the stream, with a time-out, or soon after `close`."""
        try:
            self._drain()
            reason = "the camera ended the stream"
        except (av.FFmpegError, OSError) as error:
            reason = _plain(error)
        except BaseException as error:
            self._hand_over(error)
            raise
        self._hand_over(self._failed(reason))

    def _drain(self) -> None:
        patience = (self._silent_after_s, self._silent_after_s)
        with av.open(self._address, options=OPTIONS, timeout=patience, metadata_errors="replace") as container:
            if not container.streams.video:
                raise OSError(0, "it sends no pictures, only sound or text; check what follows the host")
            stream = container.streams.video[0]
            # Frame threads hold pictures back; slice threads do not say when a piece of a picture is missing.
            stream.codec_context.thread_count = 1
            stream.codec_context.flags |= av.codec.context.Flags.low_delay | av.codec.context.Flags.output_corrupt
            for picture in _numbered(container, stream):
                if self._closed.is_set():
                    return
                self._hand_over(picture)

    def _hand_over(self, arrived: Picture | BaseException | None) -> None:
        """Waits for room; after `close` nobody takes anything, and nobody misses it."""
        while True:
            try:
                return self._arrived.put(arrived, timeout=LOOK_EVERY_S)
            except queue.Full:
                if self._closed.is_set():
                    return

    def _failed(self, reason: str) -> SourceError:
        return SourceError(f"{self._shown}: {reason}")


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
