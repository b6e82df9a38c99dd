"""The display: lets people see what is judged, as it is judged. Nothing waits for it, and it may miss anything.

One asyncio loop does all: it hears the other roles, has pictures painted, serves the page and beats the heart.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import os
import socket
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor

import cv2
from msgspec.structs import replace

from stream.announcing import Announcing
from stream.asking import swap_timeout_s
from stream.ear import Ear, published
from stream.far_views import FarViews
from stream.heart import Heart
from stream.links import Links
from stream.messages import Answer, CameraStatus, Event, HouseStatus, Judged, LineStatus, Message
from stream.near_views import NearViews
from stream.noting import Noting
from stream.page_address import address_of, open_socket
from stream.page_guard import guard_of, logins_of
from stream.places import Places
from stream.recipes import wheres_of
from stream.settings import LineSettings
from stream.web.alarm_desk import AlarmDesk
from stream.web.audience import Audience
from stream.web.board import Board
from stream.web.guard import Guard
from stream.web.metrics_page import MetricsPage
from stream.web.news import News
from stream.web.painter import AT_ONCE_PX, Painter
from stream.web.painting import Views
from stream.web.pictures import Wish
from stream.web.server import Page, serving
from stream.web.talk import Incidents, PageCounts, PageStatus, text_of
from stream.web.turned_away import TurnedAway

log = logging.getLogger(__name__)
TICK_S = 0.2
LINGER_S = 0.1  # for the last words to the recorder
NICE = 5  # where processors are short, inspection comes first


def run(line: LineSettings, places: Places, heart: Heart, listening: socket.socket | None, session: str) -> None:
    """Shows the line until the heart says stop.

    `listening` is the page's socket where a supervisor holds it: the address then outlives a killed display.
    Raises BusyError where the page's port is taken, GuardError where the page cannot be guarded as it must be.
    """
    guard = guard_of(line.display)
    opened = listening or open_socket(line.display)
    if listening is None:
        log.info("the page is at %s", address_of(opened))
    os.nice(NICE)
    cv2.setNumThreads(1)
    asyncio.run(Display(line, places, session, guard).show(heart, opened))


class Display:
    """What the loop holds."""

    def __init__(self, line: LineSettings, places: Places, session: str, guard: Guard) -> None:
        self._line = line
        self._places = places
        self._board = Board(line, session)
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="paint")
        self._audience = Audience(self._hungry, Wish(line.display.width_px))
        self._painters: dict[str, Painter] = {
            camera.name: Painter(
                camera,
                line.display,
                views_of(camera.name, places),
                self._audience,
                self._executor,
                wheres_of(line, camera.name),
                0 if is_far(camera.name, places) else AT_ONCE_PX // len(line.cameras),
            )
            for camera in line.cameras
        }
        self._told: Incidents | None = None
        self._turned_away = TurnedAway()
        announce = self._announce if any(camera.parts.told for camera in line.cameras) else None
        noting = Noting()
        self._logins = logins_of(line, noting)
        self._alarms = AlarmDesk(line.data_dir, session)
        self._page = Page(
            guard,
            self._audience,
            line.data_dir,
            self.status,
            self._turned_away,
            announce,
            self._logins,
            self._alarms,
            noting,
            self._recipe if line.recipes else None,
            self._metrics,
        )
        self._metrics_page = MetricsPage()
        self._news = News(self._page.listeners)
        self._announcing: Announcing | None = None

    async def show(self, heart: Heart, listening: socket.socket) -> None:
        """Serves until the heart says stop."""
        async with self._painting() as painting, serving(self._page, listening):
            with self._hearing() as ear:
                await self._work(heart, ear, painting)
                self._report(ear, math.inf)  # what would have been told later, too

    async def _work(self, heart: Heart, ear: Ear, painting: list[asyncio.Task[None]]) -> None:
        while heart.beat():
            ear.mind()
            if self._announcing is not None:
                self._announcing.drain()
            self._page.noting.drain()
            if self._logins is not None:
                self._logins.check()
            self._alarms.check()
            for task in painting:
                if task.done():
                    task.result()
            for painter in self._painters.values():
                painter.mind(time.monotonic())
            self._tell()
            self._report(ear, time.monotonic())
            await asyncio.sleep(TICK_S)

    def _report(self, ear: Ear, now_s: float) -> None:
        """What was refused enters the line's log."""
        for said in self._turned_away.due(now_s):
            log.warning("%s", said)
            ear.report(Event("", 0, "refused", said, time.time_ns()))

    def status(self) -> PageStatus:
        painters = self._painters.values()
        counts = PageCounts(
            viewers=len(self._audience),
            painted=sum(p.painted for p in painters),
            torn=sum(p.torn for p in painters),
            refused=sum(p.refused for p in painters),
            turned_away=dict(self._turned_away.counts),
        )
        status = self._board.status(counts, time.monotonic_ns())
        if self._logins is not None and self._logins.trouble:
            status = replace(status, alarms=(*status.alarms, self._logins.trouble))
        return self._alarms.with_states(status)

    def _metrics(self) -> str:
        return self._metrics_page.text(self._board.seen(self.status()))

    async def _announce(self, camera: str, part: str, who: str) -> Answer | None:
        return None if self._announcing is None else await self._announcing.announce(camera, part, who)

    async def _recipe(self, recipe: str, who: str) -> Answer | None:
        care = self._line.supervisor
        wait_s = swap_timeout_s(care.starting_s, care.stop_s)
        return None if self._announcing is None else await self._announcing.recipe(recipe, who, wait_s)

    def _take(self, message: Message) -> None:
        if isinstance(message, Judged):
            if painter := self._painters.get(message.frame.camera):
                painter.offer(message)
                self._news.judged(message)
        elif isinstance(message, CameraStatus | LineStatus | HouseStatus):
            self._board.take(message, time.monotonic_ns())

    def _tell(self) -> None:
        if (incidents := self._board.incidents()) != self._told:
            self._told = incidents
            self._audience.tell("incidents", text_of(incidents))
        status = self.status()
        self._audience.tell("status", text_of(status))
        self._news.line(status, incidents.incidents, time.monotonic())

    def _hungry(self) -> None:
        for painter in self._painters.values():
            painter.hungry()

    @contextlib.contextmanager
    def _hearing(self) -> Iterator[Ear]:
        links = Links(self._places.far)
        ear = Ear(links, published(self._line), self._places, self._take)
        if self._page.announce is not None or self._page.recipe is not None:
            self._announcing = Announcing(links, self._places)
        self._page.noting.open(links, self._places)
        try:
            yield ear
        finally:
            if self._announcing is not None:
                self._announcing.close()
            self._page.noting.close()
            ear.close()
            links.flush_and_close(LINGER_S)

    @contextlib.asynccontextmanager
    async def _painting(self) -> AsyncIterator[list[asyncio.Task[None]]]:
        tasks = [asyncio.create_task(painter.run()) for painter in self._painters.values()]
        try:
            yield tasks
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._executor.shutdown(wait=True, cancel_futures=True)
            for painter in self._painters.values():
                painter.close()


def views_of(camera: str, places: Places) -> Views:
    """Where the pixels of a camera are seen from here."""
    return FarViews(places, camera) if is_far(camera, places) else NearViews(places.folder)


def is_far(camera: str, places: Places) -> bool:
    """Whether its capture is on another host."""
    return f"capture-{camera}" in places.elsewhere
