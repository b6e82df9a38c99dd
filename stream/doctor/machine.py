"""What the kernel says of processors, memory and GPUs, and how much of them this process may use."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from stream.doctor.scene import number, read
from stream.this_host import GPUS, gpus

UNLIMITED = 1 << 60  # bytes: cgroup v1 writes such a number where there is no limit


@dataclass(frozen=True)
class Machine:
    """What the line may use here."""

    cores: int  # that its processes may run on
    quota: float | None = None  # processors' worth of time that a control group allows
    load: float = 0.0  # processes that ran or waited to run, in the last minute
    memory_limit: int | None = None  # bytes
    memory_free: int | None = None
    sleepy: int = 0  # processors that always run at their slowest clock
    driver: str = ""  # of those
    gpus: str = ""  # NVIDIA's, by name

    @property
    def share(self) -> float:
        """Processors that the line really has."""
        return self.cores if self.quota is None else min(self.cores, self.quota)


def machine_at(root: Path) -> Machine:
    """What the kernel says."""
    load = read(root / "proc/loadavg").split()
    sleepy = _sleepy(root)
    return Machine(
        cores=len(os.sched_getaffinity(0)),
        quota=quota_at(root),
        load=float(load[0]) if load else 0.0,
        memory_limit=_least(root, "memory", ("memory.max", "memory.limit_in_bytes")),
        memory_free=_available(root),
        sleepy=len(sleepy),
        driver=", ".join(sorted(set(sleepy))),
        gpus=gpus(root / GPUS.relative_to("/")),
    )


def quota_at(root: Path) -> float | None:
    """Processors' worth of time that the tightest control group above this process allows; None where none limits."""
    found = []
    for group in _groups(root, "cpu"):
        whole = read(group / "cpu.max").split() or [
            read(group / "cpu.cfs_quota_us") or "max",
            read(group / "cpu.cfs_period_us") or "100000",
        ]
        if whole[0].isdigit() and whole[1].isdigit():
            found.append(int(whole[0]) / int(whole[1]))
    return min(found, default=None)


def _least(root: Path, controller: str, names: tuple[str, ...]) -> int | None:
    limits = [limit for g in _groups(root, controller) for name in names if (limit := number(g / name)) is not None]
    return min((limit for limit in limits if limit < UNLIMITED), default=None)


def _groups(root: Path, controller: str) -> Iterator[Path]:
    """The control groups that this process lies in, of both versions, and those above them."""
    for row in read(root / "proc/self/cgroup").splitlines():
        _, controllers, path = row.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        base = root / "sys/fs/cgroup" / (controller if controllers else "")
        own = PurePosixPath(path.lstrip("/"))
        yield from (base / place for place in (own, *own.parents))


def _sleepy(root: Path) -> list[str]:
    """The drivers of the processors with governor powersave; two drivers mean something else by that word.

    docs.kernel.org/admin-guide/pm/intel_pstate.html: there powersave follows the load, unless the hint says `power`.
    """
    found = []
    for folder in sorted((root / "sys/devices/system/cpu").glob("cpu[0-9]*/cpufreq")):
        if read(folder / "scaling_governor") != "powersave":
            continue
        driver = read(folder / "scaling_driver")
        follows_load = driver in ("intel_pstate", "amd-pstate-epp")
        if not follows_load or read(folder / "energy_performance_preference") == "power":
            found.append(driver or "no driver named")
    return found


def _available(root: Path) -> int | None:
    for row in read(root / "proc/meminfo").splitlines():
        if row.startswith("MemAvailable:"):
            return int(row.split()[1]) * 1024
    return None
