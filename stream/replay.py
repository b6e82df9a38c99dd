"""`python -m stream replay`: judges a recording again, and compares with what was judged before."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

import msgspec

from stream.chosen_recipe import ChoiceError, with_recipe
from stream.claim import BusyError
from stream.configuration import read_line
from stream.defect_log import LogError, book_of, judged_by
from stream.problem import ConfigurationError, Problem
from stream.recipes import NONE, laid_over
from stream.run_book import RunBook
from stream.running import RefusedError, exit_code, run_line
from stream.settings import LineSettings
from stream.summary import SessionSummary

EXAMPLE = """example:
  python -m stream replay shift.mp4 --config configs/line.yaml --diff 1763835341123456

The replay is kept in the line's own log: the line must not be running meanwhile.

exit code: 0 judged, and as before where --diff is given; 1 some verdict changed; 2 it could not be judged"""
LINE_RUNS = (
    "a replay is kept in the same log. Stop the line (python -m stream stop FILE.yaml), or keep the replay elsewhere "
    "with --set data_dir=DIR, without --diff, for the run to compare with is in the line's log"
)


@dataclass(frozen=True)
class Change:
    """A frame that was judged otherwise before."""

    seq: int
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Comparison:
    """What two runs of one recording have in common."""

    changed: tuple[Change, ...]
    same_digest: bool  # also scores and masks are the same, bit for bit
    note: str  # the outcome in one line

    @property
    def same(self) -> bool:
        return self.same_digest and not self.changed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "Judges a recording again, as fast as possible, losing nothing."
    parser.epilog = EXAMPLE
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("recording", help="a video file or a folder of pictures")
    parser.add_argument("--config", type=Path, required=True, metavar="FILE.yaml", help="the line that judges")
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="SETTING=VALUE")
    parser.add_argument("--camera", help="whose settings apply, where the line has several cameras")
    parser.add_argument("--diff", type=_run_id, metavar="RUN", help="list frames whose verdict differs from this run's")
    parser.add_argument("--json", action="store_true", help="print one JSON object, last on stdout")


def run(arguments: argparse.Namespace) -> int:
    line = _line(arguments)
    try:
        before = None if arguments.diff is None else _book(line, arguments.diff)
        engine = "" if arguments.diff is None else judged_by(line.data_dir, line.cameras[0].name, arguments.diff)
        summary = run_line(line, until_end=True)
        if summary is None or exit_code(summary):
            return 2
        after = None if before is None else _book(line, _last_run(line, summary))
        found = None if before is None or after is None else compare(before, after, engine, summary.engine)
    except RefusedError as error:
        print(f"{error}: {LINE_RUNS}" if isinstance(error.__cause__, BusyError) else error, file=sys.stderr)
        return 2
    except LogError as error:
        print(error, file=sys.stderr)
        return 2
    if found is not None:
        _print(found, sys.stderr if arguments.json else sys.stdout)
    if arguments.json:
        document = {
            "summary": summary,
            "changed": found.changed if found else (),
            "note": found.note if found else "",
        }
        print(msgspec.json.encode(document).decode(), flush=True)
    return 0 if found is None or found.same else 1


def compare(before: RunBook, after: RunBook, engine_before: str = "", engine_after: str = "") -> Comparison:
    """Frame by frame, then by digest; says where what judged was another, which moves scores by itself. Pure."""
    changed = tuple(changes(before, after))
    same_digest = before.digest == after.digest
    if changed:
        note = f"{len(changed)} of {after.captured} frames are judged otherwise than in run {before.run}"
    elif not same_digest:
        note = f"scores or masks differ from run {before.run}, though no frame changed its state: the digests differ"
    else:
        note = f"all {after.captured} frames are judged as in run {before.run}, bit for bit"
    if engine_before and engine_before != engine_after and not same_digest:
        note += f"; they were judged by {engine_before}, and now by {engine_after}"
    return Comparison(changed, same_digest, note)


def changes(before: RunBook, after: RunBook) -> Iterator[Change]:
    """The frames whose state is another one, in the order of seq. Pure."""
    for seq in range(max(before.captured, after.captured)):
        states = before.ledger.outcome(seq), after.ledger.outcome(seq)
        if states[0] != states[1]:
            yield Change(seq, *states)


def _line(arguments: argparse.Namespace) -> LineSettings:
    """The line with one camera, reading the recording without pace or loss, without a page.

    Raises ConfigurationError.
    """
    line = _by_recipe(read_line(arguments.config, arguments.overrides), arguments)
    names = [camera.name for camera in line.cameras]
    name = arguments.camera or names[0]
    if name not in names or (arguments.camera is None and len(names) > 1):
        got = "is needed" if arguments.camera is None else f"got {arguments.camera}"
        text = f"{got}; the cameras of this line are {', '.join(names)}"
        raise ConfigurationError([Problem("", "--camera", None, text)])
    source = str(Path(arguments.recording).resolve())
    camera = replace(line.camera(name), source=source, policy="every", pace="fast")
    return replace(line, cameras=(camera,), display=replace(line.display, enabled=False))


def _by_recipe(line: LineSettings, arguments: argparse.Namespace) -> LineSettings:
    """The line as the recipe of the command, else the one in force has it: a replay neither follows nor keeps a choice.

    Raises ConfigurationError.
    """
    if any(setting.partition("=")[0].strip() == "recipe" for setting in arguments.overrides):
        return laid_over(line, line.recipe or NONE)
    try:
        return with_recipe(line)
    except ChoiceError as error:
        raise ConfigurationError([Problem("recipe", str(arguments.config), None, str(error))]) from error


def _last_run(line: LineSettings, summary: SessionSummary) -> int:
    return summary.cameras[line.cameras[0].name].runs[-1]


def _book(line: LineSettings, run_id: int) -> RunBook:
    """Raises LogError where the log has no such run."""
    book = book_of(line.data_dir, line.cameras[0].name, run_id, line.recorder.incident_gap_frames)
    if book is None:
        raise LogError(f"--diff {run_id}: no such run of camera {line.cameras[0].name} in {line.data_dir}")
    return book


def _print(found: Comparison, out: TextIO) -> None:
    for change in found.changed:
        print(f"frame {change.seq}: {change.before} -> {change.after}", file=out)
    print(found.note, file=out)


def _run_id(text: str) -> int:
    """A run's number, as `log` prints it before the slash."""
    if not text.isdecimal() or int(text) >= 2**63:
        raise argparse.ArgumentTypeError(f"got {text}; give the number of a run, as `python -m stream log` lists it")
    return int(text)
