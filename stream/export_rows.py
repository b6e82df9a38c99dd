"""The log as a table for other programs: CSV, or Parquet where pyarrow is there. One list of columns for both."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from stream.export_truth import Truth
from stream.log_frames import LoggedEvent, LoggedFrame, utc

EVENT_COLUMNS = ("time", "camera", "run", "kind", "text")
WITHOUT = "Parquet needs pyarrow, which is not here; install it: pip install -r requirements-parquet.txt"
ROWS_AT_ONCE = 4096
TYPES: dict[type, str] = {str: "string", int: "int64", float: "float64"}  # pyarrow's names
Cell = str | int | float | None


class MissingError(Exception):
    """A library that is not installed; the text says how to get it."""


@dataclass(frozen=True)
class Column:
    """A column: what a frame of the log, or a reviewed one, has in it."""

    name: str
    kind: type
    of: Callable[[LoggedFrame], Cell]


def largest(frame: LoggedFrame) -> Any:
    return max(frame.defects, key=lambda defect: defect.area_px, default=None)


def _px(name: str) -> Callable[[LoggedFrame], Cell]:
    return lambda frame: getattr(largest(frame), name, None)


def _mm(name: str) -> Callable[[LoggedFrame], Cell]:
    def of(frame: LoggedFrame) -> Cell:
        found = largest(frame)
        return None if found is None or not frame.mm_per_px else round(getattr(found, name) * frame.mm_per_px, 4)

    return of


FRAME_COLUMNS = (
    Column("time", str, lambda frame: frame.time),
    Column("camera", str, lambda frame: frame.camera),
    Column("run", int, lambda frame: frame.run),
    Column("seq", int, lambda frame: frame.seq),
    Column("state", str, lambda frame: frame.state),
    Column("score", float, lambda frame: frame.score),
    Column("reason", str, lambda frame: frame.reason),
    Column("defects", int, lambda frame: len(frame.defects)),
    Column("largest_px", int, _px("area_px")),
    Column("bundle", str, lambda frame: frame.bundle),
    Column("evidence", str, lambda frame: frame.evidence),
    Column("part", str, lambda frame: frame.part),
    Column("recipe", str, lambda frame: frame.recipe),
    Column("length_px", float, _px("length_px")),
    Column("width_px", float, _px("width_px")),
    Column("length_mm", float, _mm("length_px")),
    Column("width_mm", float, _mm("width_px")),
    Column("file", str, lambda frame: frame.file),
    Column("review", str, lambda frame: frame.review),
    Column("truth", str, lambda frame: frame.truth),
    Column("reviewed_by", str, lambda frame: frame.reviewed_by),
    Column("comment", str, lambda frame: frame.comment),
)
COLUMNS = tuple(column.name for column in FRAME_COLUMNS)


def frame_of(truth: Truth, mm_per_px: float | None) -> LoggedFrame:
    """A reviewed frame as a row of the table."""
    return LoggedFrame(
        truth.camera,
        truth.run,
        truth.seq,
        truth.state,
        truth.score,
        None,
        truth.defects,
        truth.bundle,
        truth.utc_ns,
        truth.folder,
        truth.part,
        truth.recipe,
        mm_per_px,
        truth.review,
        truth.reviewed_by,
        truth.comment,
    )


def csv_lines(frames: Iterable[LoggedFrame]) -> Iterator[str]:
    """The table, line by line, under a head of names."""
    writer = csv.writer(line := _Line())
    writer.writerow(COLUMNS)
    yield line.text
    for frame in frames:
        writer.writerow([safe(column.of(frame)) for column in FRAME_COLUMNS])
        yield line.text


def write_csv(frames: Iterable[LoggedFrame], out: TextIO) -> None:
    """A row a frame, under a head of names."""
    out.writelines(csv_lines(frames))


def write_event_csv(events: Iterable[LoggedEvent], out: TextIO) -> None:
    """A row an event, under a head of names; no camera: the whole line."""
    writer = csv.writer(out)
    writer.writerow(EVENT_COLUMNS)
    writer.writerows((utc(e.utc_ns), e.camera, e.run or "", e.kind, safe(e.text)) for e in events)


def write_parquet(frames: Iterable[LoggedFrame], out: Path) -> int:
    """The same table as Parquet; how many rows. Raises MissingError, OSError."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise MissingError(WITHOUT) from error
    fields = [(column.name, getattr(pyarrow, TYPES[column.kind])()) for column in FRAME_COLUMNS]
    schema, count = pyarrow.schema(fields), 0
    with parquet.ParquetWriter(out, schema) as writer:
        for some in _by(frames, ROWS_AT_ONCE):
            cells = {column.name: [column.of(frame) for frame in some] for column in FRAME_COLUMNS}
            writer.write_table(pyarrow.table(cells, schema=schema))
            count += len(some)
    return count


class _Line:
    """What csv writes to: keeps the last line."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> int:
        self.text = text
        return len(text)


def safe(cell: Any) -> Any:
    """A text that a spreadsheet would take for a formula gets a quote before it (OWASP: CSV injection)."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def _by(frames: Iterable[LoggedFrame], count: int) -> Iterator[list[LoggedFrame]]:
    some: list[LoggedFrame] = []
    for frame in frames:
        some.append(frame)
        if len(some) == count:
            yield some
            some = []
    if some:
        yield some
