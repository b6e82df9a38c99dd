"""`python -m stream replay`: judges a recording again, and compares with what was judged before."""

from __future__ import annotations

import argparse
import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

import msgspec

from stream.configuration import read_line
from stream.defect_log import LogError, open_for_reading, read_book
from stream.run_book import RunBook
from stream.running import RefusedError, exit_code, run_line
from stream.settings import LineSettings

EXAMPLE = """example:
  python -m stream replay shift.mp4 --config configs/line.yaml --diff 1763835341123456

exit code: 0 judged, and as before where --diff is given; 1 some verdict changed; 2 it could not be judged"""


@dataclass(frozen=True)
class Change:
    """A frame that was judged otherwise before."""

    seq: int
    before: str | None
    after: str | None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "Judges a recording again, as fast as possible, losing nothing."
    parser.epilog = EXAMPLE
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("recording", help="a video file or a folder of pictures")
    parser.add_argument("--config", type=Path, required=True, metavar="FILE.yaml", help="the line that judges")
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="SETTING=VALUE")
    parser.add_argument("--camera", help="whose settings apply, where the line has several cameras")
    parser.add_argument("--diff", type=int, metavar="RUN", help="list frames whose verdict differs from this run's")
    parser.add_argument("--json", action="store_true", help="print one JSON object, last on stdout")


def run(arguments: argparse.Namespace) -> int:
    line = _line(arguments)
    try:
        before = _book(line, arguments.diff) if arguments.diff else None
        summary = run_line(line, until_end=True)
    except (LogError, RefusedError) as error:
        print(error, file=sys.stderr)
        return 2
    if summary is None or exit_code(summary):
        return 2
    changed: list[Change] = []
    note = ""
    if before is not None:
        after = _book(line, summary.cameras[line.cameras[0].name].runs[-1])
        changed = list(changes(before, after))
        note = difference(before, after, changed)
        _print(changed, note, sys.stderr if arguments.json else sys.stdout)
    if arguments.json:
        document = {"summary": summary, "changed": [vars(change) for change in changed], "note": note}
        print(msgspec.json.encode(document).decode(), flush=True)
    return 1 if changed or note.startswith("scores") else 0


def changes(before: RunBook, after: RunBook) -> Iterator[Change]:
    """The frames whose state is another one, in the order of seq. Pure."""
    for seq in range(max(before.captured, after.captured)):
        states = before.ledger.outcome(seq), after.ledger.outcome(seq)
        if states[0] != states[1]:
            yield Change(seq, *states)


def difference(before: RunBook, after: RunBook, changed: list[Change]) -> str:
    """What the comparison came to, in one line. Pure."""
    if changed:
        return f"{len(changed)} of {after.captured} frames are judged otherwise than in run {before.run}"
    if before.digest != after.digest:
        return f"scores or masks differ from run {before.run}, though no frame changed its state: the digests differ"
    return f"all {after.captured} frames are judged as in run {before.run}, bit for bit"


def _line(arguments: argparse.Namespace) -> LineSettings:
    """The line with one camera, reading the recording without pace or loss, without a page."""
    line = read_line(arguments.config, arguments.overrides)
    names = [camera.name for camera in line.cameras]
    name = arguments.camera or names[0]
    if name not in names or (arguments.camera is None and len(names) > 1):
        raise SystemExit(f"--camera: got {arguments.camera}; the cameras of this line are {', '.join(names)}")
    source = str(Path(arguments.recording).resolve())
    camera = replace(line.camera(name), source=source, policy="every", pace="fast")
    return replace(line, cameras=(camera,), display=replace(line.display, enabled=False))


def _book(line: LineSettings, run_id: int) -> RunBook:
    db: sqlite3.Connection = open_for_reading(line.data_dir)
    try:
        book = read_book(db, line.cameras[0].name, run_id, line.recorder.incident_gap_frames)
    finally:
        db.close()
    if book is None:
        raise LogError(f"--diff {run_id}: no such run of camera {line.cameras[0].name} in {line.data_dir}")
    return book


def _print(changed: list[Change], note: str, out: TextIO) -> None:
    for change in changed:
        print(f"frame {change.seq}: {change.before} -> {change.after}", file=out)
    print(note, file=out)
