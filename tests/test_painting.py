"""Painters: which verdict they paint, when, in which thread; and their end."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from stream.display import Display
from stream.messages import FrameRef, Judged
from stream.page_guard import guard_of
from stream.places import Places
from stream.ring import TornError
from stream.settings import CameraSettings, DisplaySettings, LineSettings
from stream.web.audience import USUAL, Audience
from stream.web.painter import AT_ONCE_PX, IDLE_S, Painter
from tests.frames import judged

WITHIN_S = 60.0
CAMERA = CameraSettings("belt", "synthetic:")


class SlowViews:
    """A look that takes its time, and notes whether anybody closes it meanwhile."""

    def __init__(self) -> None:
        self.begun, self.go_on = threading.Event(), threading.Event()
        self.looking, self.closed_looking, self.closed = False, False, 0

    @contextlib.contextmanager
    def seen(self, _frame: FrameRef) -> Iterator[np.ndarray]:
        self.looking = True
        self.begun.set()
        self.go_on.wait(0.3)
        self.looking = False
        raise TornError("it took its time")
        yield

    def ours(self, judged: Judged) -> Judged:
        return judged

    def close(self) -> None:
        self.closed += 1
        self.closed_looking |= self.looking


class NotedViews:
    """Grey pictures; by which thread they were looked at."""

    def __init__(self) -> None:
        self.threads: list[int] = []
        self.closed = 0

    @contextlib.contextmanager
    def seen(self, frame: FrameRef) -> Iterator[np.ndarray]:
        self.threads.append(threading.get_ident())
        yield np.full((frame.height, frame.width, 3), 128, np.uint8)

    def ours(self, judged: Judged) -> Judged:
        return judged

    def close(self) -> None:
        self.closed += 1


class Resting:
    """A pace whose period does not end while a test runs, and that says when somebody waits for a younger picture."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()

    @property
    def period_s(self) -> float:
        self.asked.set()
        return 3600.0


@contextlib.asynccontextmanager
async def painting(views: NotedViews, at_once_px: int = AT_ONCE_PX) -> AsyncIterator[tuple[Painter, Callable[[], int]]]:
    """A painter at work for one viewer, and the frame that this one was given last (-1: none)."""
    audience, shown = Audience(), [-1]
    audience.join()
    audience.show = lambda pictures: shown.extend(one.judged.frame.seq for one in pictures)  # type: ignore[method-assign]
    with ThreadPoolExecutor(1) as executor:
        painter = Painter(CAMERA, DisplaySettings(), views, audience, executor, at_once_px=at_once_px)
        task = asyncio.create_task(painter.run())
        try:
            yield painter, lambda: shown[-1]
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def resting_painter() -> Painter:
    """One that paints nothing; to be made in a loop."""
    painter = Painter(CAMERA, DisplaySettings(), NotedViews(), Audience(), ThreadPoolExecutor(1))
    painter._pace = Resting()  # type: ignore[assignment]
    return painter


async def until(holds: Callable[[], bool]) -> None:
    async def wait() -> None:
        while not holds():
            await asyncio.sleep(0.001)

    await asyncio.wait_for(wait(), WITHIN_S)


def test_views_are_closed_only_when_nobody_looks_through_them(
    places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ZeroMQ's sockets must not be closed under the thread that waits for them."""
    views = SlowViews()
    monkeypatch.setattr("stream.display.views_of", lambda _camera, _places: views)
    monkeypatch.setattr("stream.display.AT_ONCE_PX", 0)
    line = LineSettings(cameras=(CAMERA,), data_dir=tmp_path)
    display = Display(line, places, "session", guard_of(line.display))
    monkeypatch.setattr(display._audience, "wanted", lambda _camera: frozenset({USUAL}))

    async def end_while_it_looks() -> int:
        async with display._painting():
            painter = display._painters["belt"]
            painter.offer(judged(1))
            assert await asyncio.to_thread(views.begun.wait, 60)
            before = views.closed
            painter.mind(float("inf"))
            return before

    before = asyncio.run(end_while_it_looks())
    assert views.closed > before and not views.closed_looking


@pytest.mark.parametrize(("at_once_px", "in_the_loop"), [(AT_ONCE_PX, True), (0, False)])
def test_little_is_painted_in_the_loop_and_much_in_a_thread(at_once_px: int, in_the_loop: bool) -> None:
    async def paint() -> list[bool]:
        views = NotedViews()
        async with painting(views, at_once_px) as (painter, shown):
            painter.offer(judged(1))
            await until(lambda: shown() == 1)
        return [thread == threading.get_ident() for thread in views.threads]

    assert asyncio.run(paint()) == [in_the_loop]


def test_a_picture_that_had_to_wait_gives_way_to_the_next_one_which_is_younger() -> None:
    async def rest() -> None:
        painter = resting_painter()
        painter.offer(judged(2))
        resting = asyncio.create_task(painter._rest(0.001))
        await asyncio.wait_for(painter._pace.asked.wait(), WITHIN_S)  # type: ignore[attr-defined]
        assert not resting.done(), "it is not painted yet, though it might be"
        painter.offer(judged(3))
        await asyncio.wait_for(resting, WITHIN_S)
        assert painter._waiting == judged(3)

    asyncio.run(rest())


@pytest.mark.parametrize(("waiting", "wait_s"), [(judged(2, "BAD"), 0.001), (None, 0.001), (judged(2), 0.0)])
def test_a_bad_one_and_one_that_need_not_wait_are_painted_as_soon_as_may_be(
    waiting: Judged | None, wait_s: float
) -> None:
    async def rest() -> None:
        painter = resting_painter()
        if waiting is not None:
            painter.offer(waiting)
        await asyncio.wait_for(painter._rest(wait_s), WITHIN_S)

    asyncio.run(rest())


def test_the_ring_of_a_silent_camera_is_let_go() -> None:
    async def mind() -> tuple[int, ...]:
        views = NotedViews()
        async with painting(views) as (painter, _):
            painter.offer(judged(1))
            await until(lambda: painter.painted == 1 and not painter._busy)
            closed = [views.closed]
            for silent_s in (IDLE_S / 2, IDLE_S * 2):
                painter.mind(painter._offered_s + silent_s)
                closed.append(views.closed)
            return tuple(now - closed[0] for now in closed[1:])

    assert asyncio.run(mind()) == (0, 1)
