"""What a child process is told on its standard input, all of it at once: no reader can hold up whoever tells it.

A pipe takes 64 KiB, then its writer waits for the reader, and a role that hangs before it reads would stop its
supervisor. So the pipe is made as long as the text, and what it does not take then is not waited for.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

PIPE_MOST = 1 << 20  # bytes; as long as Linux makes a pipe for anybody (proc(5): pipe-max-size)
SETTINGS_MOST = PIPE_MOST - (1 << 14)  # the rest is for the words before them, and a longer path of a next bundle


@dataclass(frozen=True)
class Order:
    """What a spare process is to become: the words of the command, and what it keeps of what was handed down."""

    words: tuple[str, ...]
    descriptors: tuple[int, ...] = ()


def as_line(order: Order) -> str:
    """For the pipe."""
    return json.dumps({"words": order.words, "descriptors": order.descriptors}) + "\n"


def order_of(line: str) -> Order:
    """What as_line was given."""
    said = json.loads(line)
    return Order(tuple(said["words"]), tuple(said["descriptors"]))


def too_long(texts: Sequence[str]) -> str:
    """Why these settings cannot be handed to a role; empty where they can."""
    most = max((len(text.encode()) for text in texts), default=0)
    if most <= SETTINGS_MOST:
        return ""
    return (
        f"the settings of this line are too long: {most} bytes as a role gets them, at most {SETTINGS_MOST} fit into "
        "its pipe; run the cameras as several lines, each with a file of its own"
    )


def tell(process: subprocess.Popen[bytes], text: str) -> None:
    """Writes `text` to its standard input and closes that. Never waits.

    Raises BrokenPipeError where it is dead already, OSError where the system gives its pipe too little room.
    """
    assert process.stdin is not None
    content = text.encode()
    with process.stdin as pipe:
        if len(content) > fcntl.fcntl(pipe, fcntl.F_GETPIPE_SZ):
            with contextlib.suppress(OSError):  # refused to a user who holds many pipes: what fits then, fits
                fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, len(content))
        room = fcntl.fcntl(pipe, fcntl.F_GETPIPE_SZ)
        os.set_blocking(pipe.fileno(), False)
        if room < len(content) or os.write(pipe.fileno(), content) < len(content):
            raise OSError(
                f"its settings are {len(content)} bytes, and the system gives a pipe {room} now "
                "(raise fs.pipe-max-size or fs.pipe-user-pages-soft)"
            )
