"""What a process holds that must not outlive a test: children, threads, sockets. Reads /proc; costs a millisecond."""

from __future__ import annotations

import os
import threading
from pathlib import Path

KEPT = ("multiprocessing.resource_tracker", "multiprocessing.forkserver")  # the library's own, one a process, for ever
KEPT_THREADS = ("tqdm_monitor", "pytest_timeout")


def holdings() -> frozenset[str]:
    """Each child process, thread and open socket by a name that is its own."""
    return frozenset(_children() | _threads() | _sockets())


def _children() -> set[str]:
    pids = [pid for task in Path("/proc/self/task").iterdir() for pid in _read(task / "children").split()]
    commands = {pid: _read(Path("/proc") / pid / "cmdline").replace("\0", " ").strip() for pid in pids}
    return {f"process {pid} ({said})" for pid, said in commands.items() if not any(word in said for word in KEPT)}


def _threads() -> set[str]:
    others = [t for t in threading.enumerate() if t is not threading.main_thread()]
    return {f"thread {t.ident} ({t.name})" for t in others if not t.name.startswith(KEPT_THREADS)}


def _sockets() -> set[str]:
    found = set()
    for descriptor in os.listdir("/proc/self/fd"):  # noqa: PTH208
        try:
            target = os.readlink(f"/proc/self/fd/{descriptor}")  # noqa: PTH115
        except OSError:
            continue  # of this very listing
        if target.startswith("socket:"):
            found.add(target)
    return found


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""  # ended meanwhile
