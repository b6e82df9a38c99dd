"""Puts numbered pictures into a watched folder: whole, or a half first, and takes the folder away and back."""

from __future__ import annotations

import json
import random
import time
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import cv2
import msgspec

from stream.sources.numbered_picture import draw, is_bad

from .soak_truth import CameraTruth, DropEntry

FILES_MAX = 4000  # in a long soak they come less often
WHOLE, HALF = "whole", "half"
# how, its share, and how long the second half lets one wait: more than 3 s, and the line takes the first half for all
WAYS = ((WHOLE, 6, (0.0, 0.0)), (HALF, 3, (0.1, 1.5)), (HALF, 1, (4.0, 6.0)))


@dataclass
class _Half:
    """A file that is being written."""

    due_s: float
    file: BinaryIO
    rest: bytes
    entry: DropEntry


class Feeder:
    """Driven from one loop; `step` does what is due."""

    def __init__(
        self, truth: CameraTruth, folder: Path, seed: int, minutes: float, drops: Path, data_dir: Path
    ) -> None:
        self._truth, self._folder, self._seed = truth, folder, seed
        self._away = folder.with_name(f"{folder.name}.away")
        self._period_s = max(1 / truth.fps, minutes * 60 / FILES_MAX)
        self._drops = drops.open("ab", buffering=0)
        self._list = data_dir / "watched" / f"{truth.name}.jsonl"
        self._due_s = 0.0
        self._number = 0
        self._halves: list[_Half] = []
        self._waiting: dict[str, int] = {}  # whole files that the line has not taken yet, with their size

    def step(self, now_s: float) -> None:
        """Never in a burst. While the folder is away nothing new comes."""
        for half in [half for half in self._halves if half.due_s <= now_s]:
            self._end(half)
        if now_s >= self._due_s and self._folder.is_dir():
            self._due_s = now_s + self._period_s
            self._put(now_s)

    def take_away(self) -> bool:
        """The folder is gone, with all in it; whether it was there."""
        if not self._folder.is_dir():
            return False
        self._folder.rename(self._away)
        return True

    def bring_back(self) -> None:
        self._away.rename(self._folder)

    def finish(self) -> None:
        for half in tuple(self._halves):
            self._end(half)

    @property
    def taken(self) -> bool:
        """Whether the line's own list has every file that is whole."""
        if self._waiting and self._list.is_file():
            for line in self._list.read_bytes().splitlines():
                try:
                    said = json.loads(line)
                except ValueError:
                    continue  # torn
                if self._waiting.get(said.get("file", "")) == said.get("size", -1):
                    del self._waiting[said["file"]]
        return not self._waiting

    def close(self) -> None:
        self._drops.close()
        for half in self._halves:
            half.file.close()

    def _put(self, now_s: float) -> None:
        truth, number = self._truth, self._number
        self._number += 1
        picture = draw(number, truth.width, truth.height, bad=is_bad(self._seed, truth.name, number, truth.bad_share))
        content = cv2.imencode(".png", picture)[1].tobytes()
        luck = random.Random(f"{self._seed}|{truth.name}|{number}")
        ((how, _, wait_s),) = luck.choices(WAYS, [share for _, share, _ in WAYS])
        name = f"{number:06d}.png"
        entry = DropEntry(truth.name, name, number, len(content), how, 0)
        if how == WHOLE:
            part = self._folder / f".{name}.part"
            part.write_bytes(content)
            part.rename(self._folder / name)
            self._done(entry)
            return
        cut = luck.randrange(1, len(content) * 3 // 4)  # of a PNG without its last bytes some readers make a picture
        file = (self._folder / name).open("wb", buffering=0)
        file.write(content[:cut])
        self._halves.append(_Half(now_s + luck.uniform(*wait_s), file, content[cut:], entry))

    def _end(self, half: _Half) -> None:
        half.file.write(half.rest)
        half.file.close()
        self._halves.remove(half)
        self._done(half.entry)

    def _done(self, entry: DropEntry) -> None:
        self._waiting[entry.file] = entry.size
        whole = msgspec.structs.replace(entry, mono_ns=time.monotonic_ns())
        self._drops.write(msgspec.json.encode(whole) + b"\n")
