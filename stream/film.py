"""The overlay video: what was judged, as H.264 in fragmented MP4, which plays also when its writer was killed.

One thread encodes; the recorder hands frames over and never waits for it.
"""

from __future__ import annotations

import logging
import queue
import threading
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from detector.regions import Where
from stream.gentle import be_gentle
from stream.messages import VerdictRecord
from stream.overlay import draw_verdict, label_of
from stream.wire import WireError

log = logging.getLogger("linewatch")
QUEUE = 8  # pictures waiting to be encoded; the caller decides what happens when it is full
_TIME_BASE = Fraction(1, 90_000)  # the clock of MPEG systems (ISO/IEC 13818-1)
_LAST_TIME = 1 << 52  # 1,500 years; a damaged recording may say any time
_OPTIONS = {"preset": "ultrafast", "crf": "26", "tune": "zerolatency", "g": "25"}
_FRAGMENTED = {
    "movflags": "frag_keyframe+empty_moov+default_base_moof",
    "flush_packets": "1",  # else a finished fragment stays in the process's memory, and dies with it
}


@dataclass(frozen=True)
class Shot:
    """A judged picture (H, W, 3) BGR uint8, its verdict, and its time in seconds from the start of the film."""

    picture: np.ndarray
    verdict: VerdictRecord
    where: Where
    time_s: float
    part: str = ""  # that it is a picture of

    def drawn(self) -> np.ndarray:
        """The picture with its overlay."""
        return draw_verdict(self.picture, self.verdict, self.where, label=label_of(self.verdict.state, self.part))


class Film:
    """One film, one run. Pictures of another size than the first are left out, and counted."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.left_out = 0
        self._shots: queue.Queue[Shot | None] = queue.Queue(QUEUE)
        self._thread = threading.Thread(target=self._encode, name=f"film {path.stem}", daemon=True)
        self._thread.start()

    def add(self, shot: Shot) -> bool:
        """Takes a shot; False where the encoder is behind and the caller may keep it or let it go."""
        if not self._thread.is_alive():
            self.left_out += 1  # nobody will take it, ever: whoever waits for that waits in vain
            return True
        try:
            self._shots.put_nowait(shot)
        except queue.Full:
            return False
        return True

    def end(self) -> bool:
        """No further shot will come; the encoder finishes by itself. False where its queue is full: ask again."""
        try:
            self._shots.put_nowait(None)
        except queue.Full:
            return False
        return True

    @property
    def ended(self) -> bool:
        """Whether the film is finished."""
        return not self._thread.is_alive()

    def close(self, timeout_s: float = 10.0) -> None:
        """Finishes the film. May be called twice."""
        if self._thread.is_alive():
            try:
                self._shots.put(None, timeout=timeout_s)
            except queue.Full:
                log.warning("%s: the encoder hangs; the film ends early", self.path)
                return
            self._thread.join(timeout_s)

    def _encode(self) -> None:
        be_gentle()
        first = self._shots.get()
        if first is None:
            return
        try:
            self._write(first)
        except (av.FFmpegError, OSError, WireError) as error:
            log.error("%s: the film ends here: %s", self.path, error)
            while self._shots.get() is not None:
                self.left_out += 1

    def _write(self, first: Shot) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        height, width = (side - side % 2 for side in first.picture.shape[:2])
        with av.open(str(self.path), "w", format="mp4", options=_FRAGMENTED) as container:
            stream = container.add_stream("libx264", rate=25, options=_OPTIONS)
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            stream.codec_context.time_base = _TIME_BASE
            stream.time_base = _TIME_BASE
            last = -1
            shot: Shot | None = first
            while shot is not None:
                time = round(shot.time_s / _TIME_BASE)
                if shot.picture.shape == first.picture.shape and last < time < _LAST_TIME:
                    picture = np.ascontiguousarray(shot.drawn()[:height, :width])
                    frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
                    frame.pts, frame.time_base = time, _TIME_BASE
                    container.mux(stream.encode(frame))
                    last = time
                else:
                    self.left_out += 1
                shot = self._shots.get()
            container.mux(stream.encode(None))
