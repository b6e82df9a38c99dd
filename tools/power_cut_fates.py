"""What a power cut does with all that was not synced, and what it leaves in a real folder then."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Protocol

from tools.power_cut_nodes import File, Folder, Wrote, rename, write

SECTOR = 512
MEMORY = ("-shm",)  # endings of files that are memory, not records
# What becomes of all that was not synced, and how likely each piece of it is to survive.
FATES = {"nothing survives": 0.0, "a quarter survives": 0.25, "most survives": 0.75, "all survives": 1.0}


class Choice(Protocol):
    """What a cut does with one thing that is not on disk."""

    def keeps(self) -> bool: ...

    def torn(self, offset: int, content: bytes) -> list[Wrote]: ...


@dataclass(frozen=True)
class Nothing:
    """Nothing survives that was not synced."""

    def keeps(self) -> bool:
        return False

    def torn(self, offset: int, content: bytes) -> list[Wrote]:
        return []


@dataclass(frozen=True)
class Everything:
    """All of it survives: the process died, the power did not."""

    def keeps(self) -> bool:
        return True

    def torn(self, offset: int, content: bytes) -> list[Wrote]:
        return [Wrote(offset, content)]


@dataclass(frozen=True)
class Chance:
    """Each thing by itself, with this likelihood; of a write perhaps a few sectors."""

    random: Random
    likelihood: float

    def keeps(self) -> bool:
        return self.random.random() < self.likelihood

    def torn(self, offset: int, content: bytes) -> list[Wrote]:
        fate = self.random.random()
        if fate < self.likelihood * 0.6:
            return [Wrote(offset, content)]
        if fate > self.likelihood:
            return []
        return [piece for piece in _sectors(offset, content) if self.keeps()]


def _sectors(offset: int, content: bytes) -> list[Wrote]:
    """A write cut where the sectors of the file begin."""
    bounds = range((offset // SECTOR + 1) * SECTOR, offset + len(content), SECTOR)
    cuts = [offset, *bounds, offset + len(content)]
    return [Wrote(a, content[a - offset : b - offset]) for a, b in pairwise(cuts)]


def choice_of(fate: str, random: Random) -> Choice:
    """Of a key of FATES."""
    likelihood = FATES[fate]
    if likelihood in (0.0, 1.0):
        return Everything() if likelihood else Nothing()
    return Chance(random, likelihood)


def leave(folder: Folder, target: Path, choice: Choice) -> None:
    """Writes into the folder `target`, which is there, what the cut leaves."""
    names = dict(folder.durable)
    for changed in folder.pending:
        if choice.keeps():
            rename(names, changed)
    for name, node in names.items():
        if name.endswith(MEMORY):
            continue
        if isinstance(node, Folder):
            (target / name).mkdir(exist_ok=True)
            leave(node, target / name, choice)
        else:
            (target / name).write_bytes(_content(node, choice))


def _content(file: File, choice: Choice) -> bytes:
    content = bytearray(file.durable)
    for wrote in file.pending:
        if wrote.content is None:
            if choice.keeps():
                write(content, wrote)
        else:
            for piece in choice.torn(wrote.offset, wrote.content):
                write(content, piece)
    return bytes(content)
