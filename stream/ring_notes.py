"""What a ring remembers beside its pictures: how far runs have come, and where parts began.

It outlives the process that wrote it, and may be read in the middle of a write: so an entry's name is written last.
"""

from __future__ import annotations

import mmap

import numpy as np

from stream.messages import PartBegin
from stream.ring_layout import CHALLENGE, ENDED, ENTRY, ENTRY_AT, PART, PART_ENTRY, RUN, RUNS, RUNS_AT, RunEntry


class RunNotes:
    """The runs whose account may be open."""

    def __init__(self, mapped: mmap.mmap) -> None:
        self._map = mapped
        self.rows: np.ndarray = np.frombuffer(mapped, RUN, RUNS, offset=RUNS_AT)
        self._runs: np.ndarray = self.rows["run"]
        self._how_far = (self.rows["captured"], self.rows["lost"], self.rows["ended"])

    def open(self) -> tuple[RunEntry, ...]:
        """The runs whose account is not settled yet, oldest first."""
        rows = (
            RunEntry(
                int(r["run"]),
                int(r["captured"]),
                int(r["lost"]),
                bool(r["ended"] & ENDED),
                bytes(r["session"]).decode(),
                challenge=bool(r["ended"] & CHALLENGE),
            )
            for r in self.rows
        )
        return tuple(sorted((row for row in rows if row.run), key=lambda row: row.run))

    def note(self, entry: RunEntry) -> bool:
        """Writes down how far a run has come; False where all entries are taken by other runs."""
        runs = self._runs.tolist()
        place = next((i for wanted in (entry.run, 0) for i, run in enumerate(runs) if run == wanted), None)
        if place is None:
            return False
        if runs[place] == entry.run:  # field by field: struct zeroes all of a target first, and a kill may come between
            for column, value in zip(self._how_far, (entry.captured, entry.lost, entry.word), strict=True):
                column[place] = value
            return True
        at = RUNS_AT + place * RUN.itemsize + ENTRY_AT
        ENTRY.pack_into(self._map, at, entry.captured, entry.lost, entry.word, entry.session.encode())
        self._runs[place] = entry.run  # last: an entry with a name is whole
        return True

    def forget(self, run: int) -> None:
        """The run's account is settled."""
        self._runs[self._runs == run] = 0


class PartNotes:
    """The parts whose beginning is not on disk yet."""

    def __init__(self, mapped: mmap.mmap, at: int, most: int) -> None:
        """`at`: byte offset of the entries; `most`: how many there are, none where the camera is told of no parts."""
        self._map, self._at = mapped, at
        self.rows: np.ndarray = np.frombuffer(mapped, np.uint8, most * PART.itemsize, at).view(PART)

    def __len__(self) -> int:
        return len(self.rows)

    def open(self) -> tuple[tuple[int, PartBegin], ...]:
        """The parts whose beginning is not on disk yet, each with its run."""
        rows = (row for row in self.rows if row["run"])
        return tuple(
            (
                int(r["run"]),
                PartBegin(int(r["number"]), int(r["seq"]), _text(r["part"]), _text(r["by"]), int(r["told_utc_ns"])),
            )
            for r in rows
        )

    def note(self, run: int, begun: PartBegin) -> bool:
        """Writes down where a part begins; False where all entries are taken."""
        free = np.flatnonzero(self.rows["run"] == 0)
        if not free.size:
            return False
        place, names = int(free[0]), (begun.part.encode(), begun.by.encode())
        at = self._at + place * PART.itemsize + ENTRY_AT
        PART_ENTRY.pack_into(self._map, at, begun.number, begun.seq, begun.told_utc_ns, *names)
        self.rows["run"][place] = run  # last: an entry with a run is whole
        return True

    def move(self, run: int, begun: PartBegin) -> None:
        """A part that is noted begins there; one number is written at once, so whoever reads has the old or the new."""
        rows = self.rows
        rows["seq"][(rows["run"] == run) & (rows["number"] == begun.number)] = begun.seq

    def forget(self, run: int, before: int) -> None:
        """The log has the run's parts below that number."""
        rows = self.rows
        rows["run"][(rows["run"] == run) & (rows["number"] < before)] = 0


def _text(field: bytes) -> str:
    return bytes(field).decode()
