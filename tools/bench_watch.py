"""What the processes of a running line use, read from outside: memory, descriptors and threads by role, and ages."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from stream.defect_log import LogError, open_for_reading
from tools.soak_processes import children_of, command_of, gone, role_in

SUPERVISOR = "supervise"
EVERYBODY = "all together"


@dataclass(frozen=True)
class Use:
    """What one process uses."""

    own_mb: float  # anonymous memory: what nobody shares
    pss_mb: float  # proportional set size: with its share of libraries and rings, which grows when others end
    descriptors: int
    threads: int


@dataclass(frozen=True)
class Reading:
    """A line at one moment."""

    at_s: float  # since the watch began
    uses: Mapping[str, Use]  # by role; EVERYBODY has the sums
    latencies: Mapping[int, int]  # how many frames so far, by the bucket of stream.metrics.Latencies


def watch(supervisor: int, data_dir: Path, every_s: float, going: Callable[[float], bool]) -> Iterator[Reading]:
    """A reading every `every_s`, for as long as `going`, which waits so long at most, says so."""
    began_s = time.monotonic()
    while going(every_s):
        yield Reading(time.monotonic() - began_s, uses_of(supervisor), latencies_in(data_dir))


def uses_of(supervisor: int) -> dict[str, Use]:
    """The use of each role that lives now, of their supervisor, and the sums."""
    named = {SUPERVISOR: supervisor}
    for child in children_of(supervisor):
        words = command_of(child)
        if not gone(child):
            named[role_in(words) or (words[3] if len(words) > 3 else str(child))] = child
    found = {}
    for name, pid in named.items():
        with contextlib.suppress(OSError):  # it has just ended
            found[name] = use_of(pid)
    uses = list(found.values())
    found[EVERYBODY] = Use(
        sum(use.own_mb for use in uses),
        sum(use.pss_mb for use in uses),
        sum(use.descriptors for use in uses),
        sum(use.threads for use in uses),
    )
    return found


def use_of(pid: int) -> Use:
    """Raises OSError where there is no such process."""
    process = Path("/proc") / str(pid)
    rows = (row.split() for row in (process / "smaps_rollup").read_text().splitlines()[1:])
    mb = {row[0]: int(row[1]) * 1024 / 1e6 for row in rows}  # proc(5), smaps_rollup: kB
    descriptors, threads = (len(list((process / name).iterdir())) for name in ("fd", "task"))
    return Use(mb["Anonymous:"], mb["Pss:"], descriptors, threads)


def latencies_in(data_dir: Path) -> dict[int, int]:
    """Capture to verdict, of all frames that the log knows: how many in which bucket."""
    total: Counter[int] = Counter()
    with contextlib.suppress(LogError), contextlib.closing(open_for_reading(data_dir)) as db:
        for (counts,) in db.execute("SELECT latencies FROM runs"):
            total.update(msgspec.json.decode(counts, type=dict[int, int]))
    return dict(total)
