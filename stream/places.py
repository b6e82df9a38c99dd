"""Where a running line keeps its sockets, rings and hearts: one private folder in memory per data_dir."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stream.far import Far

SHM = Path("/dev/shm")


class PlaceError(OSError):
    """The runtime folder is not ours or not private; the text says what to do."""


@dataclass(frozen=True)
class Places:
    """The runtime folder of one line, and the names in it. Where it has several hosts: the sockets of the others."""

    folder: Path
    here: str = ""  # the name of this host
    elsewhere: Mapping[str, str] = field(default_factory=dict)  # a socket on another host → its tcp address
    far: Far | None = None

    def socket(self, name: str) -> str:
        """The address of a socket. Short where it is local: an ipc path holds 107 characters at most."""
        return self.elsewhere.get(name) or f"ipc://{self.folder / name}.sock"

    def lock(self, name: str) -> Path:
        return self.folder / f"{name}.lock"

    def heart(self, role: str) -> Path:
        return self.folder / f"{role.replace(' ', '-')}.heart"

    def ring(self, camera: str, generation: int) -> Path:
        return self.folder / f"{camera}.{generation}.ring"

    def orders(self, camera: str) -> Path:
        return self.folder / f"{camera}.orders"

    def rings(self, camera: str) -> tuple[Path, ...]:
        """Every ring that a capture of this camera left, oldest first."""
        found = [p for p in self.folder.glob(f"{camera}.*.ring") if p.name.split(".")[1].isdigit()]
        return tuple(sorted(found, key=lambda p: int(p.name.split(".")[1])))


def places_for(data_dir: Path) -> Places:
    """The private folder (0700, in memory) of the line that keeps its log in `data_dir`; made if absent.

    Raises PlaceError where the folder belongs to somebody else or others may enter it.
    """
    own = runtime_folder(data_dir)
    for folder in (own.parent, own):
        folder.mkdir(mode=0o700, exist_ok=True)
        _must_be_private(folder)
    return Places(own)


def runtime_folder(data_dir: Path) -> Path:
    """Where it lies, whether or not it is there."""
    name = hashlib.sha256(os.fsencode(data_dir.resolve())).hexdigest()[:12]
    return SHM / f"linewatch-{os.getuid()}" / name


def _must_be_private(folder: Path) -> None:
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o077:
        raise PlaceError(
            f"{folder}: must be a folder of this user that nobody else may enter (mode 0700), "
            f"got owner {found.st_uid}, mode {stat.S_IMODE(found.st_mode):04o}; remove it and start again"
        )
