"""Work that takes long: two at a time, a clear word to whoever would wait, and nothing else stands behind it."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from aiohttp import web

from stream.noting import Noting
from stream.web.bulk import AT_ONCE, Bulk
from stream.web.logins import Logins
from tests.line import DEADLINE_S
from tests.logged_in import write_some


def test_whoever_would_wait_long_is_told_so_and_a_turn_that_is_over_is_given_on() -> None:
    async def ask() -> None:
        bulk, done, began = Bulk(wait_s=0.05), threading.Event(), threading.Semaphore(0)

        def slow() -> bool:
            began.release()
            return done.wait(DEADLINE_S)

        running = [asyncio.create_task(bulk.work(slow)) for _ in range(AT_ONCE)]
        for _ in running:
            await asyncio.to_thread(began.acquire, timeout=DEADLINE_S)
        with pytest.raises(web.HTTPServiceUnavailable) as refused:
            await bulk.work(lambda: True)
        assert refused.value.text is not None and "ask again" in refused.value.text
        done.set()
        assert all(await asyncio.gather(*running)) and await bulk.work(lambda: True)
        bulk.close()

    asyncio.run(ask())


def test_users_are_looked_at_and_sessions_kept_while_every_other_thread_hangs(tmp_path: Path) -> None:
    write_some(tmp_path / "users.txt")

    async def look() -> None:
        loop, hangs = asyncio.get_running_loop(), threading.Event()
        loop.set_default_executor(ThreadPoolExecutor(1))
        hanging = loop.run_in_executor(None, hangs.wait, DEADLINE_S)
        logins = Logins(tmp_path / "users.txt", tmp_path, Noting())
        (tmp_path / "users.txt").write_text("")
        async with logins.minding():
            while logins.users.get("vera") and not logins.trouble:
                assert not hanging.done(), "the file of users waits for other work"
                await asyncio.sleep(0.01)
        hangs.set()
        assert await hanging

    asyncio.run(look())
