"""From a verdict to the picture that viewers get: copied from the ring, checked, drawn, scaled, encoded.

Where nobody looks nothing is copied and nothing encoded. A slot that was overwritten meanwhile is skipped: no picture
is better than a neighbour's.
"""

from __future__ import annotations

import asyncio
import logging
import time
from concurrent.futures import Executor
from pathlib import Path

from stream.messages import Judged
from stream.overlay import draw_verdict, encode_jpeg, scale_to_width
from stream.ring import RingViews, TornError
from stream.settings import CameraSettings, DisplaySettings
from stream.web.audience import Audience
from stream.web.talk import Picture
from stream.wire import WireError

log = logging.getLogger(__name__)
IDLE_S = 2.0  # a camera silent for so long: its ring is let go, so that its memory can be freed


class Painter:
    """Paints the newest judged frame of one camera, at most `live_fps` times a second."""

    def __init__(
        self, camera: CameraSettings, display: DisplaySettings, folder: Path, audience: Audience, executor: Executor
    ) -> None:
        self.painted, self.torn, self.refused = 0, 0, 0
        self._camera = camera
        self._display = display
        self._audience = audience
        self._executor = executor
        self._views = RingViews(folder)
        self._ring = ""
        self._waiting: Judged | None = None
        self._painted: Judged | None = None
        self._busy = False
        self._wake = asyncio.Event()

    def offer(self, judged: Judged) -> None:
        """A new verdict. It takes the place of one that waits."""
        if behind(judged, self._painted):
            return
        self._waiting = newest(self._waiting, judged, busy=self._busy)
        self._wake.set()

    def hungry(self) -> None:
        """A viewer may want what nobody wanted before."""
        self._wake.set()

    async def run(self) -> None:
        """Paints until cancelled."""
        try:
            while True:
                await self._woken()
                if self._waiting is None or not self._audience.wants(self._camera.name):
                    continue
                judged, self._waiting, self._busy = self._waiting, None, True
                started = time.monotonic()
                if await self._paint(judged):
                    await asyncio.sleep(max(0.0, started + 1 / self._display.live_fps - time.monotonic()))
                self._busy = False
        finally:
            self._views.close()

    async def _woken(self) -> None:
        try:
            await asyncio.wait_for(self._wake.wait(), IDLE_S)
        except asyncio.TimeoutError:
            self._views.close()
        self._wake.clear()

    async def _paint(self, judged: Judged) -> bool:
        """Whether there was something to show."""
        if judged.frame.ring != self._ring:
            self._views.close()
            self._ring = judged.frame.ring
        loop = asyncio.get_running_loop()
        try:
            jpeg = await loop.run_in_executor(self._executor, paint, judged, self._views, self._camera, self._display)
        except TornError:
            self.torn += 1
        except (WireError, ValueError) as error:
            self.refused += 1
            log.warning("%s: frame %d is not shown: %s", judged.frame.camera, judged.frame.seq, error)
        else:
            self.painted, self._painted = self.painted + 1, judged
            self._audience.show(Picture(judged, jpeg))
            return True
        return False


def newest(waiting: Judged | None, judged: Judged, *, busy: bool) -> Judged:
    """Which of two verdicts is shown next: the newer.

    While another picture is being painted a BAD one gives way only to a BAD one, for at most 1 / live_fps: at more
    pictures a second than are shown, a short defect would else be seen by chance only.
    """
    if busy and waiting is not None and waiting.verdict.state == "BAD" != judged.verdict.state:
        return waiting
    return judged


def behind(judged: Judged, painted: Judged | None) -> bool:
    """Whether a later frame was shown already, as happens with several inspectors. BAD is shown all the same."""
    if painted is None or judged.verdict.state == "BAD":
        return False
    return judged.frame.run == painted.frame.run and judged.frame.seq < painted.frame.seq


def paint(judged: Judged, views: RingViews, camera: CameraSettings, display: DisplaySettings) -> bytes:
    """The JPEG of the very frame that was judged, its verdict drawn in.

    Raises TornError where the slot holds another picture by now, WireError or ValueError where it cannot be drawn.
    """
    frame = judged.frame
    if min(frame.height, frame.width) < 1:
        raise ValueError(f"a picture of {frame.width} x {frame.height} px")
    picture = views.ring(frame.ring).copy(frame.slot, frame.lock, frame.height, frame.width)
    drawn = draw_verdict(picture, judged.verdict, camera.region)
    return encode_jpeg(scale_to_width(drawn, display.width_px), display.jpeg_quality)
