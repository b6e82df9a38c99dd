"""stream/gentle.py: which threads give way, and which do not."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor

from stream.gentle import NICENESS, be_gentle


def niceness() -> int:
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


def test_a_gentle_thread_gives_way_and_its_process_does_not() -> None:
    before = niceness()
    with ThreadPoolExecutor(1, initializer=be_gentle) as pool:
        assert pool.submit(niceness).result() == max(before, NICENESS)
    assert niceness() == before


def test_what_a_gentle_thread_starts_is_gentle_too() -> None:
    found: list[int] = []

    def begin() -> None:
        be_gentle()
        child = threading.Thread(target=lambda: found.append(niceness()))
        child.start()
        child.join()

    thread = threading.Thread(target=begin)
    thread.start()
    thread.join()
    assert found == [max(niceness(), NICENESS)]
