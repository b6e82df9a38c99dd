"""Clocks that can be set: Python runs this first where the folder is on its path, as the soak sees to.

A file holds two numbers of eight bytes, nanoseconds by which clocks are shifted: the wall clock (`time.time`,
`time.time_ns`), and CLOCK_BOOTTIME, which counts a computer's sleep (`time.clock_gettime`, `time.clock_gettime_ns`). A
file of eight bytes shifts the first alone; other clocks stay. libfaketime was tried first: told to leave the monotonic
clock alone, its 0.9.10 breaks `time.sleep` after a step back.
"""

from __future__ import annotations

import mmap
import os
import struct
import time

_path = os.environ.get("LINEWATCH_SOAK_CLOCK")
if _path is not None:
    _descriptor = os.open(_path, os.O_RDONLY)
    _map = mmap.mmap(_descriptor, os.fstat(_descriptor).st_size, access=mmap.ACCESS_READ)
    os.close(_descriptor)
    _true_ns, _true_of_ns = time.time_ns, time.clock_gettime_ns

    def _shift_ns(place: int) -> int:
        return int(struct.unpack_from("<q", _map, place)[0]) if len(_map) >= place + 8 else 0

    def _time_ns() -> int:
        return _true_ns() + _shift_ns(0)

    def _time() -> float:
        return _time_ns() / 1e9

    def _of_ns(clock: int) -> int:
        return _true_of_ns(clock) + (_shift_ns(8) if clock == time.CLOCK_BOOTTIME else 0)

    def _of(clock: int) -> float:
        return _of_ns(clock) / 1e9

    time.time_ns, time.time = _time_ns, _time
    time.clock_gettime_ns, time.clock_gettime = _of_ns, _of
