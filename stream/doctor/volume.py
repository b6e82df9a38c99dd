"""The disk that a folder lies on: what the kernel says of it, and how fast it takes what is written."""

from __future__ import annotations

import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from stream.doctor.scene import MB, read

BLOCK = b"linewatch" * 7282  # 64 KiB, roughly
SYNC_S, WRITE_S, BLOCKS_MOST = 0.5, 0.5, 2048


@dataclass(frozen=True)
class Volume:
    """The disk that a folder lies on."""

    folder: str  # the nearest one that stands
    mount: str
    kind: str  # of file system, as the kernel names it; empty where it is not known
    read_only: bool
    free: int = 0  # bytes
    files: int | None = None  # that can be made; None where the file system sets no limit


@dataclass(frozen=True)
class Speed:
    """What a probe file took."""

    sync_ms: float
    write_mb_s: float


def standing(folder: Path) -> Path:
    """The folder, or the nearest one above it that stands."""
    return next(path for path in (folder, *folder.parents) if path.exists())


def volume_of(folder: Path, root: Path) -> Volume:
    """What the kernel says of the disk under a folder; of several mounts, the innermost and latest (proc(5))."""
    best, mount, kind, read_only = -1, "/", "", False
    for row in read(root / "proc/self/mountinfo").splitlines():
        before, _, after = row.partition(" - ")
        point = before.split()[4].encode().decode("unicode_escape")  # a space stands there as \\040
        if len(point) >= best and folder.is_relative_to(point):
            best, mount, kind = len(point), point, after.split()[0]
            read_only = "ro" in before.split()[5].split(",") or "ro" in after.split()[-1].split(",")
    found = os.statvfs(folder)
    files = found.f_favail if found.f_files else None
    return Volume(str(folder), mount, kind, read_only, found.f_bavail * found.f_frsize, files)


def measured(folder: Path) -> Speed:
    """By a file without a name, so that nothing is left of it. Raises OSError where none can be written."""
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        syncs, began_s = 0, time.perf_counter()
        while (took_s := time.perf_counter() - began_s) < SYNC_S or not syncs:
            file.write(BLOCK[:4096])
            os.fdatasync(file.fileno())
            syncs += 1
        blocks, write_s = 0, time.perf_counter()
        while time.perf_counter() - write_s < WRITE_S and blocks < BLOCKS_MOST:
            file.write(BLOCK)
            blocks += 1
        os.fdatasync(file.fileno())
        return Speed(took_s * 1000 / syncs, blocks * len(BLOCK) / MB / (time.perf_counter() - write_s))
