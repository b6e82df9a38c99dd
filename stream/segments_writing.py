"""Coded pictures to segments: fragmented MP4, flushed at each key picture and each second. One thread's own.

A segment begins with a key picture and can be decoded alone. Where pictures that are shown before that key picture are
coded after it (an open group), the segment before gets them, with a copy of the key picture that they need.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path

import av

from stream.segments import CLOCK, Head, film_of, list_of, seconds

TIME_BASE = Fraction(1, CLOCK)
UNNAMED_MOST = 256  # pictures that were added without their number, and may still get it
NEVER = 1 << 62  # ticks
FRAGMENTED = {
    # skip_trailer: a table at the end that names all fragments; no player needs it, and a killed writer leaves none.
    "movflags": "frag_keyframe+empty_moov+default_base_moof+skip_trailer",
    "frag_duration": "1000000",  # microseconds: a camera may send a key picture every ten seconds only
}


@dataclass(frozen=True)
class Coded:
    """One picture as H.264 with lengths; times in ticks from the run's first picture."""

    content: bytes
    at: int  # when it is shown
    coded: int  # its place in the order of coding: never later than `at`, always later than the one before
    key: bool
    utc_ns: int = 0  # when it came, where that may be long ago; 0: now


@dataclass(frozen=True)
class Form:
    """What all pictures of a stream have in common."""

    start: bytes  # an MP4 without pictures
    width: int
    height: int
    copied: bool


class Pipe:
    """Takes what the muxer writes, until it is fetched; it cannot seek, and so nothing in it is ever changed."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def __len__(self) -> int:
        return len(self._bytes)

    def write(self, piece: bytes) -> int:
        self._bytes += bytes(piece)
        return len(piece)

    def fetch(self) -> bytes:
        """All since the last time."""
        got = bytes(self._bytes)
        self._bytes.clear()
        return got


class SegmentFile:
    """One segment that is being written. Raises OSError where the disk refuses; it is then of no further use."""

    def __init__(self, folder: Path, head: Head, form: Form) -> None:
        self.head = head
        self._unnamed: dict[int, None] = {}  # ticks of pictures whose number has not been told, the oldest first
        self._named: dict[int, int] = {}  # ticks → seq, not written yet
        self._listed_to = head.begin
        self._muxed_to = head.begin
        self._before = -1
        self._finished = False
        self._step = CLOCK // 25
        self._template = av.open(io.BytesIO(form.start))
        with contextlib.ExitStack() as where_refused:
            where_refused.callback(self._template.close)
            self._film = where_refused.enter_context(film_of(folder, head.number).open("xb", buffering=0))
            self._list = list_of(folder, head.number).open("x")
            where_refused.callback(self.abandon)
            self._begin()
            where_refused.pop_all()

    def _begin(self) -> None:
        self._list.write(json.dumps(asdict(self.head)) + "\n")
        self._pipe = Pipe()
        self._container = av.open(self._pipe, "w", format="mp4", options=FRAGMENTED)
        # opaque: PyAV 15 (Python 3.10) would open an encoder for what is coded already, and fail
        self._stream = self._container.add_stream_from_template(self._template.streams.video[0], opaque=True)
        self._stream.time_base = TIME_BASE
        self._container.start_encoding()
        self._flush()

    def add(self, picture: Coded) -> None:
        """The next picture in the order of coding."""
        self._unnamed[picture.at] = None
        if len(self._unnamed) > UNNAMED_MOST:
            del self._unnamed[next(iter(self._unnamed))]
        packet = av.Packet(picture.content)
        packet.stream, packet.time_base, packet.is_keyframe = self._stream, TIME_BASE, picture.key
        packet.pts, packet.dts = picture.at - self.head.begin, picture.coded - self.head.begin
        if 0 <= self._before < packet.dts:
            self._step = packet.dts - self._before
        packet.duration, self._before = self._step, packet.dts
        self._container.mux_one(packet)
        if len(self._pipe):
            self._flush()
        self._muxed_to = picture.coded  # whatever is shown before that has been coded

    def name(self, at: int, seq: int) -> None:
        """The frame that is shown then has that number; nothing where no such picture was added."""
        if at in self._unnamed:
            del self._unnamed[at]
            self._named[at] = seq

    def finish(self) -> None:
        """No further picture follows; numbers may. May be called twice."""
        if not self._finished:
            self._finished = True
            self._container.close()
            self._muxed_to = NEVER
            self._flush()

    def close(self, end: str = "") -> None:
        """Nothing more follows. May be called twice."""
        if self._film.closed:
            return
        try:
            self.finish()
            self._flush()
            self._list.write(json.dumps({"end": end}) + "\n")
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Lets go of the files as they are: whole fragments, whole lines. May be called twice."""
        self._template.close()
        self._film.close()
        try:
            self._list.close()
        except OSError:
            return  # what it still had to write; the disk is full

    def _flush(self) -> None:
        """Frames are listed before their bytes are written: what a kill leaves in the MP4 has its numbers."""
        named = sorted(self._named.items())
        self._named.clear()
        lines = [json.dumps([seq, seconds(at - self.head.begin)]) for at, seq in named]
        self._list.write("".join(f"{line}\n" for line in lines))
        self._list.flush()
        _write_whole(self._film.fileno(), self._pipe.fetch())
        self._listed_to = max([self._listed_to, *(at for at, _ in named)])
        to = min(self._listed_to, self._muxed_to)
        self._list.write(json.dumps({"to": seconds(to - self.head.begin)}) + "\n")
        self._list.flush()


def _write_whole(descriptor: int, content: bytes) -> None:
    """All of it or nothing: half a fragment would be a film whose last picture cannot be decoded."""
    before, left = os.lseek(descriptor, 0, os.SEEK_CUR), memoryview(content)
    try:
        while left:
            left = left[os.write(descriptor, left) :]
    except OSError:
        os.ftruncate(descriptor, before)
        raise
