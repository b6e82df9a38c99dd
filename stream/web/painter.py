"""Which verdict becomes a picture, when and in which thread: the newest, at once, at most so many a second.

Where nobody looks nothing is painted. A slot that was overwritten meanwhile is skipped: no picture is better than a
neighbour's.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Mapping
from concurrent.futures import Executor
from types import MappingProxyType

from detector.regions import Where
from stream.messages import Judged
from stream.ring import TornError
from stream.settings import CameraSettings, DisplaySettings
from stream.web.audience import Audience
from stream.web.pace import Pace
from stream.web.painting import Painted, Views, is_little, paint
from stream.web.pictures import Wish
from stream.wire import WireError

log = logging.getLogger(__name__)
IDLE_S = 2.0  # a camera silent for so long: its ring is let go, so that its memory can be freed
# Of the frames themselves, of all cameras together, painted in the loop: no thread to be woken there and back. One of
# 1080p takes some 3 ms of a processor where it is shown 960 px wide, twice as much at its full width.
AT_ONCE_PX = 2_100_000


class Painter:
    """Paints the newest judged frame of one camera, at most `live_fps` times a second."""

    def __init__(
        self,
        camera: CameraSettings,
        display: DisplaySettings,
        views: Views,
        audience: Audience,
        executor: Executor,
        wheres: Mapping[str, Where] = MappingProxyType({}),
        at_once_px: int = 0,
    ) -> None:
        """`wheres`: what is judged of its pictures, by recipe; without one, or without recipes, as the camera says.

        `at_once_px`: up to so many pixels are painted in the loop itself, more of them in the executor's thread.
        """
        self.painted, self.torn, self.refused = 0, 0, 0
        self._camera = camera
        self._wheres = wheres
        self._at_once_px = at_once_px
        self._quality = display.jpeg_quality
        self._pace = Pace(display.live_fps)
        self._audience = audience
        self._executor = executor
        self._views = views
        self._ring = ""
        self._waiting: Judged | None = None
        self._painted: Judged | None = None
        self._busy = False
        self._wake, self._came = asyncio.Event(), asyncio.Event()
        self._offered_s = 0.0

    def offer(self, judged: Judged) -> None:
        """A new verdict. It takes the place of one that waits."""
        if behind(judged, self._painted):
            return
        self._waiting = newest(self._waiting, judged, busy=self._busy)
        self._offered_s = time.monotonic()
        self._wake.set()
        self._came.set()

    def hungry(self) -> None:
        """A viewer may want what nobody wanted before."""
        if self._waiting is not None:
            self._wake.set()

    def mind(self, now_s: float) -> None:
        """To be called now and then: lets the ring of a silent camera go."""
        if not self._busy and now_s - self._offered_s > IDLE_S:
            self._views.close()

    async def run(self) -> None:
        """Paints until cancelled. What is being painted then goes on in its thread: `close` comes after that."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            wishes = self._audience.wanted(self._camera.name)
            if self._waiting is None or not wishes:
                continue
            judged, self._waiting, self._busy = self._waiting, None, True
            began_s = time.monotonic()
            if (painted := await self._paint(judged, wishes)) is not None:
                await self._rest(self._pace.made(began_s, painted.work_s) + began_s - time.monotonic())
            self._busy = False

    def close(self) -> None:
        """Lets the views go. Only when the executor has ended: its thread may be looking through them."""
        self._views.close()

    async def _rest(self, wait_s: float) -> None:
        """Until the next picture may be made: of one that came meanwhile, the one behind it, which is younger."""
        if wait_s <= 0:
            return
        await asyncio.sleep(wait_s)
        if self._waiting is not None and self._waiting.verdict.state != "BAD":
            self._came.clear()
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._came.wait(), self._pace.period_s)

    async def _paint(self, judged: Judged, wishes: frozenset[Wish]) -> Painted | None:
        """What was shown; None where there was nothing to show."""
        if judged.frame.ring != self._ring:
            self._views.close()
            self._ring = judged.frame.ring
        where = self._wheres.get(judged.verdict.recipe, self._camera.where)
        try:
            if is_little(judged.frame, wishes, self._at_once_px):
                painted = paint(judged, self._views, where, self._quality, wishes)
            else:
                painted = await asyncio.get_running_loop().run_in_executor(
                    self._executor, paint, judged, self._views, where, self._quality, wishes
                )
        except TornError:
            self.torn += 1
        except (WireError, ValueError) as error:
            self.refused += 1
            log.warning("%s: frame %d is not shown: %s", judged.frame.camera, judged.frame.seq, error)
        else:
            self.painted, self._painted = self.painted + 1, judged
            self._audience.show(painted.pictures)
            return painted
        return None


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
