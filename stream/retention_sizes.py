"""How many bytes lie in a folder TOP/CAMERA/RUN/…, kept up to date without looking at each file again.

A folder of a run that has not changed since is not listed; of one that has, only the new names are measured, and those
that were young when they were measured last. What lies there counts by the number its name begins with. No log.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

BLOCK = 512  # bytes, the unit of st_blocks (stat(2))
YOUNG_NS = 600 * 1_000_000_000  # a file written so lately may still grow
YOUNG_FOLDER_NS = 60 * 1_000_000_000  # a folder is written at once; its incident may still move on
GRAIN_NS = 2 * 1_000_000_000  # the coarsest clock of a file system's names
Pause = Callable[[], None]


def _none() -> np.ndarray:
    return np.empty(0, np.int64)


@dataclass
class RunFolder:
    """What lies in one folder of a run."""

    changed_ns: int = -1
    numbers: np.ndarray = field(default_factory=_none)  # (N,) int64, upwards
    sizes: np.ndarray = field(default_factory=_none)  # (N,) int64, bytes on the disk
    young: dict[int, int] = field(default_factory=dict)  # by number, when it was measured first: a monotonic clock

    def look(self, folder: Path, pause: Pause) -> None:
        """Brings it up to date. Raises OSError."""
        changed_ns = folder.stat().st_mtime_ns
        utc_ns, now_ns = time.time_ns(), time.monotonic_ns()
        if changed_ns == self.changed_ns and not self.young:
            return
        names = listed(folder)
        found = np.array(sorted(names), np.int64)
        known = np.isin(found, self.numbers)
        sizes = np.zeros(len(found), np.int64)
        sizes[known] = self.sizes[np.isin(self.numbers, found)]
        young = {}
        for at, number in enumerate(found.tolist()):
            if known[at] and number not in self.young:
                continue
            pause()
            sizes[at], written_ns = measured(folder, names[number])
            first_ns = self.young.get(number, now_ns)
            if now_ns - first_ns < YOUNG_NS and (number in self.young or abs(utc_ns - written_ns) < YOUNG_NS):
                young[number] = first_ns
        self.numbers, self.sizes, self.young = found, sizes, young
        self.changed_ns = changed_ns if utc_ns - changed_ns > GRAIN_NS else -1


class Sizes:
    """What lies below one folder of data_dir."""

    def __init__(self, top: Path) -> None:
        self._top = top
        self._runs: dict[Path, RunFolder] = {}

    def look(self, pause: Pause) -> int:
        """The bytes that lie there now; `pause` is called between two steps, and may raise to end it."""
        folders = [folder for camera in _folders(self._top) for folder in _folders(camera)]
        for gone in self._runs.keys() - set(folders):
            del self._runs[gone]
        for folder in folders:
            pause()
            try:
                self._runs.setdefault(folder, RunFolder()).look(folder, pause)
            except FileNotFoundError:
                self._runs.pop(folder, None)  # it has just gone
        return sum(int(run.sizes.sum()) for run in self._runs.values())

    def runs(self) -> Iterator[tuple[Path, np.ndarray]]:
        """Each run's folder with the numbers of what lies in it, as they were at the last look."""
        for folder, run in self._runs.items():
            yield folder, run.numbers


def listed(folder: Path) -> dict[int, list[str]]:
    """The names in a run's folder by the number they begin with; others, and what is not whole, are left out."""
    names: dict[int, list[str]] = {}
    with os.scandir(folder) as entries:
        for entry in entries:
            number = entry.name.partition(".")[0]
            if number.isascii() and number.isdigit() and len(number) < 19:
                names.setdefault(int(number), []).append(entry.name)
    return names


def measured(folder: Path, names: Iterable[str]) -> tuple[int, int]:
    """The bytes on the disk of files and folders, and when the youngest was written, UTC; 0 where they are gone."""
    total = youngest_ns = 0
    for name in names:
        try:
            seen = (folder / name).stat()
            if not os.path.isdir(folder / name):  # noqa: PTH112
                total += seen.st_blocks * BLOCK
            else:
                with os.scandir(folder / name) as entries:
                    total += sum(entry.stat().st_blocks * BLOCK for entry in entries)
        except FileNotFoundError:
            continue
        youngest_ns = max(youngest_ns, seen.st_mtime_ns)
    return total, youngest_ns


def _folders(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return sorted(Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False))
    except FileNotFoundError:
        return []
