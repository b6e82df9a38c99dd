"""A camera's own H.264, as its source demuxes it, to segments. The camera never waits: the queue is bounded.

The source's thread hands packets and the numbers of decoded pictures over; a gentle thread of the recording writes.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

import av

from stream.gentle import be_gentle
from stream.h264_units import keeps_lengths, with_lengths
from stream.segments import Shelf
from stream.segments_holding import Holding, Lost, Packet
from stream.segments_rolling import Recorded, Rolling
from stream.segments_times import Times
from stream.segments_writing import FRAGMENTED, Coded, Form, Pipe
from stream.sources.source import Source

PACKETS_MOST = 512  # that wait to be written
BYTES_MOST = 32 << 20
LINGER_S = 2.0  # for what waits, when the source is closed
LOOK_EVERY_S = 1.0
TURN_EVERY_S = 0.1
TURN_LATE_S = 5.0  # waiting longer for the opening before is an alarm
QUEUE_FULL = "while the disk was slow"
NO_TIME = "without a usable time"


@dataclass(frozen=True)
class _Numbered:
    pts: int | None
    seq: int


class Copying:
    """One opening of a source. `copies`: whether its stream can be copied; None until it is known."""

    def __init__(self, shelf: Shelf, *, live: bool, before: Copying | None = None) -> None:
        """`live` False: a recording, of which a later opening goes on with the same run, at the same times.

        `before`: the opening before this one, which is closed. It is written first: both may be of the same run.
        """
        self.copies: bool | None = None
        self.state = Recorded()
        self._shelf = shelf
        self._live = live
        self._origin: int | None = None
        self._form: Form | None = None
        self._time_base = Fraction(1, 1000)
        self._lengths = False
        self._run: int | None = None
        self._closed = False
        self._waiting: deque[Packet | _Numbered | Lost] = deque()
        self._bytes = 0
        # which is waited for; packets, since one was taken last
        self._before, self._lost = before.give_way() if before is not None else (None, 0)
        self._since_s = time.monotonic()
        self._given_up = False
        self._change = threading.Condition()
        self._thread = threading.Thread(target=self._write, name=f"copy {shelf.camera}", daemon=True)

    # --- from the source's thread ---

    def stream(self, stream: av.VideoStream) -> None:
        """Before the first packet. What is no H.264, or does not say how it is coded, is not copied."""
        form = form_of(stream)
        if form is None or stream.time_base is None:
            self.copies = False
            return
        self._form, self._time_base = form, stream.time_base
        if not self._live:  # a second early: pictures that are coded before they are shown come before the first
            self._origin = (stream.start_time or 0) - round(1 / stream.time_base)
        self._lengths = keeps_lengths(bytes(stream.codec_context.extradata or b""))
        self.copies = True
        self._thread.start()

    def packet(self, packet: av.Packet) -> None:
        """Each, in the order of coding; let go, and counted, where the disk is behind."""
        if self.copies and packet.size:
            content = bytes(packet)
            item = Packet(content, packet.pts, packet.dts, packet.is_keyframe, time.time_ns())
            self._hand_over(item, len(content))

    def picture(self, pts: int | None, index: int) -> None:
        """A decoded picture, and its number; its time is that of its packet."""
        if self.copies:
            self._hand_over(_Numbered(pts, index), 0)

    @property
    def alarm(self) -> str:
        """In words; empty: well."""
        waits = self._before is not None and self._thread.is_alive()
        if waits and (waits_s := time.monotonic() - self._since_s) > TURN_LATE_S:
            return f"clips of {self._shelf.camera} wait: the disk has not taken those of before for {waits_s:.0f} s"
        if self._lost and not self.state.alarm:
            return f"clips of {self._shelf.camera} have gaps: the disk is slower than its pictures come"
        return self.state.alarm

    # --- from the intake ---

    def begins(self, run: int) -> None:
        """The run that all of it belongs to."""
        with self._change:
            self._run = self._run or run
            self._change.notify()

    def close(self) -> None:
        """No packet comes any more; what waits is still written. Returns at once; may be called twice."""
        with self._change:
            self._closed = True
            self._change.notify()

    def wait(self, timeout_s: float) -> bool:
        """Whether all of it was written within that time."""
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def give_way(self) -> tuple[Copying | None, int]:
        """To the next opening: the one that it has to wait for, and how many packets it finds lost.

        One waits, however often a camera comes and goes while a disk hangs: the one that goes on longest, the newest.
        """
        with self._change:
            if self._before is None:
                return (self if self._thread.is_alive() else None), 0
            self._given_up = True
            lost = self._lost + sum(_packets(item) for item in self._waiting)
            self._waiting.clear()
            self._bytes = 0
            return self._before, lost

    def _hand_over(self, item: Packet | _Numbered, size: int) -> None:
        with self._change:
            if len(self._waiting) >= PACKETS_MOST or self._bytes + size > BYTES_MOST:
                self._lost += isinstance(item, Packet)
                return
            if self._lost:
                self._waiting.append(Lost(self._lost))
                self._lost = 0
            self._waiting.append(item)
            self._bytes += size
            self._change.notify()

    # --- the gentle thread ---

    def _write(self) -> None:
        be_gentle()
        if not self._turn_comes():
            return
        with self._change:
            while self._run is None and not self._closed:
                self._change.wait(LOOK_EVERY_S)
        if self._run is None or self._form is None:
            return
        rolling, times = Rolling(self._shelf, self._run, self._form), Times(self._time_base, self._origin)
        holding = Holding()
        while (item := self._next()) is not None:
            if not isinstance(item, _Numbered):
                holding.take(item)
            elif not holding.number(item.pts, item.seq) and (at := times.of(item.pts)) is not None:
                rolling.name(at, item.seq)
            self._put(holding.ready(), rolling, times)
        self._put(holding.ready(over=True), rolling, times)
        rolling.close()
        self.state = rolling.state

    def _turn_comes(self) -> bool:
        """Once the opening before is written; False where this one has given way to the next meanwhile."""
        before = self._before
        while before is not None and not self._given_up and not before.wait(TURN_EVERY_S):
            pass
        with self._change:
            if not self._given_up:
                self._before = None
            return not self._given_up

    def _next(self) -> Packet | _Numbered | Lost | None:
        with self._change:
            while not self._waiting:
                if self._closed:
                    return None
                self._change.wait(LOOK_EVERY_S)
            item = self._waiting.popleft()
            if isinstance(item, Packet):
                self._bytes -= len(item.content)
            return item

    def _put(self, ready: Iterable[tuple[Packet | Lost, int | None]], rolling: Rolling, times: Times) -> None:
        for item, seq in ready:
            if isinstance(item, Lost):
                rolling.interrupt(QUEUE_FULL, item.packets)
            elif (moment := times.place(item.pts, item.dts)) is None:
                rolling.interrupt(NO_TIME, 1)
            else:
                content = item.content if self._lengths else with_lengths(item.content)
                rolling.add(Coded(content, moment.at, moment.coded, item.key, item.utc_ns))
                if seq is not None:
                    rolling.name(moment.at, seq)
            self.state = rolling.state


def _packets(item: Packet | _Numbered | Lost) -> int:
    """How many packets an item stands for."""
    return item.packets if isinstance(item, Lost) else int(isinstance(item, Packet))


class Copier:
    """One opening after the other of a camera's source."""

    def __init__(self, shelf: Shelf, *, live: bool) -> None:
        self._shelf = shelf
        self._live = live
        self._now: Copying | None = None
        self._copies: bool | None = None

    def follow(self, source: Source) -> None:
        """The source was opened; its pictures have not been asked for."""
        self.ends()
        if not hasattr(source, "copies_to"):
            self._copies = False
        else:
            self._now = Copying(self._shelf, live=self._live, before=self._now)
            source.copies_to(self._now)

    def begins(self, run: int) -> None:
        """The run that the pictures of this opening belong to."""
        if self._now is not None:
            self._now.begins(run)

    def ends(self) -> None:
        """The source is closed; what waits is still written. Returns at once; may be called twice."""
        if self._now is not None:
            self._now.close()

    def close(self) -> None:
        """Gives what waits a stated time. May be called twice."""
        self.ends()
        if self._now is not None:
            self._now.wait(LINGER_S)

    @property
    def copies(self) -> bool | None:
        """Whether the camera's stream is copied; None until it is known."""
        if self._now is not None and self._now.copies is not None:
            self._copies = self._now.copies
        return self._copies

    @property
    def alarm(self) -> str:
        """In words; empty: well."""
        return self._now.alarm if self._now is not None else ""


def form_of(stream: av.VideoStream) -> Form | None:
    """What the pictures of a stream have in common; None where they are no H.264 that MP4 can hold."""
    context = stream.codec_context
    if context.name != "h264" or not context.extradata or not context.width:
        return None
    pipe = Pipe()
    with av.open(pipe, "w", format="mp4", options=FRAGMENTED) as container:
        container.add_stream_from_template(stream)
        container.start_encoding()
        start = pipe.fetch()
    return Form(start, context.width, context.height, copied=True)
