"""`python -m stream doctor`: what is wrong with a line on this very computer, and what to do, in plain words.

It goes on where `check` ends: it opens the cameras, measures disk and detector, and looks at the computer. A line that
runs on the same data_dir is asked, and not disturbed.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stream.check import SEVERITIES, add_line_arguments, pasted, problems_of
from stream.chosen_recipe import ChoiceError, with_recipe
from stream.configuration import ConfigurationError, WrittenLine, read_written
from stream.doctor.complaint import Diagnosis
from stream.places import Places, runtime_folder
from stream.problem import ERROR, NOTE, WARNING, Finding, Problem
from stream.settings import LineSettings

if TYPE_CHECKING:
    from detector.bundle import Bundle
    from stream.doctor.scene import Scene

CONFIGURATION = "configuration"  # the complaint of what `check` says
PORT = "display.port"
EXAMPLE = """example:
  python -m stream doctor configs/line.yaml

It takes up to 20 seconds, longer where large checkpoints load, and writes nothing but a nameless probe file in
data_dir. docs/doctor.md lists all that it can say.

exit code: 0 nothing wrong, perhaps notes; 1 warnings; 2 errors: the line would not start, or would be of no use"""


@dataclass(frozen=True)
class Row:
    """One thing to say, at its place in the file."""

    complaint: str
    severity: str
    problem: Problem
    todo: str  # empty where the problem's own text says it

    def __str__(self) -> str:
        todo = f"\n    do: {self.todo}" if self.todo and self.todo != "nothing" else ""
        return f"{self.severity}: {self.problem}{todo}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "Says what is wrong with a line on this computer, and what to do."
    parser.epilog = EXAMPLE
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add_line_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of words")


def run(arguments: argparse.Namespace) -> int:
    """Prints what was found. 0: nothing wrong, perhaps notes; 1: warnings; 2: errors."""
    try:
        written = read_written(arguments.file, arguments.overrides, arguments.source)
    except ConfigurationError as refused:
        rows = [Row(CONFIGURATION, ERROR, problem, "") for problem in refused.problems]
    else:
        rows = sorted(_rows(written, arguments.file), key=lambda row: SEVERITIES.index(row.severity))
    print(_as_json(rows) if arguments.json else _in_words(rows, arguments.file))
    return exit_code(row.severity for row in rows)


def exit_code(severities: Iterable[str]) -> int:
    """By the worst. Pure."""
    return max(({NOTE: 0, WARNING: 1, ERROR: 2}[severity] for severity in severities), default=0)


def _rows(written: WrittenLine, file: Path) -> Iterator[Row]:
    checked, told = examine(written.settings)
    for finding in without_what_is_told(checked, told):
        yield Row(CONFIGURATION, finding.severity, written.problem(finding.path, pasted(finding.text, file)), "")
    for one in told:
        yield Row(one.complaint, one.severity, written.problem(one.path, one.found), pasted(one.todo, file))


def without_what_is_told(checked: Iterable[Finding], told: Iterable[Diagnosis]) -> list[Finding]:
    """What `check` says, but for errors of which the doctor says more. Pure."""
    better = {one.path for one in told if one.severity == ERROR}
    return [finding for finding in checked if finding.severity != ERROR or finding.path not in better]


def examine(line: LineSettings, root: Path = Path("/")) -> tuple[tuple[Finding, ...], tuple[Diagnosis, ...]]:
    """What `check` finds, and what the doctor finds beyond it."""
    from detector.by_region import RegionJudge
    from stream.doctor.areas import AREAS, Examination  # loads the engines, which a broken file can spare
    from stream.doctor.doubt import doubted
    from stream.doctor.running_line import running_line
    from stream.doctor.scene import Scene
    from stream.doctor.trial import try_all
    from stream.host_check import roles_here
    from stream.world_detector import SeenDetector, look_at_detector

    say = Voice()
    say("the settings")
    scene = Scene(line, roles_here(line), running_line(line, Places(runtime_folder(line.data_dir))), root=root)
    runs = scene.running is not None
    judges = any(role.startswith("inspect ") for role in scene.roles) and not runs
    judging = recipe_in_force(line)
    detector = look_at_detector(judging) if judges else SeenDetector(None, ())
    checked = problems_of(line, detector)
    say("the cameras")
    tried = {} if runs else try_all(scene.captured_here, root)
    scene = dataclasses.replace(scene, line=judging, cameras={name: one.seen for name, one in tried.items()})
    checked += tuple(seen_outside(scene, detector.bundle, checked))
    judge = None if detector.judge is None else RegionJudge(detector.judge, time.perf_counter).judge
    seen = Examination(scene, tuple(told for one in tried.values() for told in one.diagnoses), judge)
    found: list[Diagnosis] = []
    for area in AREAS:
        say(area.title)
        found += area.look(seen)
    say("")
    return tuple(finding for finding in checked if not (runs and finding.path == PORT)), doubted(found)


def seen_outside(scene: Scene, bundle: Bundle | None, said: Sequence[Finding]) -> Iterator[Finding]:
    """What is wrong with the regions of live cameras, whose pictures' size is known only now; not what was `said`."""
    from stream.probe import PictureSize
    from stream.world_detector import look_at_region

    for camera in scene.captured_here:
        seen = scene.cameras.get(camera.name)
        if seen is not None and seen.width:
            found = look_at_region(camera, PictureSize(seen.width, seen.height), bundle)
            yield from (finding for finding in found if finding not in said)


def recipe_in_force(line: LineSettings) -> LineSettings:
    """The line as it will judge; what is wrong with the choice `check` says."""
    try:
        return with_recipe(line)
    except ChoiceError:
        return line


class Voice:
    """Says on a terminal what is looked at just now, on a line that goes away again."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()

    def __call__(self, what: str) -> None:
        if self._shown:
            print(f"\r\033[K{f'looking at {what} …' if what else ''}", end="", file=sys.stderr, flush=True)


def _as_json(rows: list[Row]) -> str:
    findings = [
        {"complaint": row.complaint, "severity": row.severity, **dataclasses.asdict(row.problem), "todo": row.todo}
        for row in rows
    ]
    return json.dumps({"ok": not any(r.severity == ERROR for r in rows), "findings": findings}, ensure_ascii=False)


def _in_words(rows: list[Row], file: Path) -> str:
    counts = [
        f"{number} {severity}{'' if number == 1 else 's'}"
        for severity in SEVERITIES
        if (number := sum(row.severity == severity for row in rows))
    ]
    return "\n".join([*map(str, rows), f"{file}: {', '.join(counts) or 'nothing wrong'}"])
