"""The judged frames of one camera, from its ring to its encoder: of the right size, at the right pace, in order.

Takes no lease: it copies, looks again, and lets a torn picture go. Who is short of time leaves frames out, by name.
"""

from __future__ import annotations

import bisect
from collections import Counter
from dataclasses import dataclass

import cv2
import numpy as np

from stream.clips_cameras import unpaced
from stream.messages import FrameRef, Judged
from stream.ring import TornError
from stream.ring_views import RingViews
from stream.segments import CLOCK, Shelf, numbers_in, read_segment, run_folder, ticks
from stream.segments_encoding import SLOW, Encoding, Shot
from stream.settings import CameraSettings, ClipSettings

HOLD_S = 0.3  # with several inspectors: a verdict that was quicker waits so long for those of frames before its own
HELD_MOST = 8
EARLY = CLOCK  # ticks: the run's time 0 lies so long before the first picture that is seen, as others may come later
TALLEST_PX = 16384  # of a side, for libx264
EXACT = 1e-6  # so much less than a whole pixel is one
PACE = 25.0  # pictures a second of a folder that says nothing of it
UNPACED = "it is judged as fast as can be, and not all of that can be encoded; set its pace: recorded"
TORN, LATE, PROCESSOR = "overwritten before it was copied", "came after its neighbours", "the processor was short"


@dataclass(frozen=True)
class _Held:
    seq: int
    since_s: float
    shot: Shot


class Watching:
    """One camera whose pictures are encoded here."""

    def __init__(
        self, camera: CameraSettings, clips: ClipSettings, shelf: Shelf, views: RingViews, *, alone: bool
    ) -> None:
        """`alone`: there is one inspector, so verdicts come in order."""
        self.left_out: Counter[str] = Counter()
        self._camera = camera
        self._clips = clips
        self._shelf = shelf
        self._views = views
        self._alone = alone
        self._encoding: Encoding | None = None
        self._mono_ns = 0
        self._taken_at = -CLOCK * 3600
        self._last_seq = -1
        self._held: list[_Held] = []

    def take(self, judged: Judged, now_s: float) -> None:
        """A frame that was judged; its pixels are copied now, or not at all."""
        frame = judged.frame
        if self._encoding is None or self._encoding.run != frame.run:
            if self._encoding is not None and frame.run < self._encoding.run:
                return  # of a run that is over
            self._begin(frame)
        at = self._at(frame)
        if judged.verdict.state == "GOOD" and at - self._taken_at < 0.9 * CLOCK / self._clips.fps:
            return
        if frame.seq <= self._last_seq:
            self.left_out[LATE] += 1
            return
        try:
            shot = Shot(frame.seq, at, self._picture(frame))
        except TornError:
            self.left_out[TORN] += 1
            return
        self._taken_at = max(self._taken_at, at)
        bisect.insort(self._held, _Held(frame.seq, now_s, shot), key=lambda held: held.seq)
        self.step(now_s)

    def step(self, now_s: float) -> None:
        """What has waited long enough goes to the encoder."""
        while self._held and self._encoding is not None:
            first = self._held[0]
            if not (self._alone or len(self._held) > HELD_MOST or now_s - first.since_s > HOLD_S):
                return
            del self._held[0]
            self._last_seq = first.seq
            self._encoding.add(first.shot)

    @property
    def alarm(self) -> str:
        return self._encoding.alarm if self._encoding is not None else ""

    @property
    def missed(self) -> int:
        """Pictures that are in no segment, though they were wanted."""
        return sum(self.left_out.values()) + (self._encoding.left_out if self._encoding is not None else 0)

    def close(self) -> None:
        """Writes what is there. May be called twice."""
        self.step(float("inf"))
        if self._encoding is not None:
            self._encoding.close()
            self.left_out[PROCESSOR] += self._encoding.left_out
            self._encoding = None

    def _begin(self, frame: FrameRef) -> None:
        self.close()
        self._last_seq, self._taken_at = -1, -CLOCK * 3600
        self._mono_ns = self._known_start(frame.run) or frame.captured_mono_ns if self._by_clock() else 0
        slow = UNPACED if unpaced(self._camera) else SLOW
        self._encoding = Encoding(self._shelf, frame.run, self._mono_ns, slow)

    def _known_start(self, run: int) -> int:
        """Where an earlier process recorded of this run, its time goes on; 0 where none did."""
        folder = run_folder(self._shelf.data_dir, self._camera.name, run)
        segments = (read_segment(folder, number) for number in numbers_in(folder)[-1:])
        return next((segment.head.mono_ns for segment in segments if segment is not None), 0)

    def _by_clock(self) -> bool:
        return self._camera.live or self._camera.watched

    def _at(self, frame: FrameRef) -> int:
        """When the frame is shown, in ticks of its run: as it was captured, or as its recording says."""
        if self._by_clock():
            return EARLY + ticks((frame.captured_mono_ns - self._mono_ns) / 1e9)
        pace = self._camera.fps or PACE
        return EARLY + ticks(frame.seq / pace if frame.pts_s is None else frame.pts_s)

    def _picture(self, frame: FrameRef) -> np.ndarray:
        """A copy, not wider than the settings say, both sides even. Raises TornError where it was overwritten."""
        ring = self._views.ring(frame.ring)
        pixels = ring.pixels(frame.slot, frame.lock, frame.height, frame.width)
        copied = scaled(pixels, self._clips.width_px)
        ring.check(frame.slot, frame.lock)
        return copied


def scaled(pixels: np.ndarray, width_px: int) -> np.ndarray:
    """A copy of a picture (H, W, 3), shrunk where it is wider than that or taller than H.264 can be; its sides even.

    Sides of one pixel are doubled: a file that cannot be read is judged as such a picture.
    """
    height, width = pixels.shape[:2]
    scale = min(1.0, width_px / width, TALLEST_PX / height)
    if scale < 1.0:
        narrow = max(2, int(width * scale + EXACT) // 2 * 2)
        return cv2.resize(pixels, (narrow, max(2, round(height * scale / 2) * 2)), interpolation=cv2.INTER_AREA)
    even = pixels[: max(2, height - height % 2), : max(2, width - width % 2)]
    if min(height, width) > 1:
        return even.copy()
    return np.pad(even, ((0, height == 1), (0, width == 1), (0, 0)), mode="edge")
