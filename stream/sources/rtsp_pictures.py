"""Coded pictures of an RTSP stream to pictures: each named that did not arrive whole, or copies from one that did not.

FFmpeg conceals: of a picture that never arrived it shows copies of older ones, of one that lost a packet whatever comes
out. So what is known of each packet (rtsp_packets.py) is laid beside what the decoder says.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from fractions import Fraction

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from stream.sources.bgr import NO_PICTURE, bgr_view
from stream.sources.room import Arrived
from stream.sources.rtsp_packets import CodedPicture, Told, said
from stream.sources.source import Copies, LeftOut, Picture, SourceError

DAMAGED = "decode_error"
REORDERED_MOST = 32  # pictures: H.264 and HEVC reorder at most 16
UNSOUND = ("Could not find ref",)  # libavcodec/hevc/refs.c; FFmpeg 7 does not call such a picture corrupt


class Wholeness:
    """What has not arrived, and which pictures that spoils: all until a key picture that came after it."""

    def __init__(self) -> None:
        self._spoilt = True  # who joins a stream between two key pictures sees damage that nobody captured
        self._doubtful = False

    def packet(self, *, missing: bool, doubtful: bool) -> None:
        """The next packet; `missing`: something before it never came. `doubtful`: that may have happened to it."""
        self._doubtful = doubtful
        self._spoilt |= missing

    def picture(self, *, key: bool, corrupt: bool) -> bool:
        """Whether the next picture is damaged."""
        if key and not self._doubtful:
            self._spoilt = False
        self._spoilt |= corrupt
        return self._spoilt


class RtspPictures:
    """The pictures of one opened stream, numbered from the first whole one on; iterate once."""

    def __init__(
        self, given: Iterable[Arrived[CodedPicture] | LeftOut], told: Told, copies: Copies | None = None
    ) -> None:
        """`told`: what FFmpeg logs in the thread that iterates."""
        self._given = given
        self._told = told
        self._copies = copies
        self._whole = Wholeness()
        self._codec: av.VideoCodecContext | None = None
        self._time_base = Fraction(0)
        self._came: dict[int | None, int] = {}  # pts → when it came, of those that may be in the decoder
        self._given_ns = 0  # when the last picture that was given came
        self._black = np.zeros((1, 1, 3), np.uint8)
        self._reformatter = VideoReformatter()
        self._index = 0
        self._begin_s = 0.0
        self._clock_ns: int | None = None
        self._skipped = False  # pictures were left out, and none has been decoded since
        self._resumed_pts: int | None = None  # of the key picture that came next

    def __iter__(self) -> Iterator[Picture | LeftOut]:
        try:
            for given in self._given:
                if isinstance(given, LeftOut):
                    yield from self._drained()
                    yield from self._leave_out(given)
                elif self._leads(given.coded.packet):
                    yield from self._leave_out(_alone(given))
                else:
                    yield from self._decoded(given)
        except SourceError:  # the camera is gone; what it sent before stands
            yield from self._drained()
            raise

    def _leave_out(self, left: LeftOut) -> Iterator[LeftOut]:
        """Before the first whole picture nothing is counted."""
        if self._index:
            self._index += left.pictures
            yield left

    def _drained(self) -> Iterator[Picture]:
        """What the decoder still holds; it then begins anew: what follows copies from nothing that it has."""
        if self._codec is None:
            return
        self._skipped, self._resumed_pts = True, None
        try:
            frames = self._codec.decode(None)
        except NO_PICTURE:
            frames = []
        for frame in frames:
            if self._index:
                damaged = self._whole.picture(key=False, corrupt=frame.is_corrupt)
                yield self._next(frame, self._given_ns, damaged=damaged)
        self._codec.flush_buffers()

    def _leads(self, packet: av.Packet) -> bool:
        """Whether it is shown before the key picture at which decoding began anew: it copies from what is left out."""
        if self._skipped:
            self._skipped = False
            self._resumed_pts = packet.pts
            self._whole.packet(missing=True, doubtful=False)
        elif packet.is_keyframe:  # what comes from here on copies from what was decoded, and its times may begin anew
            self._resumed_pts = None
        early = packet.pts is not None and self._resumed_pts is not None and packet.pts < self._resumed_pts
        return early and not packet.is_keyframe

    def _decoded(self, arrived: Arrived[CodedPicture]) -> Iterator[Picture]:
        coded, lost = arrived.coded, arrived.lost
        self._codec, self._time_base, self._clock_ns = coded.codec, coded.packet.time_base, coded.clock_ns
        self._came[coded.packet.pts] = arrived.mono_ns
        if len(self._came) > REORDERED_MOST:
            del self._came[next(iter(self._came))]
        self._told.clear()
        self._whole.packet(missing=coded.loss or lost > 0, doubtful=coded.doubtful)
        try:
            frames = coded.codec.decode(coded.packet)
        except NO_PICTURE:
            self._whole.picture(key=False, corrupt=True)
            if self._index:
                yield self._next(None, arrived.mono_ns, damaged=True, lost=lost)
            return
        unsound = coded.packet.is_corrupt or said(self._told, UNSOUND)
        for frame in frames:
            damaged = self._whole.picture(key=bool(frame.key_frame), corrupt=frame.is_corrupt or unsound)
            if self._index == 0:
                if damaged:
                    continue
                self._begin_s = self._time_s(frame) or 0.0
                self._black = np.zeros((frame.height, frame.width, 3), np.uint8)
            yield self._next(frame, arrived.mono_ns, damaged=damaged, lost=lost)
            lost = 0

    def _next(self, frame: av.VideoFrame | None, arrived_ns: int, *, damaged: bool, lost: int = 0) -> Picture:
        """`arrived_ns`: when the newest packet came, for what nobody knows the packet of."""
        time_s = None if frame is None else self._time_s(frame)
        if self._index == 0:
            time_s = self._begin_s  # FFmpeg often has no time for the very first
        if frame is not None and self._copies is not None:
            self._copies.picture(frame.pts, self._index)
        self._index += 1
        # A camera with B pictures sends some before those that are shown earlier: arrivals must not go back.
        came_ns = None if frame is None else self._came.pop(frame.pts, None)
        self._given_ns = max(self._given_ns, came_ns or arrived_ns)
        return Picture(
            pixels=self._black if frame is None else bgr_view(frame, self._reformatter),
            index=self._index - 1,
            pts_s=None if time_s is None else time_s - self._begin_s,
            problem=DAMAGED if damaged else None,
            lost=lost,
            taken_utc_ns=None if time_s is None or self._clock_ns is None else self._clock_ns + round(time_s * 1e9),
            arrived_mono_ns=self._given_ns,
        )

    def _time_s(self, frame: av.VideoFrame) -> float | None:
        """By the stream's own clock; what is drained from a decoder does not know it."""
        return None if frame.pts is None else float(frame.pts * self._time_base)


def _alone(arrived: Arrived[CodedPicture]) -> LeftOut:
    waited_s = (time.monotonic_ns() - arrived.mono_ns) / 1e9
    return LeftOut(1, arrived.mono_ns, waited_s, arrived.lost)
