"""An RTSP camera. One thread reads it (reading.py), another one decodes (drain.py), so nothing ages in the network."""

from __future__ import annotations

from collections.abc import Generator, Iterator

import av

from stream.secrets import redact
from stream.settings import CameraSettings
from stream.sources.bgr import LARGEST, plain_reason
from stream.sources.drain import Drain
from stream.sources.patience import PERIODS
from stream.sources.reading import reading
from stream.sources.room import Room, bounds_for
from stream.sources.rtsp_packets import CodedPicture, RtspPackets, what_ffmpeg_says
from stream.sources.rtsp_pictures import RtspPictures
from stream.sources.source import LOGIN_PAUSE_S, Copies, LeftOut, Picture, SourceError

OPEN_S = 6.0  # to connect, and for all answers before the pictures
LEFT_S = 2.0  # so much longer than `Drain` a reader waits that is left behind; PyAV has one time-out for all reads
# fpsprobesize: else FFmpeg reads ahead to guess a frame rate that nobody needs.
# protocols: whatever a camera names in its answers, no file and no web server is opened for it.
PROTOCOLS = "rtsp,rtsps,rtp,srtp,tcp,tls,udp"
OPTIONS = {"fpsprobesize": "0", "protocol_whitelist": PROTOCOLS}
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
        slow_s = PERIODS / camera.fps if camera.fps else 0.0
        self._read_s = max(camera.silent_after_s, slow_s) + LEFT_S
        each = {"timeout": str(round(self._read_s * 1e6))}  # microseconds, of each answer, too
        self._options = {**OPTIONS, **each, "rtsp_transport": camera.rtsp_transport}
        silent = f"{self._shown}: no picture; does it still work?"
        self._copies: Copies | None = None
        self._room: Room[CodedPicture] = Room(bounds_for(camera))
        self._drain: Drain[Picture | LeftOut] = Drain(
            "rtsp", self._decoded, camera.silent_after_s, silent, self._room.close, self._room.waits_s
        )

    def pictures(self, first_index: int = 0) -> Iterator[Picture | LeftOut]:
        """Pictures as they come. Raises SourceError when none comes in time, and when the stream ends.

        The first is the first whole one: who joins a stream between two key frames sees damage that nobody captured.
        """
        return self._drain.pictures()

    def copies_to(self, copies: Copies) -> None:
        """Told before its pictures are asked for: who is to get the stream as it is coded."""
        self._copies = copies

    def close(self) -> None:
        self._drain.close()

    def _decoded(self) -> Generator[Picture | LeftOut, None, None]:
        """What the reading thread has put into the room, decoded."""
        with reading("rtsp", self._read, self._room), what_ffmpeg_says() as told:
            yield from RtspPictures(self._room.given(), told, self._copies)

    def _read(self) -> None:
        try:
            self._fill_room()
        except (av.FFmpegError, OSError) as error:
            pause_s = LOGIN_PAUSE_S if (said := _plain(error)) == LOGIN else 0.0
            raise SourceError(f"{self._shown}: {said}", pause_s=pause_s) from None
        raise SourceError(f"{self._shown}: the camera ended the stream")

    def _fill_room(self) -> None:
        patience = (OPEN_S, self._read_s)
        with (
            what_ffmpeg_says() as told,
            av.open(self._address, options=self._options, timeout=patience, metadata_errors="replace") as container,
        ):
            if not container.streams.video:
                raise OSError(0, "it sends no pictures, only sound or text; check what follows the host")
            stream = container.streams.video[0]
            prepare(stream.codec_context)
            if self._copies is not None:
                self._copies.stream(stream)
            for coded in RtspPackets(container, stream, told):
                if self._room.closed:
                    return
                if self._copies is not None:
                    self._copies.packet(coded.packet)
                packet = coded.packet
                self._room.put(coded, size=packet.size, key=packet.is_keyframe, lost=coded.lost)


def prepare(codec: av.VideoCodecContext) -> None:
    """Before it decodes. Frame threads hold pictures back; slice threads do not say when a piece of one is missing."""
    codec.thread_count = 1
    codec.options = dict(LARGEST)
    codec.flags |= av.codec.context.Flags.low_delay | av.codec.context.Flags.output_corrupt


def _plain(error: Exception) -> str:
    """Why, and what to do; without the address that FFmpeg puts behind its reasons."""
    for kinds, text in REFUSALS:
        if isinstance(error, kinds):
            return text
    return plain_reason(error)
