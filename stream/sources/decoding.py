"""An opened recording to its pictures in display order, each accounted for. The one place that knows FFmpeg's files.

One thread decodes. FFmpeg's frame threads carry something of a damaged H.264 picture over into whole ones, many
pictures later and without a word; its slice threads do not say when a piece of a picture is missing.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from itertools import dropwhile

import av

from stream.sources.bgr import LARGEST, NO_PICTURE, plain_reason
from stream.sources.damage import Damage, Seen
from stream.sources.landing import Coded, Landing
from stream.sources.source import Copies

TOLERATED_S = 0.1  # a last picture has no length in some files
# Containers that keep display times, and codecs of which each packet is one picture: there a packet from which nothing
# comes is a lost picture. (avi has no display times; vp8 has packets that are never shown.)
WITH_TIMES = frozenset(("mov", "matroska", "mpegts"))
PICTURE_A_PACKET = frozenset(("h264", "hevc", "mjpeg", "ffv1", "prores", "dnxhd"))
# What a decoder is to take for an error rather than fill in. (H.264 says so anyway; "explode" would refuse the small
# irregularities of many cameras' streams.)
STRICT = {"mjpeg": {"err_detect": "explode"}}
TEXT_ART = frozenset(("ansi", "bintext", "xbin", "idf"))  # FFmpeg draws a text file as if it were a film


def video_of(container: av.container.InputContainer) -> av.VideoStream | None:
    """The stream that is a video: not the cover of a song, not a text."""
    for stream in container.streams.video:
        cover = stream.disposition & av.stream.Disposition.attached_pic
        if not cover and stream.codec_context is not None and stream.codec_context.name not in TEXT_ART:
            return stream
    return None


def coded_pictures(container: av.container.InputContainer, stream: av.VideoStream) -> list[Coded]:
    """Every picture in coding order, none decoded. Empty where it is not known that each packet is one picture."""
    coded: list[Coded] = []
    if _accountable(container, stream):
        with contextlib.suppress(av.FFmpegError):  # a recording that breaks off: up to there
            for packet in container.demux(stream):
                if packet.size:
                    coded.append(Coded(packet.pts, packet.is_keyframe, not packet.is_discard))
    return coded


class Decoding:
    """The pictures of a stream from its beginning or from a landing; iterate once."""

    def __init__(
        self,
        container: av.container.InputContainer,
        stream: av.VideoStream,
        start: Landing | None,
        copies: Copies | None = None,
    ) -> None:
        self._copies = copies
        self._packets = 0 if start is None else start.packets  # of the stream, up to here
        self._end_s = 0.0
        self._broken: av.FFmpegError | None = None
        self._container = container
        self._stream = stream
        self._start = start
        self._accountable = _accountable(container, stream)
        self._damage: Damage[av.VideoFrame] = Damage()
        stream.codec_context.thread_count = 1
        stream.codec_context.options = {**LARGEST, **STRICT.get(stream.codec_context.name, {})}

    def __iter__(self) -> Iterator[Seen[av.VideoFrame]]:
        if self._copies is not None:
            self._copies.stream(self._stream)
        for packet in self._read():
            if self._copies is not None:
                self._copies.packet(packet)
            known = self._accountable and packet.pts is not None
            if packet.is_discard:
                known = True  # cut away: it is decoded for those that copy from it, and not shown
            elif known:
                yield from self._damage.coded(packet.pts, key=packet.is_keyframe, corrupt=packet.is_corrupt)
            yield from self._decode(packet, known)
        yield from self._decode(None, self._accountable)
        yield from self._damage.over()

    def cut_short(self) -> str | None:
        """Asked at the end: what the container promised and did not keep. A `ts` promises nothing."""
        if self._broken is not None:
            return plain_reason(self._broken)
        if self._packets < (count := _promised_packets(self._container, self._stream)):
            return f"it should have {count} pictures, and has {self._packets}"
        if self._end_s < (lasts_s := _promised_s(self._container, self._stream)) - TOLERATED_S:
            return f"it should last {lasts_s:.1f} s, and ends after {self._end_s:.1f} s"
        return None

    def _read(self) -> Iterator[av.Packet]:
        packets = self._container.demux(self._stream)
        if (start := self._start) is not None:
            self._container.seek(start.pts, stream=self._stream)
            packets = dropwhile(lambda packet: packet.pts != start.pts or not packet.is_keyframe, packets)
        try:
            for packet in packets:
                if packet.dts is None and not packet.size:
                    continue  # PyAV's sign that the end is reached
                self._packets += 1
                if packet.pts is not None and packet.duration:
                    self._end_s = max(self._end_s, float((packet.pts + packet.duration) * packet.time_base))
                if packet.size:  # avi has empty packets where a picture stands for longer
                    yield packet
        except av.FFmpegError as error:
            self._broken = error

    def _decode(self, packet: av.Packet | None, known: bool) -> Iterator[Seen[av.VideoFrame]]:
        try:
            frames = self._stream.codec_context.decode(packet)
        except NO_PICTURE:
            if not known:
                yield from self._damage.refused()
            return
        corrupt = packet is not None and not known and packet.is_corrupt
        for frame in frames:
            yield from self._damage.decoded(
                frame.pts, frame, key=bool(frame.key_frame), corrupt=frame.is_corrupt or corrupt
            )


def _promised_packets(container: av.container.InputContainer, stream: av.VideoStream) -> int:
    """What the container says the stream has; 0 where it does not say.

    An mp4 that was cut without coding it anew keeps fewer than its header counts, so there its index is asked.
    """
    entries = getattr(stream, "index_entries", None)  # not in av 15, which Python 3.10 has
    return len(entries) if _kind(container) == "mov" and entries is not None else stream.frames


def _promised_s(container: av.container.InputContainer, stream: av.VideoStream) -> float:
    """How long the stream lasts, by the tag that mkv has for it ("00:01:02.345000000"); 0 where it does not say."""
    said = re.fullmatch(r"(\d+):(\d+):(\d+\.?\d*)", stream.metadata.get("DURATION", ""))
    if said is None or _kind(container) != "matroska":
        return 0.0
    return int(said[1]) * 3600 + int(said[2]) * 60 + float(said[3])


def _kind(container: av.container.InputContainer) -> str:
    return str(container.format.name).partition(",")[0]


def _accountable(container: av.container.InputContainer, stream: av.VideoStream) -> bool:
    """Whether each packet is known to be one picture with a time of its own."""
    return _kind(container) in WITH_TIMES and stream.codec_context.name in PICTURE_A_PACKET
