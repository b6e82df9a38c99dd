"""`python -m tools.fuzz_child TARGET SEED START STOP FILE`: tries cases in a process that may die of them.

FILE tells, at any moment, which case is being tried and since when; standard output has a JSON object a finding, and
one at the end. What native code does to this process is for tools/fuzz_apart.py to see.
"""

from __future__ import annotations

import collections
import json
import logging
import mmap
import os
import resource
import struct
import sys
import tempfile
import time
import traceback
from pathlib import Path

from .fuzz_case import Order
from .fuzz_readers import Reader, reader

PROGRESS = struct.Struct("<qq")  # number of the case, when it was begun (monotonic, ns)


def main(words: list[str]) -> int:
    name, seed, start, stop, seconds, file = words
    target = reader(name)
    order = Order(int(seed), int(stop) - int(start), float(seconds), Path())
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory(prefix="linewatch-fuzz-") as folder, Path(file).open("r+b") as opened:
        progress = mmap.mmap(opened.fileno(), PROGRESS.size)
        _try_all(target, order, int(start), Path(folder), progress)
    return 0


def _try_all(target: Reader, order: Order, start: int, folder: Path, progress: mmap.mmap) -> None:
    attempt, documented = target.open(folder)
    stock = target.stock()
    _cap_memory(target.memory_mb)
    counts: collections.Counter[str] = collections.Counter()
    began_s, number = time.monotonic(), start
    while not order.over(number - start, began_s) or number < len(stock.seeds):
        case = target.case(stock, order.seed, number)
        PROGRESS.pack_into(progress, 0, number, time.monotonic_ns())
        spent_s = time.process_time()
        try:
            attempt(case)
            counts["read"] += 1
        except documented:
            counts["refused"] += 1
        except Exception as error:  # noqa: BLE001  anything else is what we look for
            _tell(number, "memory" if isinstance(error, MemoryError) else "exception", traceback.format_exc())
        spent_s = time.process_time() - spent_s
        if spent_s > target.limit_s:
            _tell(number, "slow", f"took {spent_s:.1f} s of processor time; {target.limit_s:g} s is the most")
        number += 1
    print(json.dumps({"done": number - start, **counts}), flush=True)


def _cap_memory(more_mb: int) -> None:
    """What this process has now, and so much more; a heap that wants more fails, and a crash leaves no core."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * os.sysconf("SC_PAGE_SIZE") + more_mb * 1_000_000
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _tell(number: int, kind: str, text: str) -> None:
    print(json.dumps({"number": number, "kind": kind, "text": text}), flush=True)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
