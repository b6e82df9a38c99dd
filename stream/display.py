"""The display: lets people see what is judged, as it is judged. Nothing waits for it, and it may miss anything.

One asyncio loop does all: it hears the other roles, has pictures painted, serves the page and beats the heart.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

import cv2

from stream.heart import Heart
from stream.limits import is_loopback
from stream.links import BURST, Links
from stream.messages import CameraStatus, HouseStatus, Judged, LineStatus, Message
from stream.page_address import address_of, open_socket
from stream.places import Places
from stream.settings import DisplaySettings, LineSettings
from stream.web.audience import Audience
from stream.web.board import Board
from stream.web.guard import Guard, GuardError, read_token
from stream.web.painter import Painter
from stream.web.server import Page, serving
from stream.web.talk import Incidents, PageCounts, PageStatus, text_of

log = logging.getLogger(__name__)
TICK_S = 0.2
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


def guard_of(display: DisplaySettings) -> Guard:
    """Who may open the page. Raises GuardError where that would be anybody."""
    if display.token_file is None and not is_loopback(display.host):
        raise GuardError(f"display.host: anybody could open the page at {display.host}; set display.token_file")
    token = read_token(display.token_file) if display.token_file else None
    return Guard(display.host, frozenset({socket.gethostname().lower(), socket.getfqdn().lower()}), token)


class Display:
    """What the loop holds."""

    def __init__(self, line: LineSettings, places: Places, session: str, guard: Guard) -> None:
        self._line = line
        self._places = places
        self._board = Board(line, session)
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="paint")
        self._audience = Audience(hungry=self._hungry)
        self._painters: dict[str, Painter] = {
            camera.name: Painter(camera, line.display, places.folder, self._audience, self._executor)
            for camera in line.cameras
        }
        self._told: Incidents | None = None
        self._page = Page(guard, self._audience, line.data_dir, self.status)

    async def show(self, heart: Heart, listening: socket.socket) -> None:
        """Serves until the heart says stop."""
        async with self._painting() as painting, serving(self._page, listening):
            with self._hearing() as ear:
                await self._work(heart, ear, painting)

    async def _work(self, heart: Heart, ear: Ear, painting: list[asyncio.Task[None]]) -> None:
        while heart.beat():
            ear.drain()
            for task in painting:
                if task.done():
                    task.result()
            self._tell()
            await asyncio.sleep(TICK_S)

    def status(self) -> PageStatus:
        painters = self._painters.values()
        counts = PageCounts(
            viewers=len(self._audience),
            painted=sum(p.painted for p in painters),
            torn=sum(p.torn for p in painters),
            refused=sum(p.refused for p in painters),
        )
        return self._board.status(counts, time.monotonic_ns())

    def _take(self, message: Message) -> None:
        if isinstance(message, Judged):
            if painter := self._painters.get(message.frame.camera):
                painter.offer(message)
        elif isinstance(message, CameraStatus | LineStatus | HouseStatus):
            self._board.take(message, time.monotonic_ns())

    def _tell(self) -> None:
        if (incidents := self._board.incidents()) != self._told:
            self._told = incidents
            self._audience.tell("incidents", text_of(incidents))
        self._audience.tell("status", text_of(self.status()))

    def _hungry(self) -> None:
        for painter in self._painters.values():
            painter.hungry()

    @contextlib.contextmanager
    def _hearing(self) -> Iterator[Ear]:
        links = Links()
        ear = Ear(links, published(self._line), self._places, self._take)
        try:
            yield ear
        finally:
            ear.close()
            links.close()

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


def published(line: LineSettings) -> list[str]:
    """The names of all sockets on which the line says how it is."""
    inspectors = [f"inspect-{number}-live" for number in range(1, line.inspector.count + 1)]
    captures = [f"capture-{camera.name}-live" for camera in line.cameras]
    return [*inspectors, *captures, "record-live", "house-live"]


class Ear:
    """Takes what others publish as it arrives, in the loop's own thread; in bursts, so that other work goes on."""

    def __init__(self, links: Links, names: Iterable[str], places: Places, take: Callable[[Message], None]) -> None:
        self._link = links.listen(places.socket(name) for name in names)
        self._take = take
        self._loop = asyncio.get_running_loop()
        self._open = True
        self._loop.add_reader(self._link.descriptor, self.drain)

    def drain(self) -> None:
        if not self._open:
            return
        for _, message in self._link.receive(BURST):
            self._take(message)
        if self._link.arrived:  # the descriptor tells only of what comes after an empty queue
            self._loop.call_soon(self.drain)

    def close(self) -> None:
        self._open = False
        self._loop.remove_reader(self._link.descriptor)
