"""`python -m stream check`: says what is wrong with a configuration, by path and line, before anything starts."""

from __future__ import annotations

import argparse
import dataclasses
import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stream.configuration import ConfigurationError, read_written
from stream.problem import ERROR, NOTE, WARNING, Finding, Problem
from stream.settings import LineSettings

if TYPE_CHECKING:
    from stream.world_detector import SeenDetector

FILE = "FILE.yaml"  # in a command to paste: stands for the file that was given
SEVERITIES = (ERROR, WARNING, NOTE)  # the worst first
EXAMPLE = """example:
  python -m stream check configs/line.yaml --set camera.fps=10 --source rtsp://192.168.1.20/stream

exit code: 0 nothing wrong, perhaps warnings; 2 the line would not start, or would be of no use"""


def problems_of(line: LineSettings, detector: SeenDetector | None = None) -> tuple[Finding, ...]:
    """All that the world lacks for this line, errors first; takes about a second.

    `detector`: what judges, where somebody has opened it already.
    """
    return tuple(sorted(_findings(line, detector), key=lambda finding: SEVERITIES.index(finding.severity)))


def _findings(line: LineSettings, detector: SeenDetector | None) -> Iterator[Finding]:
    from stream.challenge_pictures import look_at_challenge
    from stream.clips_check import look_at_clips
    from stream.host_check import look_at_hosts, roles_here
    from stream.learnt import look_at_learnt
    from stream.recipe_check import look_at_recipes
    from stream.world import look_at_data_dir, look_at_memory

    # Loads the engines, which commands that only take add_line_arguments can spare.
    from stream.world_detector import SeenDetector, look_at_detector, look_at_region
    from stream.world_page import look_at_page
    from stream.world_secrets import look_at_login, look_at_password
    from stream.world_sources import look_at_source

    here = roles_here(line)
    judges = any(role.startswith("inspect ") for role in here)
    if detector is None:
        detector = look_at_detector(line) if judges else SeenDetector(None, ())
    yield from detector.findings
    sizes = {}
    for camera in line.cameras:
        if f"capture {camera.name}" not in here:
            continue
        seen = look_at_source(camera)
        yield from seen.findings
        yield from look_at_region(camera, seen.size, detector.bundle)
        yield from look_at_challenge(camera, seen.size)
        yield from look_at_password(camera)
        yield from look_at_login(camera)
        yield from look_at_learnt(line.data_dir, camera.name)
        sizes[camera.name] = seen.size
    if judges:
        yield from look_at_recipes(line, sizes, detector.bundle)
    if "display" in here:
        yield from look_at_page(line.display)
    if "record" in here:
        yield from look_at_data_dir(line.data_dir, line.recorder)
    yield from look_at_memory(line, sizes)
    yield from look_at_hosts(line, sizes)
    yield from look_at_clips(line)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.description = "Says what is wrong with a configuration, by path and line, before anything starts."
    parser.epilog = EXAMPLE
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add_line_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of words")


def add_line_arguments(parser: argparse.ArgumentParser) -> None:
    """What every command takes that reads a line's file: file, overrides, source."""
    parser.add_argument(
        "file", type=Path, metavar="FILE.yaml", help="the line; configs/line.yaml explains each setting"
    )
    parser.add_argument(
        "--set",
        dest="overrides",
        action="append",
        default=[],
        metavar="SETTING=VALUE",
        help="over the file's, e.g. camera.fps=10 or cameras.belt.fps=10; may be given often",
    )
    parser.add_argument("--source", help="over the source of the only camera")


@dataclass(frozen=True)
class Row:
    """One thing to say: a problem of the text or a finding of the world."""

    severity: str  # error | warning | note
    problem: Problem

    def __str__(self) -> str:
        return f"{self.severity}: {self.problem}"


def run(arguments: argparse.Namespace) -> int:
    """Prints what was found. 0: nothing wrong, perhaps warnings; 2: errors."""
    try:
        written = read_written(arguments.file, arguments.overrides, arguments.source)
    except ConfigurationError as refused:
        rows = [Row(ERROR, problem) for problem in refused.problems]
    else:
        found = problems_of(written.settings)
        rows = [Row(one.severity, written.problem(one.path, pasted(one.text, arguments.file))) for one in found]
    errors = sum(row.severity == ERROR for row in rows)
    print(_as_json(rows, errors) if arguments.json else _in_words(rows, errors, arguments.file))
    return 2 if errors else 0


def pasted(text: str, file: Path) -> str:
    """The same, with the file that was given in the commands to paste."""
    return text.replace(FILE, shlex.quote(str(file)))


def _as_json(rows: list[Row], errors: int) -> str:
    findings = [{"severity": row.severity, **dataclasses.asdict(row.problem)} for row in rows]
    return json.dumps({"ok": errors == 0, "findings": findings}, ensure_ascii=False)


def _in_words(rows: list[Row], errors: int, file: Path) -> str:
    warnings = sum(row.severity == WARNING for row in rows)
    counts = [_count(errors, "error"), _count(warnings, "warning")]
    end = ", ".join(part for part in counts if part) or "nothing wrong"
    return "\n".join([*map(str, rows), f"{file}: {end}"])


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}" if number else ""
