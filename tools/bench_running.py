"""A line as a child process, watched from outside while it runs: every verdict as it is shown, and CPU time by role.

What is read of it costs it next to nothing. Memory is not that cheap (the kernel walks every mapping), so whoever
measures latencies leaves it out.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from stream.links import Links
from stream.messages import Judged
from stream.places import places_for
from tools.soak_processes import children_of, command_of, role_in

SAMPLE_S = 0.1
MEMORY_EVERY_S = 2.0
SUPERVISOR = "supervise"
STARTING = "starting"  # a process that has no name yet
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class CpuSample:
    """CPU time so far, of each process of the line that was ever seen, by role."""

    at_s: float  # monotonic
    seconds: dict[str, float]


@dataclass(frozen=True)
class Ran:
    """One run of a line."""

    summary: dict[str, Any]  # what `--json` printed
    judged: tuple[Judged, ...]  # in the order in which they were shown
    cpu: tuple[CpuSample, ...]
    peak_pss: float  # bytes, all processes together; 0 where it was not asked for


@dataclass
class CpuWatch:
    """CPU time of a process and its children. One that has ended keeps what it had used when it was last seen."""

    supervisor: int
    _seen: dict[int, tuple[str, float]] = field(default_factory=dict)

    def sample(self) -> CpuSample:
        for pid in (self.supervisor, *children_of(self.supervisor)):
            with contextlib.suppress(OSError, IndexError):
                used_s = cpu_s(pid)
                name = SUPERVISOR if pid == self.supervisor else role_in(command_of(pid)) or STARTING
                self._seen[pid] = name, used_s
        by_role: dict[str, float] = {}
        for role, seconds in self._seen.values():
            by_role[role] = by_role.get(role, 0.0) + seconds
        return CpuSample(time.monotonic(), by_role)


def run_line(yaml: Path, data_dir: Path, inspectors: int, *, memory: bool = False) -> Ran:
    """Runs the line of that file until its recordings are over. Raises SystemExit where it fails."""
    places, links = places_for(data_dir), Links()
    shown = links.listen([places.socket(f"inspect-{n}-live") for n in range(1, inspectors + 1)], (Judged,))
    judged: list[Judged] = []
    cpu: list[CpuSample] = []
    peak = sampled_s = measured_s = 0.0
    with tempfile.TemporaryFile("w+") as said:  # not a pipe: that would hold the line up once it is full
        process = _started(yaml, said)
        watch = CpuWatch(process.pid)
        try:
            while process.poll() is None:
                links.wait(SAMPLE_S)
                judged += [message for _, message in shown.receive() if isinstance(message, Judged)]
                now_s = time.monotonic()
                if now_s - sampled_s >= SAMPLE_S:
                    sampled_s = now_s
                    cpu.append(watch.sample())
                if memory and now_s - measured_s >= MEMORY_EVERY_S:
                    measured_s = now_s
                    peak = max(peak, pss([process.pid, *children_of(process.pid)]))
        finally:
            links.close()
            out, _ = process.communicate()
        if process.returncode:
            said.seek(0)
            raise SystemExit(f"the line failed:\n{said.read()}")
    return Ran(json.loads(out.splitlines()[-1]), tuple(judged), tuple(cpu), peak)


def cpu_s(pid: int) -> float:
    """User and system time of all threads of a process so far (proc(5), stat). Raises OSError, IndexError."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def pss(pids: Sequence[int]) -> float:
    """Proportional set size of these processes together, in bytes (proc(5), smaps_rollup)."""
    total = 0.0
    for pid in pids:
        with contextlib.suppress(OSError):
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024
    return total


def _started(yaml: Path, said: IO[str]) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "stream", "run", str(yaml), "--until-end", "--json"]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said, text=True)
