"""The list of files that were taken from a watched folder: one JSON object a line, in the order of taking.

It says which picture of which run each file was, so that a capture that was killed gives the same file the same number
again, and no file is taken twice. A line stands before its picture is handed over; that the picture had its place is
known when a later line follows. Nothing is synced: what a power cut takes from the list is judged again, not missed.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec

from stream.messages import FRAMES_MAX
from stream.sources.settling import Mark

log = logging.getLogger("linewatch")
KEPT = 2048  # of the present run: more than a ring holds, so that whoever goes on finds what was on its way
TIDY_AT = 10_000  # lines more than files: then those of files that are gone are let go
LINE_MAX = 4096


Whole = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
Number = Annotated[int, msgspec.Meta(ge=0, le=FRAMES_MAX)]


class Line(msgspec.Struct, frozen=True):
    """A line of the list, as one of those says: a file was taken; it has its place; it was given back; a mount."""

    file: str | None = None
    run: Whole = 0
    seq: Number = 0
    size: Whole = 0
    mtime_ns: int = 0
    placed: Number | None = None
    back: Number | None = None
    mount: str | None = None


@dataclass(frozen=True)
class Taken:
    """One file."""

    run: int
    seq: int
    name: str
    mark: Mark


class TakenList:
    """Reads the list, and writes on. A list that cannot be written is said once, and kept in memory."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._all: dict[str, Mark] = {}
        self._of_run: dict[int, Taken] = {}  # by seq, of the present run
        self._unsure: Taken | None = None  # the last one, while nobody knows that its picture had a place
        self._lines = 0  # that the list has on disk
        self.mount = ""  # what the folder lay on when it was there
        self._waiting: list[str] = []  # lines that could not be written yet
        self._told = False

    def open(self, run: int) -> None:
        """Reads what earlier captures took. What another run had in its hand when it ended is to be taken again."""
        self._all.clear()
        self._of_run.clear()
        self._unsure = None
        lines = self._on_disk()
        self._lines = len(lines)
        for line in lines:
            self._read(line, run)
        if self._unsure is not None and self._unsure.run != run:
            self._all.pop(self._unsure.name, None)
            self._unsure = None

    def knows(self, name: str, mark: Mark) -> bool:
        """Whether that file, as it is, was taken already."""
        return self._all.get(name) == mark

    def of(self, seq: int) -> Taken | None:
        """The file that was this picture of the present run."""
        return self._of_run.get(seq)

    @property
    def next_seq(self) -> int:
        """The number of the next picture of the present run."""
        return max(self._of_run, default=-1) + 1

    def take(self, taken: Taken) -> None:
        """On record before its picture is handed over."""
        self._remember(taken)
        self._write({"run": taken.run, "seq": taken.seq, "file": taken.name, **vars(taken.mark)})

    def placed(self) -> None:
        """The picture that was taken last has its place in the ring."""
        if self._unsure is not None:
            self._write({"placed": self._unsure.seq})
            self._unsure = None

    def give_back(self) -> None:
        """The picture that was taken last was not wanted any more: another run will take the file."""
        if self._unsure is not None:
            self._write({"back": self._unsure.seq})
            self._forget(self._unsure)

    def tidy(self, there: Iterable[str]) -> None:
        """Lets go of files that are gone, where that is worth it. `there`: every name in the folder."""
        names = set(there)
        if self._lines - len(names) < TIDY_AT:
            return
        recent = {one.name for one in list(self._of_run.values())[-KEPT:]}
        self._all = {name: mark for name, mark in self._all.items() if name in names or name in recent}
        kept = [one for one in self._of_run.values()][-KEPT:]
        self._of_run = {one.seq: one for one in kept}
        others = (Taken(0, 0, name, mark) for name, mark in self._all.items() if name not in recent)
        self._rewrite([*others, *kept])
        if self._unsure is None:
            self._write({"placed": max(self._of_run, default=0)})
        self.lies_on(self.mount)

    def lies_on(self, mount: str) -> None:
        """The folder is there, on the disk or share that is mounted at this place."""
        self.mount = mount
        self._write({"mount": mount})

    def _on_disk(self) -> list[bytes]:
        try:
            with self._path.open("rb") as file:
                lines = list(file)
            if lines and not lines[-1].endswith(b"\n"):
                self._waiting.insert(0, "\n")  # whoever wrote that was killed; the next line is one of its own
            return [line for line in lines if line.endswith(b"\n") and len(line) <= LINE_MAX]
        except FileNotFoundError:
            return []
        except OSError as error:
            self._tell(error)
            return []

    def _read(self, line: bytes, run: int) -> None:
        """One line of the list; one that is none of it is passed over."""
        try:
            said = msgspec.convert(json.loads(line), Line)  # msgspec alone refuses names that are no UTF-8
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return
        if said.file is not None:
            self._remember(Taken(said.run, said.seq, said.file, Mark(said.size, said.mtime_ns)), run)
        elif said.mount is not None:
            self.mount = said.mount
        elif said.back is not None and self._unsure is not None:
            self._forget(self._unsure)
        elif said.placed is not None:
            self._unsure = None

    def _remember(self, taken: Taken, run: int | None = None) -> None:
        self._all[taken.name] = taken.mark
        self._unsure = taken
        if run is None or taken.run == run:
            self._of_run[taken.seq] = taken
            if len(self._of_run) > 2 * KEPT:
                self._of_run = {one.seq: one for one in list(self._of_run.values())[-KEPT:]}

    def _forget(self, taken: Taken) -> None:
        self._all.pop(taken.name, None)
        self._of_run.pop(taken.seq, None)
        self._unsure = None

    def _write(self, said: dict[str, object]) -> None:
        self._waiting.append(json.dumps(said) + "\n")
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with open(self._path, "ab", opener=_private) as file:
                file.write("".join(self._waiting).encode())
            self._lines += len(self._waiting)
            self._waiting.clear()
        except OSError as error:
            self._tell(error)
            self._waiting = ["\n", *self._waiting[-2 * KEPT :]]  # a full disk may have taken half a line

    def _rewrite(self, kept: Iterable[Taken]) -> None:
        """The list anew, as a whole."""
        new = self._path.with_suffix(".new")
        rows = [{"run": one.run, "seq": one.seq, "file": one.name, **vars(one.mark)} for one in kept]
        try:
            with open(new, "wb", opener=_private) as file:
                file.writelines(json.dumps(row).encode() + b"\n" for row in rows)
            new.replace(self._path)
            self._lines = len(rows)
        except OSError as error:
            self._tell(error)

    def _tell(self, error: OSError) -> None:
        if not self._told:
            self._told = True
            why = f"{error.strerror}; pictures are taken all the same, and after a restart some may be judged again"
            log.warning("%s: the list of what was taken cannot be kept: %s", self._path, why)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
