"""How long a process has stood ready with no processor free, as the kernel tells: such a one does not hang."""

from __future__ import annotations

from pathlib import Path

PROC = Path("/proc")


def waited_s(pid: int) -> float:
    """Of its main thread, since it began (proc(5), schedstat: the second number); 0 where the kernel does not tell.

    A wait counts once it has ended: one that goes on for long, under real-time neighbours, is not seen, nor is that of
    other threads for which the main one waits.
    """
    try:
        return int((PROC / str(pid) / "schedstat").read_text().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0
