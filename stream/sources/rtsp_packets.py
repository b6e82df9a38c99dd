"""An opened RTSP stream to its coded pictures as they come, and what is known of each before it is decoded.

FFmpeg tells its log alone that packets never came ("RTP: missed 2 packets"), so that is read; and an H.264 stream's own
numbers (h264_order.py), as a camera that falls behind leaves out whole pictures, over tcp too. Both want every packet,
also of pictures that are never decoded.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import av
import av.logging

from stream.sources.h264_order import FrameNumbers

LOSSES = ("missed", "bad cseq", "dropping old packet", "jitter buffer full")  # libavformat/rtpdec.c
LATER = 2  # packets that come when a loss was told may be older than the one that it happened to
LOST_MOST = 1000  # pictures that one gap counts for
HEAD = 64 << 10  # bytes of a packet in which its parameters and its first slice begin
UTC_LEAST_NS = 10**18  # September 2001: a camera whose clock was never set says less

Told = list[tuple[int, str, str]]  # what FFmpeg logged: level, who, what


@dataclass(frozen=True)
class CodedPicture:
    """One packet, and what came to light with it. Decoded by another thread than the one that read it."""

    packet: av.Packet
    codec: av.VideoCodecContext  # that decodes it; whoever reads does not touch it
    lost: int  # pictures that are missing before it
    loss: bool  # something was told missing while it was waited for
    doubtful: bool  # that loss, or an earlier one, may have happened to it
    clock_ns: int | None  # UTC less the stream's own time, by the camera's last sender report


@contextmanager
def what_ffmpeg_says() -> Iterator[Told]:
    """What FFmpeg logs in this thread, instead of its being shown: it would name the address, with its password.

    Its level is one for the process, and stays: a reader that was left behind must not make a newer one deaf.
    """
    logging.getLogger("libav").setLevel(logging.CRITICAL + 1)  # where PyAV sends what nobody captures
    av.logging.set_level(av.logging.WARNING)
    av.logging.set_skip_repeated(False)  # a second loss of as many packets is a second loss
    with av.logging.Capture(local=True) as told:
        yield told


def said(told: Told, words: tuple[str, ...]) -> bool:
    """Whether FFmpeg logged one of these."""
    return any(word in text for _, _, text in told for word in words)


class RtspPackets:
    """The coded pictures of one opened stream; iterate once."""

    def __init__(self, container: av.container.InputContainer, stream: av.VideoStream, told: Told) -> None:
        self._told = told
        self._container = container
        self._stream = stream
        self._doubtful = 0  # packets more that a loss may have happened to
        self._numbers = FrameNumbers() if stream.codec_context.name == "h264" else None
        if self._numbers is not None:
            self._numbers.learn(bytes(stream.codec_context.extradata or b""))
        self._clock_ns: int | None = None
        self._reported = False
        self._last_pts: int | None = None

    def __iter__(self) -> Iterator[CodedPicture]:
        for packet in self._container.demux(self._stream):
            if not packet.size:
                continue  # PyAV's sign that the end is reached
            loss = said(self._told, LOSSES)
            self._told.clear()
            self._doubtful = LATER if loss else max(0, self._doubtful - 1)
            gap = self._numbers is not None and self._numbers.missing(bytes(memoryview(packet)[:HEAD]))
            self._read_clock(packet)
            lost = self._missing(packet) if gap else 0
            self._last_pts = packet.pts
            yield CodedPicture(packet, self._stream.codec_context, lost, loss, self._doubtful > 0, self._clock_ns)

    def _read_clock(self, packet: av.Packet) -> None:
        """Not the first that is told: FFmpeg puts the next picture's with it, as it has none of this one's own."""
        if (clock_ns := _clock_ns(packet)) is not None:
            self._clock_ns = clock_ns if self._reported else None
            self._reported = True

    def _missing(self, packet: av.Packet) -> int:
        """How many pictures a gap is: one at least, more where the times of its neighbours say so."""
        rate = self._stream.average_rate
        if rate is None or packet.pts is None or self._last_pts is None:
            return 1
        periods = round((packet.pts - self._last_pts) * packet.time_base * rate)
        return min(max(1, periods - 1), LOST_MOST)


def _clock_ns(packet: av.Packet) -> int | None:
    """UTC less the packet's own time, from the camera's sender reports (RTCP); None before the first.

    PyAV 15 (Python 3.10) does not hand it out.
    """
    if packet.pts is None or not getattr(packet, "has_sidedata", lambda _: False)("prft"):
        return None
    utc_ns = 1000 * int.from_bytes(bytes(packet.get_sidedata("prft"))[:8], "little", signed=True)
    return utc_ns - round(packet.pts * packet.time_base * 10**9) if utc_ns > UTC_LEAST_NS else None
