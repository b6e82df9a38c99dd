"""`python -m stream log`: the defect log for people (a table), spreadsheets (CSV) and training (COCO)."""

from __future__ import annotations

import argparse
import csv
import json
import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TextIO

from stream.configuration import read_line
from stream.defect_log import LogError, defects_from, open_for_reading
from stream.keeping import evidence_folder
from stream.messages import DefectRecord

COLUMNS = ("time", "camera", "run", "seq", "state", "score", "reason", "defects", "largest_px", "bundle", "evidence")
EVENT_COLUMNS = ("time", "camera", "run", "kind", "text")
EXAMPLE = """examples:
  python -m stream log configs/demo.yaml --since 2h
  python -m stream log configs/demo.yaml --events --since 2h
  python -m stream log --data-dir linewatch-data/demo --camera belt --export csv > defects.csv

exit code: 0 printed, 2 no log there, or options that do not go together"""


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

    @property
    def time(self) -> str:
        """When it was captured, UTC, to the millisecond."""
        return "" if self.captured_utc_ns is None else _utc(self.captured_utc_ns)


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
        return _utc(self.utc_ns)


@dataclass(frozen=True)
class CocoExport:
    """The log for training."""

    document: dict[str, object]
    left_out: int  # frames whose evidence was gone when it was to be read


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "Lists BAD and UNKNOWN frames, or what else happened, oldest first."
    parser.epilog = EXAMPLE
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("file", type=Path, nargs="?", metavar="FILE.yaml", help="the line whose log it is")
    parser.add_argument("--data-dir", type=Path, help="the log's folder, instead of a line's file")
    parser.add_argument("--since", type=_moment, help="2026-11-22, 2026-11-22T14:05, or 30m, 8h, 7d ago (UTC)")
    parser.add_argument("--camera", help="of this camera only")
    parser.add_argument("--state", choices=("BAD", "UNKNOWN"), help="only these")
    parser.add_argument("--events", action="store_true", help="gaps, restarts, errors and commands instead of frames")
    parser.add_argument("--export", choices=("csv", "coco"), help="to stdout, for other programs")


def run(arguments: argparse.Namespace) -> int:
    if arguments.events and (arguments.state or arguments.export == "coco"):
        print("--events: goes with --since, --camera, --export csv; only frames have a state or boxes", file=sys.stderr)
        return 2
    data_dir = arguments.data_dir
    if data_dir is None:
        data_dir = read_line(arguments.file).data_dir if arguments.file else Path("linewatch-data")
    try:
        db = open_for_reading(data_dir)
    except LogError as error:
        print(f"{error}, as in: python -m stream log --data-dir DIR", file=sys.stderr)
        return 2
    try:
        if arguments.events:
            _show_events(db, arguments)
        else:
            _show_frames(db, data_dir, arguments)
    finally:
        db.close()
    return 0


def _show_frames(db: sqlite3.Connection, data_dir: Path, arguments: argparse.Namespace) -> None:
    frames = read_frames(db, since=arguments.since, camera=arguments.camera, state=arguments.state)
    if arguments.export == "csv":
        write_csv(frames, sys.stdout)
    elif arguments.export == "coco":
        coco = as_coco(frames, data_dir)
        json.dump(coco.document, sys.stdout, indent=1)
        print()
        if coco.left_out:
            why = "their evidence is gone; on a running line it gives way to that of a worse frame"
            print(f"{coco.left_out} BAD frames left out: {why}", file=sys.stderr)
    else:
        write_table(frames, sys.stdout)


def _show_events(db: sqlite3.Connection, arguments: argparse.Namespace) -> None:
    events = read_events(db, since=arguments.since, camera=arguments.camera)
    if arguments.export == "csv":
        write_event_csv(events, sys.stdout)
    else:
        write_event_table(events, sys.stdout)


def read_frames(
    db: sqlite3.Connection, *, since: datetime | None, camera: str | None, state: str | None
) -> Iterator[LoggedFrame]:
    """The frames of the log, oldest first."""
    rows = db.execute(
        "SELECT camera, run, seq, state, score, reason, defects, bundle, captured_utc_ns, evidence FROM verdicts"
        " WHERE coalesce(captured_utc_ns, run * 1000) >= ? AND (? IS NULL OR camera = ?) AND (? IS NULL OR state = ?)"
        " ORDER BY coalesce(captured_utc_ns, run * 1000), camera, run, seq",
        (_nanoseconds(since), camera, camera, state, state),
    )
    for camera_, run_, seq, state_, score, reason, defects, bundle, utc_ns, evidence in rows:
        yield LoggedFrame(camera_, run_, seq, state_, score, reason, defects_from(defects), bundle, utc_ns, evidence)


def read_events(db: sqlite3.Connection, *, since: datetime | None, camera: str | None) -> Iterator[LoggedEvent]:
    """The events of the log, oldest first."""
    rows = db.execute(
        "SELECT utc_ns, camera, run, kind, text FROM events WHERE utc_ns >= ? AND (? IS NULL OR camera = ?)"
        " ORDER BY utc_ns, id",
        (_nanoseconds(since), camera, camera),
    )
    for row in rows:
        yield LoggedEvent(*row)


def write_table(frames: Iterator[LoggedFrame], out: TextIO) -> None:
    """For people."""
    count = 0
    for count, frame in enumerate(frames, 1):  # noqa: B007
        what = frame.reason or ", ".join(f"{d.kind} {d.length_px:.0f} x {d.width_px:.0f} px" for d in frame.defects[:3])
        score = "" if frame.score is None else f"{frame.score:.3f}"
        out.write(f"{frame.time}  {frame.camera:<12} {frame.run}/{frame.seq:<7} {frame.state:<8}{score:<6}  {what}\n")
        if frame.evidence:
            out.write(f"{'':27}{frame.evidence}\n")
    out.write(f"{count} frames BAD or UNKNOWN\n")


def write_csv(frames: Iterator[LoggedFrame], out: TextIO) -> None:
    """A row a frame, under a head of names."""
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for f in frames:
        largest = max((d.area_px for d in f.defects), default="")
        writer.writerow(
            (f.time, f.camera, f.run, f.seq, f.state, f.score, f.reason, len(f.defects), largest, f.bundle, f.evidence)
        )


def write_event_table(events: Iterator[LoggedEvent], out: TextIO) -> None:
    """For people: an event a line."""
    count = 0
    for count, event in enumerate(events, 1):  # noqa: B007
        text = " ".join(event.text.split())
        out.write(f"{event.time}  {event.camera or '-':<12} {event.run or '-':<16}  {event.kind:<12} {text}\n")
    out.write(f"{count} events\n")


def write_event_csv(events: Iterator[LoggedEvent], out: TextIO) -> None:
    """A row an event, under a head of names; no camera: the whole line."""
    writer = csv.writer(out)
    writer.writerow(EVENT_COLUMNS)
    writer.writerows((e.time, e.camera, e.run or "", e.kind, e.text) for e in events)


def as_coco(frames: Iterator[LoggedFrame], data_dir: Path) -> CocoExport:
    """The frames with evidence in the COCO object detection format (cocodataset.org/#format-data): boxes x, y, w, h.

    On a running line a folder may go while this reads: a worse frame of the incident took its place.
    """
    left_out = 0
    images: list[dict[str, object]] = []
    annotations: list[dict[str, object]] = []
    kinds: dict[str, int] = {}
    for frame in frames:
        if frame.evidence is None or frame.state != "BAD":
            continue
        folder = evidence_folder(frame.camera, frame.run, frame.seq)
        try:
            described = json.loads((data_dir / folder / "evidence.json").read_text())
        except FileNotFoundError:
            left_out += 1
            continue
        image = {"file_name": f"{folder}/frame.png", "width": described["width"], "height": described["height"]}
        images.append({"id": len(images) + 1, **image, "date_captured": frame.time})
        for defect in frame.defects:
            x0, y0, x1, y1 = defect.box
            category = kinds.setdefault(defect.kind, len(kinds) + 1)
            box = {"bbox": [x0, y0, x1 - x0, y1 - y0], "area": defect.area_px, "iscrowd": 0, "score": defect.score}
            annotations.append({"id": len(annotations) + 1, "image_id": len(images), "category_id": category, **box})
    categories = [{"id": number, "name": kind} for kind, number in kinds.items()]
    return CocoExport({"images": images, "annotations": annotations, "categories": categories}, left_out)


def _utc(utc_ns: int) -> str:
    return datetime.fromtimestamp(utc_ns / 1e9, timezone.utc).isoformat(timespec="milliseconds")


def _nanoseconds(since: datetime | None) -> int:
    """Since the epoch, within what the log can hold."""
    return 0 if since is None else min(max(0, round(since.timestamp() * 1e9)), 2**63 - 1)


def _moment(text: str) -> datetime:
    """A point in time: a date, a time, or how long ago."""
    units = {"m": "minutes", "h": "hours", "d": "days"}
    try:
        if text[-1:] in units and text[:-1].isdigit():
            return datetime.now(timezone.utc) - timedelta(**{units[text[-1]]: int(text[:-1])})
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise argparse.ArgumentTypeError(f"got {text}; give 2026-11-22, 2026-11-22T14:05, 30m, 8h or 7d") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
