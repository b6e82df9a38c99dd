"""Work that may hang in the kernel or in somebody's driver, given so much time and no more."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def in_time(works: Sequence[Callable[[], T]], limit_s: float) -> list[T | None]:
    """What each of them gives, all begun at once; None where it took too long: it is left to itself.

    An error is raised here. A thread that hangs for good ends with the process.
    """
    done: dict[int, T] = {}
    failed: list[BaseException] = []

    def run(place: int, work: Callable[[], T]) -> None:
        try:
            done[place] = work()
        except BaseException as error:  # noqa: BLE001  # raised again by who waits
            failed.append(error)

    threads = [
        threading.Thread(target=run, args=item, name=f"doctor {item[0]}", daemon=True) for item in enumerate(works)
    ]
    for thread in threads:
        thread.start()
    until_s = time.monotonic() + limit_s
    for thread in threads:
        thread.join(max(0.0, until_s - time.monotonic()))
    if failed:
        raise failed[0]
    return [done.get(place) for place in range(len(works))]
