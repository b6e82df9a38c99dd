"""Who looks at the page while the suite `page` measures: WebSockets, readers of MJPEG, a real browser. In threads."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp

from stream.web.pictures import split_picture

from .chromium import launched

AGAIN_S = 0.1  # the page is not up yet
ENDING_S = 30.0
LAST_WORDS_S = 1.0  # the line ends while the browser is asked: what it said last counts
COLLECT = """
(() => {
  const canvas = document.querySelector("#picture");
  window.collected = [];
  const note = ({ seq, toScreenMs }) => toScreenMs && window.collected.push([Number(seq), Number(toScreenMs)]);
  new MutationObserver(() => note(canvas.dataset))
    .observe(canvas, { attributes: true, attributeFilter: ["data-drawn"] });
})()
"""


@dataclass(frozen=True)
class Drawn:
    """One picture on a browser's canvas."""

    seq: int
    age_ms: float  # since its capture


class Viewers:
    """Viewers in a thread of their own, until `end`, which gives what a browser has drawn."""

    def __init__(self, look: Callable[[threading.Event], list[Drawn]]) -> None:
        self._ending = threading.Event()
        self._seen: list[Drawn] = []
        self._thread = threading.Thread(target=lambda: self._seen.extend(look(self._ending)))
        self._thread.start()

    def end(self) -> list[Drawn]:
        self._ending.set()
        self._thread.join(ENDING_S)
        return self._seen


def watching(address: str, count: int, seconds_each: float) -> Viewers:
    """So many WebSockets; each takes that long over every picture."""
    return Viewers(lambda ending: asyncio.run(_all(_watch, address, count, seconds_each, ending)))


def reading(address: str, count: int, seconds_each: float) -> Viewers:
    """So many readers of MJPEG; each takes that long over every piece."""
    return Viewers(lambda ending: asyncio.run(_all(_read, address, count, seconds_each, ending)))


def browsing(chromium: str, address: str) -> Viewers:
    """A real browser on the camera's page, which says how old each picture was when it was drawn."""
    return Viewers(lambda ending: _browse(chromium, address, ending))


async def _all(
    one: Callable[[aiohttp.ClientSession, str, float], Awaitable[None]],
    address: str,
    count: int,
    seconds_each: float,
    ending: threading.Event,
) -> list[Drawn]:
    async def again(session: aiohttp.ClientSession) -> None:
        while True:
            with contextlib.suppress(aiohttp.ClientError, OSError, asyncio.TimeoutError):
                await one(session, address, seconds_each)
            await asyncio.sleep(AGAIN_S)

    async with aiohttp.ClientSession() as session:
        tasks = [asyncio.create_task(again(session)) for _ in range(count)]
        while not ending.is_set():
            await asyncio.sleep(AGAIN_S)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return []


async def _watch(session: aiohttp.ClientSession, address: str, seconds_each: float) -> None:
    async with session.ws_connect(f"{address}/ws") as opened:
        async for message in opened:
            if message.type is aiohttp.WSMsgType.BINARY:
                camera = split_picture(message.data).header.camera
                await asyncio.sleep(seconds_each)
                await opened.send_json({"kind": "got", "camera": camera})


async def _read(session: aiohttp.ClientSession, address: str, seconds_each: float) -> None:
    async with session.get(f"{address}/mjpeg/belt", timeout=aiohttp.ClientTimeout()) as answer:
        async for _piece in answer.content.iter_chunked(64 * 1024):
            await asyncio.sleep(seconds_each)


def _browse(chromium: str, address: str, ending: threading.Event) -> list[Drawn]:
    to, collected = urlsplit(address), []
    while not ending.is_set():
        with contextlib.suppress(OSError):
            socket.create_connection((to.hostname or "", to.port or 0), timeout=1).close()
            break
        time.sleep(AGAIN_S)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name, launched(chromium, Path(name)) as browser:
        page = browser.open(f"{address}/camera/belt", width=1280, height=800)
        page.evaluate(COLLECT)
        while not ending.wait(LAST_WORDS_S):
            collected = page.evaluate("window.collected")
    return [Drawn(int(seq), float(age_ms)) for seq, age_ms in collected]
