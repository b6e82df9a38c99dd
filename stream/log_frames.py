"""The rows of the defect log as programs take them: frames, and what else happened. Reads."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

import msgspec

from stream.export_scenes import Scenes
from stream.export_truth import TRUE
from stream.log_columns import defects_from
from stream.log_reading import keeps_incidents, part_column, recipe_column
from stream.messages import DefectRecord
from stream.sources.taken import Line

REVIEW = """
SELECT review, reviewed_by, comment FROM incidents WHERE camera=?1 AND run=?2 AND last_seq>=?3 AND first_seq =
  (SELECT max(first_seq) FROM incidents WHERE camera=?1 AND run=?2 AND first_seq<=?3)
"""


@dataclass(frozen=True)
class LoggedFrame:
    """A BAD or UNKNOWN frame of the log."""

    camera: str
    run: int
    seq: int
    state: str
    score: float | None
    reason: str | None
    defects: tuple[DefectRecord, ...]
    bundle: str
    captured_utc_ns: int | None
    evidence: str | None
    part: str = ""  # that it is a picture of; empty: of none that was announced
    recipe: str = ""  # that was in force; empty: none

    mm_per_px: float | None = None  # None: the camera was not calibrated
    review: str = ""  # of the incident that it lies in
    reviewed_by: str = ""
    comment: str = ""
    file: str = ""  # of a watched folder, that it was

    @property
    def truth(self) -> str:
        """BAD | GOOD, as people said; empty where nobody did, or nobody is sure."""
        return TRUE.get(self.review, "")

    @property
    def time(self) -> str:
        """When it was captured, UTC, to the millisecond."""
        return "" if self.captured_utc_ns is None else utc(self.captured_utc_ns)


@dataclass(frozen=True)
class LoggedEvent:
    """What happened beside the verdicts: a gap, a restart, a poisoned frame, a person's command, missing evidence."""

    utc_ns: int
    camera: str  # empty: the whole line
    run: int  # 0: no run
    kind: str
    text: str

    @property
    def time(self) -> str:
        """UTC, to the millisecond."""
        return utc(self.utc_ns)


def read_frames(
    db: sqlite3.Connection, *, since: datetime | None, camera: str | None, state: str | None
) -> Iterator[LoggedFrame]:
    """The frames of the log, oldest first."""
    rows = db.execute(
        f"SELECT camera, run, seq, state, score, reason, defects, bundle, captured_utc_ns, evidence, {part_column(db)}"
        f", {recipe_column(db)} FROM verdicts"
        " WHERE coalesce(captured_utc_ns, run * 1000) >= ? AND (? IS NULL OR camera = ?) AND (? IS NULL OR state = ?)"
        " ORDER BY coalesce(captured_utc_ns, run * 1000), camera, run, seq",
        (nanoseconds(since), camera, camera, state, state),
    )
    for *name, defects, bundle, utc_ns, evidence, part, recipe in rows:
        camera_, run_, seq, state_, score, reason = name
        found = defects_from(defects)
        yield LoggedFrame(camera_, run_, seq, state_, score, reason, found, bundle, utc_ns, evidence, part, recipe)


def scaled(db: sqlite3.Connection, frames: Iterator[LoggedFrame]) -> Iterator[LoggedFrame]:
    """The same, with millimetres per pixel where the camera was calibrated in the session that judged them."""
    scenes = Scenes(db)
    for frame in frames:
        yield replace(frame, mm_per_px=scenes.of(frame.camera, frame.run).mm_per_px)


def read_events(db: sqlite3.Connection, *, since: datetime | None, camera: str | None) -> Iterator[LoggedEvent]:
    """The events of the log, oldest first."""
    rows = db.execute(
        "SELECT utc_ns, camera, run, kind, text FROM events WHERE utc_ns >= ? AND (? IS NULL OR camera = ?)"
        " ORDER BY utc_ns, id",
        (nanoseconds(since), camera, camera),
    )
    for row in rows:
        yield LoggedEvent(*row)


def reviewed(db: sqlite3.Connection, frames: Iterator[LoggedFrame]) -> Iterator[LoggedFrame]:
    """The same, with what people said of the incident in which each lies."""
    keeps = keeps_incidents(db)
    for frame in frames:
        found = db.execute(REVIEW, (frame.camera, frame.run, frame.seq)).fetchone() if keeps else None
        if found and found[0]:
            review, who, comment = found
            yield replace(frame, review=review, reviewed_by=who, comment=comment)
        else:
            yield frame


def named(data_dir: Path, frames: Iterator[LoggedFrame]) -> Iterator[LoggedFrame]:
    """The same, with the file that each was, where its camera is a watched folder whose list lies in data_dir."""
    known: dict[str, dict[tuple[int, int], str]] = {}
    for frame in frames:
        if frame.camera not in known:
            known[frame.camera] = files_of(data_dir / "watched" / f"{frame.camera}.jsonl")
        file = known[frame.camera].get((frame.run, frame.seq))
        yield replace(frame, file=file) if file else frame


def files_of(taken_list: Path) -> dict[tuple[int, int], str]:
    """The file of each picture, by run and seq; what is no line of such a list names none."""
    found = {}
    for text in taken_list.read_bytes().splitlines() if taken_list.is_file() else ():
        try:
            line = msgspec.json.decode(text, type=Line)
        except msgspec.DecodeError:
            continue
        if line.file is not None:
            found[line.run, line.seq] = line.file
    return found


def utc(utc_ns: int) -> str:
    return datetime.fromtimestamp(utc_ns / 1e9, timezone.utc).isoformat(timespec="milliseconds")


def nanoseconds(since: datetime | None) -> int:
    """Since the epoch, within what the log can hold."""
    return 0 if since is None else min(max(0, round(since.timestamp() * 1e9)), 2**63 - 1)
