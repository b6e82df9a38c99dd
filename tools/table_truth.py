"""The truth of single frames of a log, from a table that people made."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from detector.verdict import State

from .dataset import DataError
from .logged_frames import INCIDENT_GAP_FRAMES, KnownFrame, Logged

COLUMNS = ("camera", "run", "seq", "state")


def read_table(path: Path, logged: Logged) -> list[KnownFrame]:
    """The frames of a CSV with the columns camera, run, seq, state and perhaps group and kind.

    Without a group, neighbours of one camera, run and state at most INCIDENT_GAP_FRAMES apart are one: a part is seen
    in many frames, and they are not independent. Raises DataError, naming file and line.
    """
    rows: list[KnownFrame] = []
    seen: dict[tuple[str, int, int], int] = {}
    try:
        with path.open(newline="", encoding="utf-8-sig") as table:
            reader = csv.DictReader(table)
            if not set(COLUMNS) <= set(reader.fieldnames or ()):
                raise DataError(f"{path}: columns {reader.fieldnames}; {', '.join(COLUMNS)} are wanted")
            for row in reader:
                known = _known(row, f"{path}: line {reader.line_num}", logged)
                key = (known.camera, known.run, known.seq)
                if key in seen:
                    raise DataError(f"{path}: line {reader.line_num}: names the frame of line {seen[key]} again")
                seen[key] = reader.line_num
                rows.append(known)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); name a NAME.truth.json or a CSV file") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: cannot be read as CSV in UTF-8 ({error})") from error
    if not rows:
        raise DataError(f"{path}: has no row; a frame a line is wanted: {','.join(COLUMNS)}")
    return list(_grouped(rows))


def _known(row: dict[str, str | None], where: str, logged: Logged) -> KnownFrame:
    camera, state = (row["camera"] or "").strip(), (row["state"] or "").strip().upper()
    try:
        run, seq = int(row["run"] or ""), int(row["seq"] or "")
    except ValueError:
        raise DataError(f"{where}: run {row['run']!r}, seq {row['seq']!r}; two whole numbers are wanted") from None
    if state not in ("GOOD", "BAD"):
        raise DataError(f"{where}: state {row['state']!r}; GOOD or BAD is wanted")
    book = logged.books.get((camera, run))
    if book is None:
        there = ", ".join(f"{c}/{r}" for c, r in logged.books) or "none"
        raise DataError(f"{where}: run {camera}/{run} is not in the log; runs there: {there}")
    if not 0 <= seq < book.captured:
        raise DataError(f"{where}: frame {seq} is not in run {camera}/{run}, which has {book.captured} frames")
    return KnownFrame(camera, run, seq, State(state), (row.get("group") or "").strip(), (row.get("kind") or "").strip())


def _grouped(rows: Iterable[KnownFrame]) -> Iterator[KnownFrame]:
    """The rows in order, each with a group: its own, or that of its neighbours of the same state."""
    before: KnownFrame | None = None
    group = ""
    for row in sorted(rows, key=lambda one: (one.camera, one.run, one.seq)):
        follows = (
            before is not None
            and (before.camera, before.run, before.truth) == (row.camera, row.run, row.truth)
            and row.seq - before.seq <= INCIDENT_GAP_FRAMES
        )
        if not follows:
            group = f"{row.camera}/{row.run}/{row.seq}"
        before = row
        yield replace(row, group=row.group or group)
