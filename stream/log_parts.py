"""`python -m stream log --parts`: what became of each part that was announced, for people and for spreadsheets."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TextIO

from stream.defect_log import keeps_parts

COLUMNS = ("announced", "camera", "run", "part", "state", "frames", "first_seq", "last_seq", "by", "decided")
OPEN = "open"  # the state of a part that is not over, or of which some frame is not accounted for


@dataclass(frozen=True)
class LoggedPart:
    """One part in one run."""

    told_utc_ns: int
    camera: str
    run: int
    part: str
    state: str  # GOOD | BAD | UNKNOWN | open
    frames: int
    first_seq: int  # the first frame after it was announced; not of it where it has no frame
    last_seq: int | None
    by: str  # who announced it
    decided_utc_ns: int | None

    @property
    def time(self) -> str:
        """When it was announced, UTC, to the millisecond."""
        return _utc(self.told_utc_ns)


def read_parts(db: sqlite3.Connection, *, since_ns: int, camera: str | None, state: str | None) -> Iterator[LoggedPart]:
    """The parts of the log in the order in which they were announced. A log from before parts has none."""
    if not keeps_parts(db):
        return
    rows = db.execute(
        "SELECT told_utc_ns, camera, run, part, coalesce(state, ?), frames, first_seq, last_seq, told_by,"
        " decided_utc_ns FROM parts"
        " WHERE part <> '' AND told_utc_ns >= ? AND (? IS NULL OR camera = ?) AND (? IS NULL OR state = ?)"
        " ORDER BY told_utc_ns, camera, run, number",
        (OPEN, since_ns, camera, camera, state, state),
    )
    for row in rows:
        yield LoggedPart(*row)


def write_part_table(parts: Iterator[LoggedPart], out: TextIO) -> None:
    """For people: a part a line, under a heading."""
    out.write(f"{'announced (UTC)':<29}  {'camera':<12} {'state':<8} {'part':<24} run and frames\n")
    count = 0
    for count, part in enumerate(parts, 1):  # noqa: B007
        frames = "no frame" if part.last_seq is None else f"frames {part.first_seq} to {part.last_seq}"
        said = "" if part.state == OPEN else f"  {frames}"
        out.write(f"{part.time}  {part.camera:<12} {part.state:<8} {part.part:<24} {part.run}{said}\n")
    out.write(f"{count} parts\n")


def write_part_csv(parts: Iterator[LoggedPart], out: TextIO) -> None:
    """A row a part, under a head of names."""
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for p in parts:
        decided = "" if p.decided_utc_ns is None else _utc(p.decided_utc_ns)
        writer.writerow(
            (p.time, p.camera, p.run, p.part, p.state, p.frames, p.first_seq, p.last_seq, p.by, decided),
        )


def _utc(utc_ns: int) -> str:
    return datetime.fromtimestamp(utc_ns / 1e9, timezone.utc).isoformat(timespec="milliseconds")
