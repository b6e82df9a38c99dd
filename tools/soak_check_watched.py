"""What was put into watched folders, and which frame each file became.

`drops.jsonl` says what was put there (tools/soak_truth.py), data/watched/NAME.jsonl which frame the line says it was:
{"run", "seq", "file", "size"} as a file is taken, {"back"} where it was not wanted after all. Judges nothing but files.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tools.soak_check_log import UnreadableError

DROPS = "drops.jsonl"
Key = tuple[str, int, int]  # camera, run, seq


@dataclass(frozen=True)
class Drop:
    """A file that was put into a folder, and is whole."""

    camera: str
    file: str
    number: int
    size: int
    at_s: float  # when it was whole


@dataclass(frozen=True)
class Taking:
    """A file that became a frame."""

    camera: str
    run: int
    seq: int
    file: str
    size: int

    @property
    def key(self) -> Key:
        return self.camera, self.run, self.seq


@dataclass(frozen=True)
class Watched:
    """All of it."""

    drops: tuple[Drop, ...] = ()
    takings: tuple[Taking, ...] = ()  # one a frame

    def numbers(self) -> dict[Key, int]:
        """Which picture a frame is of; only frames of files that were whole."""
        known = {(drop.camera, drop.file, drop.size): drop.number for drop in self.drops}
        found = ((taking.key, known.get((taking.camera, taking.file, taking.size))) for taking in self.takings)
        return {key: number for key, number in found if number is not None}

    def halves(self) -> set[Key]:
        """Frames of files that were not whole yet."""
        return {taking.key for taking in self.takings} - self.numbers().keys()


def read_watched(folder: Path, data_dir: Path, cameras: Iterable[str]) -> Watched:
    """Raises UnreadableError."""
    path = folder / DROPS
    try:
        said = [json.loads(line) for line in path.read_text().splitlines() if line] if path.exists() else []
        drops = tuple(Drop(d["camera"], d["file"], d["number"], d["size"], d["mono_ns"] / 1e9) for d in said)
        lists = [(name, data_dir / "watched" / f"{name}.jsonl") for name in cameras]
        takings = [t for name, file in lists if file.exists() for t in takings_in(name, file.read_text().splitlines())]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UnreadableError(f"{path}, or the lists of what was taken: {type(error).__name__}: {error}") from error
    return Watched(drops, tuple(takings))


def takings_in(camera: str, lines: Iterable[str]) -> tuple[Taking, ...]:
    """What stands in a list that a process may have died over: a line that is torn is passed over. Pure."""
    found: dict[Key, Taking] = {}
    last: Taking | None = None
    for line in lines:
        try:
            said = json.loads(line)
        except ValueError:
            continue
        if "file" in said:
            last = Taking(camera, said["run"], said["seq"], said["file"], said["size"])
            found[last.key] = last
        elif "back" in said and last is not None:
            found.pop(last.key, None)
    return tuple(found.values())
