"""Pictures to segments, where a camera's stream cannot be kept as it comes: H.264, in a thread of its own.

Whoever has the pictures never waits. What comes too fast, too late or in another size is left out, by name.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import chain

import av
import numpy as np
from av.container import OutputContainer
from av.video.frame import PictureType
from av.video.stream import VideoStream

from stream.gentle import be_gentle
from stream.h264_units import with_lengths
from stream.segments import CLOCK, Shelf
from stream.segments_rolling import Recorded, Rolling
from stream.segments_writing import FRAGMENTED, TIME_BASE, Coded, Form, Pipe

log = logging.getLogger("linewatch")
QUEUE = 8  # pictures that wait to be encoded
KEY_EVERY = CLOCK  # ticks: a clip begins at most so much before the time that was wished
IDLE_S = 2.0  # without a picture for so long, what there is is closed: it lies on the disk then to its last frame
CLOSING_S = 5.0
# superfast: the quickest preset that still writes the High profile. zerolatency: each picture comes out at once.
OPTIONS = {"preset": "superfast", "tune": "zerolatency", "crf": "24", "g": "100000", "forced-idr": "1", "threads": "1"}
BEHIND = "while the processor was short"
SLOW = "the processor or the disk is too slow for them"


@dataclass(frozen=True)
class Shot:
    """A picture to be recorded, already of the size it is to have."""

    seq: int
    at: int  # ticks from the run's first picture
    picture: np.ndarray  # (H, W, 3) BGR uint8, both even; not touched again by whoever hands it over


class Encoding:
    """The recording of one run, all pictures of one size."""

    def __init__(self, shelf: Shelf, run: int, mono_ns: int, slow: str = SLOW) -> None:
        """`mono_ns`: as in segments.Head. `slow`: why there are gaps where pictures come faster than that."""
        self._slow = slow
        self.state = Recorded()
        self._mono_ns = mono_ns
        self.run = run
        self._shelf = shelf
        self._behind = 0  # pictures for which there was no room
        self._told = 0  # of those, as the segments say
        self._earlier = 0  # left out of segments of another size
        self._refused: set[tuple[int, ...]] = set()  # shapes of pictures
        self._shots: queue.Queue[Shot | None] = queue.Queue(QUEUE)
        self._thread = threading.Thread(target=self._record, name=f"encode {shelf.camera}", daemon=True)
        self._thread.start()

    def add(self, shot: Shot) -> bool:
        """Takes a picture; False where the encoder is behind, and it is left out."""
        try:
            self._shots.put_nowait(shot)
        except queue.Full:
            self._behind += 1
            return False
        return True

    @property
    def left_out(self) -> int:
        """Pictures that are not in any segment."""
        return self._behind - self._told + self._earlier + self.state.left_out

    @property
    def alarm(self) -> str:
        """In words; empty: well."""
        if self._behind > self._told and not self.state.alarm:
            return f"clips of {self._shelf.camera} have gaps: {self._slow}"
        return self.state.alarm

    def close(self, timeout_s: float = CLOSING_S) -> bool:
        """Encodes what waits; False where that takes longer. May be called twice."""
        if self._thread.is_alive():
            try:
                self._shots.put(None, timeout=timeout_s)
            except queue.Full:
                return False
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _record(self) -> None:
        be_gentle()
        shot = self._shots.get()
        while (first := shot) is not None:
            try:
                shot = self._record_size(first)
            except av.FFmpegError as error:
                self._refuse(first.picture.shape, error)
                self._earlier += 1
                shot = self._shots.get()

    def _refuse(self, shape: tuple[int, ...], error: av.FFmpegError) -> None:
        """Said once of each size: every further picture of it would be refused, too."""
        if shape not in self._refused:
            self._refused.add(shape)
            why = getattr(error, "strerror", None) or type(error).__name__
            said = f"pictures of {shape[1]}x{shape[0]} px cannot be encoded, so clips leave them out ({why})"
            log.error("%s: %s. Inspection goes on", self._shelf.camera, said)

    def _record_size(self, first: Shot) -> Shot | None:
        """Records what has the size of the first; gives the first picture of another, None at the end."""
        with closing(Encoder(first.picture.shape[1], first.picture.shape[0])) as encoder:
            rolling, last = Rolling(self._shelf, self.run, encoder.form, self._mono_ns), -1
            for shot in chain((first,), self._arriving(rolling)):
                if shot is None or shot.picture.shape != first.picture.shape:
                    rolling.close()
                    self._earlier, self.state = (
                        self._earlier + rolling.state.left_out,
                        replace(rolling.state, left_out=0),
                    )
                    return shot
                last = max(shot.at, last + 1)
                self._put(shot, last, encoder, rolling)
        return None

    def _put(self, shot: Shot, at: int, encoder: Encoder, rolling: Rolling) -> None:
        if (behind := self._behind) > self._told:
            rolling.leave_out(BEHIND, behind - self._told)
            self._told = behind
        for coded in encoder.encode(shot.picture, at):
            rolling.add(coded)
        rolling.name(at, shot.seq)
        self.state = rolling.state

    def _arriving(self, rolling: Rolling) -> Iterator[Shot | None]:
        while True:
            try:
                yield self._shots.get(timeout=IDLE_S)
            except queue.Empty:
                rolling.close()
                self.state = rolling.state


class Encoder:
    """H.264 for pictures of one size."""

    def __init__(self, width: int, height: int) -> None:
        self._pipe = Pipe()
        self._container: OutputContainer = av.open(self._pipe, "w", format="mp4", options=FRAGMENTED)
        self._stream: VideoStream = self._container.add_stream("libx264", rate=25, options=OPTIONS)
        self._stream.width, self._stream.height, self._stream.pix_fmt = width, height, "yuv420p"
        self._stream.codec_context.time_base = TIME_BASE
        self._stream.codec_context.thread_count = 1
        self._stream.time_base = TIME_BASE
        self._container.start_encoding()
        self.form = Form(self._pipe.fetch(), width, height, copied=False)
        self._key_at = -KEY_EVERY

    def encode(self, picture: np.ndarray, at: int) -> Iterator[Coded]:
        """The picture, as it is to be stored; at once, as nothing is reordered."""
        frame = av.VideoFrame.from_ndarray(picture, format="bgr24").reformat(format="yuv420p")
        frame.pts, frame.time_base = at, TIME_BASE
        if at - self._key_at >= KEY_EVERY:
            frame.pict_type, self._key_at = PictureType.I, at
        for packet in self._stream.encode(frame):
            assert packet.pts is not None
            yield Coded(with_lengths(bytes(packet)), packet.pts, packet.pts, packet.is_keyframe)

    def close(self) -> None:
        self._container.close()
