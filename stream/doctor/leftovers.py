"""What lines that run no more left in shared memory, and whether this line may use its own folder there."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from stream.doctor.complaint import Complaint, Diagnosis
from stream.doctor.scene import MB, Scene, read
from stream.places import SHM, runtime_folder
from stream.problem import ERROR, NOTE, WARNING

SHOWN = 3  # folders
RINGS_MB_LEAST = 1  # of a dead line, before a word is worth it

STRANGE = Complaint(
    "runtime-folder",
    ERROR,
    "{folder} belongs to user {owner}, mode {mode:04o}",
    "the sockets and pictures of the line would lie open to others; it refuses",
    "sudo rm -r {folder}",
)
DEAD = Complaint(
    "memory-of-dead-lines",
    WARNING,
    "{mb:.0f} MB of shared memory hold the pictures of {count} lines that run no more",
    "memory is taken that nobody uses; pictures in it that were not on record yet are judged if that line starts again",
    "where those lines never come back: rm -r {folders}",
)
OWN = Complaint(
    "pictures-of-last-time",
    NOTE,
    "{mb:.0f} MB of pictures lie in shared memory from this line's last run, which did not end in order",
    "its next start takes them over, and judges what was not on record yet",
    "nothing",
)
COMPLAINTS = (STRANGE, DEAD, OWN)


def look(scene: Scene) -> Iterator[Diagnosis]:
    """Every runtime folder of this user."""
    own = scene.root / runtime_folder(scene.line.data_dir).relative_to("/")
    house = scene.root / SHM.relative_to("/") / f"linewatch-{os.getuid()}"
    for folder in (house, own):
        if folder.exists() and (folder.stat().st_uid != os.getuid() or folder.stat().st_mode & 0o077):
            yield STRANGE.told("data_dir", folder=folder, owner=folder.stat().st_uid, mode=_mode(folder))
            return
    held = held_files(scene.root)
    dead = {folder: _rings_mb(folder) for folder in sorted(house.glob("*")) if not _in_use(folder, held)}
    if scene.running is None and dead.get(own, 0.0) >= RINGS_MB_LEAST:
        yield OWN.told("data_dir", mb=dead[own])
    others = {folder: mb for folder, mb in dead.items() if folder != own and mb >= RINGS_MB_LEAST}
    if others:
        more = " …" if len(others) > SHOWN else ""
        shown = " ".join(map(str, list(others)[:SHOWN])) + more
        yield DEAD.told("", mb=sum(others.values()), count=len(others), folders=shown)


def held_files(root: Path) -> set[int]:
    """The inodes of all files that a process holds a lock on (proc(5), /proc/locks)."""
    rows = (row.split() for row in read(root / "proc/locks").splitlines())
    places = (field for row in rows for field in row if field.count(":") == 2)
    return {int(place.rpartition(":")[2]) for place in places}


def _in_use(folder: Path, held: set[int]) -> bool:
    """Whether a role works there: each holds its lock for as long as it lives."""
    return any(_inode(lock) in held for lock in folder.glob("*.lock"))


def _inode(path: Path) -> int:
    try:
        return path.stat().st_ino
    except OSError:
        return -1


def _rings_mb(folder: Path) -> float:
    total = 0
    for ring in folder.glob("*.ring"):
        try:
            total += ring.stat().st_blocks * 512
        except OSError:  # its line has just ended
            continue
    return total / MB


def _mode(folder: Path) -> int:
    return stat.S_IMODE(folder.stat().st_mode)
