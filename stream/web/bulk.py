"""Work for one answer that takes long: little of it at a time, in threads of its own, so that all else goes on.

Whoever would have to wait long is told so. Knows nothing of what the work is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from aiohttp import web

AT_ONCE = 2
WAIT_S = 10.0
Made = TypeVar("Made")


class Bulk:
    """The long work of one page."""

    def __init__(self, wait_s: float = WAIT_S) -> None:
        self._wait_s = wait_s
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="bulk")

    async def work(self, make: Callable[[], Made]) -> Made:
        """What it makes. Raises HTTPServiceUnavailable where its turn does not come in time."""
        try:
            await asyncio.wait_for(self._turn.acquire(), self._wait_s)
        except asyncio.TimeoutError:
            said = f"{AT_ONCE} exports, reports or lists of recordings are being made already; ask again in a moment"
            raise web.HTTPServiceUnavailable(text=said) from None
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, make)
        finally:
            self._turn.release()

    def close(self) -> None:
        """What is being made is made to its end; nothing new begins."""
        self._threads.shutdown(wait=False, cancel_futures=True)
