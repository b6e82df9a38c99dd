"""Aravis' fake GigE Vision camera, where it is installed, and what a process hears of it.

It listens on GigE Vision's one port of loopback, so there is one at a time on a computer.
"""

from __future__ import annotations

import contextlib
import ctypes.util
import shutil
import socket
from pathlib import Path

PROGRAM = "arv-fake-gv-camera-0.8"
LIBRARY = "aravis-0.8"
HOST, PORT = "127.0.0.1", 3956  # GigE Vision's; the camera takes no other
ADDRESS = f"aravis:{HOST}"
SIDE = 512  # px, of its pictures
MISSING = f"{PROGRAM} or libaravis is not installed, or its port is taken"


def is_to_be_had() -> bool:
    """Whether there can be such a camera on this computer now."""
    return bool(shutil.which(PROGRAM) and ctypes.util.find_library(LIBRARY)) and port_is_free()


def command() -> list[str]:
    """What starts it."""
    return [PROGRAM, "-i", HOST, "-s", "SOAK"]


def ports_of(pid: int) -> list[int]:
    """The UDP ports on which a process hears: that of a camera's pictures, and that of its answers.

    None of one that has died.
    """
    inodes = set()
    with contextlib.suppress(OSError):
        for link in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                name = str(link.readlink())
                if name.startswith("socket:["):
                    inodes.add(name[8:-1])
    rows = (line.split() for line in Path("/proc/net/udp").read_text().splitlines()[1:])
    return sorted({int(row[1].rpartition(":")[2], 16) for row in rows if row[9] in inodes})


def port_is_free() -> bool:
    """Whether nobody has that port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trial:
        try:
            trial.bind((HOST, PORT))
        except OSError:
            return False
    return True
