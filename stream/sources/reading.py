"""A thread that reads a camera into a room, as long as somebody takes what it read. Knows no kind of camera.

It alone opens, reads and closes the camera. One that hangs is left behind until the camera's own time-out ends it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from stream.sources.drain import GONE_S
from stream.sources.room import Room
from stream.sources.source import SourceError


@contextmanager
def reading(
    name: str, read: Callable[[], None], room: Room[Any], interrupt: Callable[[], None] = lambda: None
) -> Iterator[None]:
    """`read` puts into the room until that is closed, and raises SourceError where the camera fails or ends.

    `interrupt`, where there is one, ends a read that waits.
    """
    thread = threading.Thread(target=_fill, args=(read, room), name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        room.close()
        interrupt()
        thread.join(GONE_S)


def _fill(read: Callable[[], None], room: Room[Any]) -> None:
    try:
        read()
    except SourceError as error:
        room.end(error)
    except BaseException as error:  # a fault of ours: whoever takes the pictures must fall too
        room.end(error)
        raise
