"""The clocks of a line under soak, which can be set: the file that tools/soak_clock reads in each of its processes."""

from __future__ import annotations

import struct
from pathlib import Path

WALL, SLEEP = 0, 8  # of a shift its place in the file: of the wall clock, and of that which counts a computer's sleep
SIZE = 16
SECOND_NS = 1_000_000_000


def begin(path: Path) -> None:
    """No clock is shifted yet."""
    path.write_bytes(bytes(SIZE))


def shift(path: Path, place: int, by_s: float) -> int:
    """The nanoseconds by which that clock is off from now on; whoever has the file mapped sees it at once."""
    with path.open("r+b") as file:
        file.seek(place)
        shift_ns = int(struct.unpack("<q", file.read(8))[0]) + round(by_s * SECOND_NS)
        file.seek(place)
        file.write(struct.pack("<q", shift_ns))
    return shift_ns
