"""`python -m stream log`: the defect log for people, spreadsheets (CSV, Parquet) and training (COCO, a folder).

What is read stands in log_frames.py and export_truth.py; how it is written in log_tables.py and export_*.py.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from stream.configuration import read_line
from stream.defect_log import LogError, open_for_reading
from stream.export_coco import as_coco, reviewed_coco
from stream.export_folder import write_folder
from stream.export_rows import MissingError, frame_of, write_csv, write_event_csv, write_parquet
from stream.export_scenes import Scene, Scenes
from stream.export_truth import Truth, read_truths, read_waiting
from stream.log_frames import LoggedFrame, named, nanoseconds, read_events, read_frames, reviewed, scaled
from stream.log_parts import read_parts, write_part_csv, write_part_table
from stream.log_tables import write_event_table, write_table

EXAMPLE = """examples:
  python -m stream log configs/demo.yaml --since 2h
  python -m stream log configs/demo.yaml --events --since 2h
  python -m stream log configs/parts.yaml --parts --since 2h
  python -m stream log --data-dir linewatch-data/demo --camera belt --export csv > defects.csv
  python -m stream log configs/demo.yaml --export folder --out out/reviewed      then: python -m tools.train --data …

exit code: 0 printed, 2 no log there, or options that do not go together"""


@dataclass(frozen=True)
class Asked:
    """What is to be exported, and where to."""

    db: sqlite3.Connection
    data_dir: Path
    since: datetime | None
    camera: str | None
    state: str | None
    reviewed: bool
    out: Path | None

    def frames(self) -> Iterator[LoggedFrame]:
        """The rows of a table: BAD and UNKNOWN frames; or the reviewed ones alone, samples among them."""
        if self.reviewed:
            return (frame_of(truth, scene.mm_per_px) for truth, scene in self.truths())
        frames = read_frames(self.db, since=self.since, camera=self.camera, state=self.state)
        return named(self.data_dir, reviewed(self.db, scaled(self.db, frames)))

    def truths(self) -> Iterator[tuple[Truth, Scene]]:
        """What people have said, each with how its picture is to be read."""
        scenes = Scenes(self.db)
        for truth in read_truths(self.db, since_ns=nanoseconds(self.since), camera=self.camera):
            yield truth, scenes.of(truth.camera, truth.run, truth.recipe)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "Lists BAD and UNKNOWN frames, or what else happened, oldest first; exports what was reviewed."
    parser.epilog = EXAMPLE
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("file", type=Path, nargs="?", metavar="FILE.yaml", help="the line whose log it is")
    parser.add_argument(
        "--set", dest="overrides", action="append", default=[], metavar="SETTING=VALUE", help="as the line was started"
    )
    parser.add_argument("--data-dir", type=Path, help="the log's folder, instead of a line's file")
    parser.add_argument("--since", type=moment, help="2026-11-22, 2026-11-22T14:05, or 30m, 8h, 7d ago (UTC)")
    parser.add_argument("--camera", help="of this camera only")
    parser.add_argument("--state", choices=("BAD", "UNKNOWN"), help="only these")
    parser.add_argument("--events", action="store_true", help="gaps, restarts, errors and commands instead of frames")
    parser.add_argument("--parts", action="store_true", help="what became of each part that was announced")
    parser.add_argument("--export", choices=tuple(EXPORTS), help="for other programs; folder: for tools.train")
    parser.add_argument("--out", type=Path, help="the file, or the folder, in place of stdout")
    parser.add_argument("--reviewed", action="store_true", help="export only what people have looked at, as they said")


def run(arguments: argparse.Namespace) -> int:
    if refusal := _refusal(arguments):
        print(refusal, file=sys.stderr)
        return 2
    data_dir = arguments.data_dir
    if data_dir is None:
        data_dir = read_line(arguments.file, arguments.overrides).data_dir if arguments.file else Path("linewatch-data")
    try:
        db = open_for_reading(data_dir)
    except LogError as error:
        print(f"{error}, as in: python -m stream log --data-dir DIR", file=sys.stderr)
        return 2
    a = arguments
    try:
        if a.events:
            events = read_events(db, since=a.since, camera=a.camera)
            (write_event_csv if a.export == "csv" else write_event_table)(events, sys.stdout)
        elif a.parts:
            parts = read_parts(db, since_ns=nanoseconds(a.since), camera=a.camera, state=a.state)
            (write_part_csv if a.export == "csv" else write_part_table)(parts, sys.stdout)
        else:
            EXPORTS.get(a.export, _table)(Asked(db, data_dir, a.since, a.camera, a.state, a.reviewed, a.out))
    except (MissingError, OSError) as error:
        if isinstance(error, BrokenPipeError):
            raise
        print(error, file=sys.stderr)
        return 2
    finally:
        db.close()
    return 0


def _refusal(a: argparse.Namespace) -> str:
    """What is wrong with the options together; empty: nothing."""
    if a.events and (a.state or a.export not in (None, "csv")):
        return "--events: goes with --since, --camera, --export csv; only frames have a state or boxes"
    if a.parts and (a.events or a.export not in (None, "csv")):
        return "--parts: goes with --since, --camera, --state, --export csv"
    if a.export in ("folder", "parquet") and a.out is None:
        return f"--export {a.export}: needs --out, the {'folder' if a.export == 'folder' else 'file'} to be written"
    if a.out is not None and (a.export is None or a.events or a.parts):
        return "--out: goes with --export of frames; a table goes to stdout"
    if a.reviewed and a.export is None:
        return "--reviewed: goes with --export"
    return ""


def _table(asked: Asked) -> None:
    write_table(asked.frames(), sys.stdout)


def _csv(asked: Asked) -> None:
    if asked.out is None:
        write_csv(asked.frames(), sys.stdout)
    else:
        with asked.out.open("w", newline="", encoding="utf-8") as file:
            write_csv(asked.frames(), file)
    _say_waiting(asked)


def _coco(asked: Asked) -> None:
    if asked.reviewed:
        coco = reviewed_coco(((truth, scene.mm_per_px) for truth, scene in asked.truths()), asked.data_dir)
    else:
        coco = as_coco(asked.frames(), asked.data_dir)
    text = json.dumps(coco.document, indent=1) + "\n"
    if asked.out is None:
        sys.stdout.write(text)
    else:
        asked.out.write_text(text, encoding="utf-8")
    if coco.left_out:
        why = "their evidence is gone; on a running line it gives way to that of a worse frame"
        print(f"{coco.left_out} {'frames' if asked.reviewed else 'BAD frames'} left out: {why}", file=sys.stderr)
    _say_waiting(asked)


def _folder(asked: Asked) -> None:
    assert asked.out is not None
    done = write_folder(asked.truths(), asked.data_dir, asked.out)
    sys.stdout.writelines(f"{said}\n" for said in done.told())
    _say_waiting(asked, always=True)


def _parquet(asked: Asked) -> None:
    assert asked.out is not None
    print(f"{write_parquet(asked.frames(), asked.out)} rows in {asked.out}")
    _say_waiting(asked)


EXPORTS: dict[str, Callable[[Asked], None]] = {"csv": _csv, "coco": _coco, "folder": _folder, "parquet": _parquet}


def _say_waiting(asked: Asked, *, always: bool = False) -> None:
    """Where the truth alone is exported: how much of it nobody has said yet."""
    if asked.reviewed or always:
        waiting = read_waiting(asked.db, since_ns=nanoseconds(asked.since), camera=asked.camera)
        if waiting.incidents or waiting.samples:
            left = f"{waiting.incidents} incidents and {waiting.samples} samples that nobody has reviewed"
            print(f"left out: {left}", file=sys.stderr)


def moment(text: str) -> datetime:
    """A point in time: a date, a time, or how long ago."""
    units = {"m": "minutes", "h": "hours", "d": "days"}
    try:
        if text[-1:] in units and text[:-1].isdigit():
            return datetime.now(timezone.utc) - timedelta(**{units[text[-1]]: int(text[:-1])})
        found = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise argparse.ArgumentTypeError(f"got {text}; give 2026-11-22, 2026-11-22T14:05, 30m, 8h or 7d") from error
    return found if found.tzinfo else found.replace(tzinfo=timezone.utc)
