"""A camera that a program can set and trigger, whichever library talks to it: opened, set, drained, watched, closed.

The thread of drain.py alone touches the library; `trigger` puts an order into a queue that this thread reads.
Knows no library: each gives an `Opened` (opened.py; basler.py, genicam.py, aravis.py).
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import cast

from stream.settings import CameraSettings
from stream.sources.arrivals import Arrivals
from stream.sources.control import apply, steps
from stream.sources.drain import Drain
from stream.sources.frame_count import FrameCount
from stream.sources.nodes import NodeError
from stream.sources.opened import Opened, Shot
from stream.sources.patience import Patience
from stream.sources.sensor_pixels import Converter, PixelError, ShortError, format_of
from stream.sources.source import Picture, SourceError, Waiting

log = logging.getLogger("linewatch")
LOOK_EVERY_S = 0.1  # whether it is closed
SAY_EVERY_S = 1.0  # that it waits; whether the camera is there
ORDERS_MOST = 32  # that wait for the pictures of those before them
ORDERED_S = 5.0  # from an order to its picture, at most: exposures may be long
HANGS_S = 5.0  # beyond the time in which the thread itself finds its camera lost: the library hangs
DAMAGED = "decode_error"
WAITS = "waiting for its trigger"


@dataclass(frozen=True)
class Taken:
    """A buffer, and when its picture came."""

    shot: Shot
    mono_ns: int


class IndustrialCamera:
    """A source: `open_it` is called by the thread that reads, when pictures are asked for."""

    def __init__(self, camera: CameraSettings, open_it: Callable[[], Opened]) -> None:
        self._camera = camera
        self._open_it = open_it
        self._closed = threading.Event()
        self._orders: queue.Queue[None] = queue.Queue(ORDERS_MOST)
        kind = camera.source.partition(":")[0]
        silent = f"{kind}: the camera's library does not answer; is the camera there?"
        self._drain = Drain(kind, self._read, camera.silent_after_s + HANGS_S, silent)

    def pictures(self, first_index: int = 0) -> Iterator[Picture | Waiting]:
        """Pictures as they come, Waiting where a trigger is waited for. Raises SourceError."""
        return cast("Iterator[Picture | Waiting]", self._drain.pictures())  # an error among them is raised there

    def trigger(self) -> None:
        """See source.Triggered."""
        if self._camera.control.trigger != "software":
            raise SourceError("this camera takes no orders; set control.trigger: software")
        try:
            self._orders.put_nowait(None)
        except queue.Full:
            raise SourceError(f"{ORDERS_MOST} orders wait for this camera already; it is too slow for them") from None

    def close(self) -> None:
        self._closed.set()
        self._drain.close()

    def _read(self) -> Generator[Picture | Waiting | SourceError, None, None]:
        """A loss is handed over before the camera is closed: one that is gone takes seconds to let go of."""
        opened = self._open_it()
        try:
            yield from _Watch(self._camera, opened, self._closed, self._orders).pictures()
        except SourceError as error:
            yield error
        except NodeError as error:
            yield SourceError(f"{opened.name}: {error}")
        finally:
            opened.close()


class _Watch:
    """One opened camera, from its settings to its loss."""

    def __init__(
        self, camera: CameraSettings, opened: Opened, closed: threading.Event, orders: queue.Queue[None]
    ) -> None:
        self._camera = camera
        self._opened = opened
        self._closed = closed
        self._orders = orders
        self._count = FrameCount()
        self._arrivals = Arrivals()
        self._converter = Converter()
        self._index = 0
        self._size = (1, 1)  # width, height of the last whole picture

    def pictures(self) -> Generator[Picture | Waiting, None, None]:
        taken = apply(self._opened.nodes, steps(self._camera))
        said = ", ".join(f"{one.node} {one.value}" for one in taken if one.step.needed)
        self._readable()
        self._opened.start()
        log.info("%s: %s is open%s", self._camera.name, self._opened.name, f": {said}" if said else "")
        running = {"free": self._free, "hardware": self._at_a_line, "software": self._by_order}
        yield from running[self._camera.control.trigger]()

    def _readable(self) -> None:
        if self._opened.nodes.has("PixelFormat"):
            try:
                format_of(str(self._opened.nodes.read("PixelFormat")))
            except PixelError as error:
                raise SourceError(f"{self._opened.name}: {error}", final=True) from None

    def _free(self) -> Generator[Picture | Waiting, None, None]:
        """Silence counts in waits that ended without a picture: time in which this process did not run is none."""
        patience, silent_s = Patience(self._camera.silent_after_s), 0.0
        take = self._newest if self._camera.newest else self._take
        while not self._closed.is_set():
            if (taken := take(LOOK_EVERY_S)) is not None:
                patience.arrived(time.monotonic())
                silent_s = 0.0
                yield self._picture(taken)
            elif (silent_s := silent_s + LOOK_EVERY_S) >= patience.allowed_s:
                raise self._lost(f"no picture for {silent_s:.1f} s, and it runs freely")

    def _at_a_line(self) -> Generator[Picture | Waiting, None, None]:
        """Silence is no loss: there may be no part. So the camera is asked whether it is there."""
        text = f"{WAITS} at {self._camera.control.trigger_line}"
        quiet_s = SAY_EVERY_S
        while not self._closed.is_set():
            if (taken := self._take(LOOK_EVERY_S)) is not None:
                quiet_s = 0.0
                yield self._picture(taken)
            elif (quiet_s := quiet_s + LOOK_EVERY_S) >= SAY_EVERY_S:
                quiet_s = 0.0
                self._opened.look()
                yield Waiting(text)

    def _by_order(self) -> Generator[Picture | Waiting, None, None]:
        """One order, one picture, then the next: so the n-th order is the n-th picture."""
        said_s = 0.0
        while not self._closed.is_set():
            try:
                self._orders.get(timeout=LOOK_EVERY_S)
            except queue.Empty:
                if (now_s := time.monotonic()) - said_s >= SAY_EVERY_S:
                    said_s = now_s
                    self._opened.look()
                    yield Waiting(WAITS)
                continue
            self._ready()
            self._opened.nodes.run("TriggerSoftware")
            if (taken := self._ordered()) is not None:
                yield self._picture(taken)

    def _ordered(self) -> Taken | None:
        """The picture of an order; None where it was closed meanwhile."""
        silent_s, allowed_s = 0.0, max(ORDERED_S, self._camera.silent_after_s)
        while not self._closed.is_set():
            if (taken := self._take(LOOK_EVERY_S)) is not None:
                return taken
            if (silent_s := silent_s + LOOK_EVERY_S) >= allowed_s:
                self._opened.look()
                raise self._lost(f"it was triggered, and gave no picture within {allowed_s:g} s")
        return None

    def _ready(self) -> None:
        """A camera that still reads its sensor out ignores a trigger, without a word."""
        nodes = self._opened.nodes
        if not (nodes.has("AcquisitionStatusSelector") and nodes.has("AcquisitionStatus")):
            return
        if "FrameTriggerWait" not in nodes.allowed("AcquisitionStatusSelector").choices:
            return
        nodes.write("AcquisitionStatusSelector", "FrameTriggerWait")
        until_s = time.monotonic() + ORDERED_S
        while not nodes.read("AcquisitionStatus") and not self._closed.is_set():
            if time.monotonic() > until_s:
                raise self._lost("it is never ready for a trigger")
            time.sleep(0.001)

    def _newest(self, timeout_s: float) -> Taken | None:
        """Older ones go back unread: they show as a gap in the camera's count."""
        taken = self._take(timeout_s)
        while taken is not None and (newer := self._take(0.0)) is not None:
            taken.shot.give_back()
            taken = newer
        return taken

    def _take(self, timeout_s: float) -> Taken | None:
        asked_ns = time.monotonic_ns()
        shot = self._opened.take(timeout_s)
        if shot is None:
            return None
        stamp_ns = shot.stamp_ns if shot.raw is not None else None  # a damaged one's is not trusted
        return Taken(shot, self._arrivals.came_ns(stamp_ns, asked_ns, time.monotonic_ns()))

    def _picture(self, taken: Taken) -> Picture:
        shot, problem = taken.shot, None
        try:
            if shot.raw is None:
                pixels, problem = self._converter.black(*self._size), DAMAGED
            else:
                pixels = self._converter.bgr(shot.raw, shot.format, shot.width, shot.height, shot.padding)
                self._size = (shot.width, shot.height)
        except ShortError:
            pixels, problem = self._converter.black(*self._size), DAMAGED
        except PixelError as error:
            raise SourceError(f"{self._opened.name}: {error}", final=True) from None
        finally:
            shot.give_back()
        lost = self._count.lost(shot.number if problem is None else None)  # a damaged one's number is not trusted
        utc_ns = self._count.taken_utc_ns(shot.stamp_ns, time.time_ns())
        index, self._index = self._index, self._index + 1
        return Picture(pixels, index, self._count.pts_s(shot.stamp_ns), problem, lost, utc_ns, taken.mono_ns)

    def _lost(self, why: str) -> SourceError:
        return SourceError(f"{self._opened.name}: {why}; is it powered, and its cable in?")
