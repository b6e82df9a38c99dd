"""YAML file → LineSettings. Every problem is found before anything starts.

Knows no single setting: their types stand in settings/, what values are allowed in limits.py, what the world must
hold in check.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from collections.abc import Mapping as Lookup
from dataclasses import dataclass
from pathlib import Path

import msgspec

from stream.overrides import name_cameras, override, override_source
from stream.problem import ConfigurationError, Problem
from stream.setting_nodes import Entry, Mapping, Place, Scalar, nearest_place
from stream.setting_values import shown
from stream.setting_walk import Walk
from stream.settings import LineSettings
from stream.yaml_lines import read_nodes, read_text

__all__ = ["ConfigurationError", "Problem", "WrittenLine", "dump_line", "parse_line", "read_line", "read_written"]


@dataclass(frozen=True)
class WrittenLine:
    """The settings, and where each was written."""

    settings: LineSettings
    places: Lookup[str, Place]  # by path; what was left out has none

    def problem(self, path: str, text: str) -> Problem:
        """Something wrong with a setting, at the place of the nearest thing that was written."""
        return nearest_place(self.places, path).problem(path, text)


def read_line(path: Path, overrides: Sequence[str] = (), source: str | None = None) -> LineSettings:
    """The settings of the file, under `--set` overrides and `--source`; all paths absolute.

    Paths in the file are relative to its folder, those of overrides to the working directory.
    Raises ConfigurationError with every problem that was found.
    """
    return read_written(path, overrides, source).settings


def read_written(path: Path, overrides: Sequence[str] = (), source: str | None = None) -> WrittenLine:
    """What read_line gives, with the place of each setting. Raises ConfigurationError as it does."""
    place = Place(str(path), (Path.cwd() / path).parent)
    root, problems = _tree(path, place)
    for assignment in overrides:
        root = _changed(root, override, assignment, problems)
    if source is not None:
        root = _changed(root, override_source, source, problems)
    walk = Walk(problems)
    line = walk.section(LineSettings, Entry(place, root), "")
    if line is not None:
        problems += walk.clashes(line)
    if problems or line is None:
        raise ConfigurationError(sorted(problems, key=lambda problem: problem.line or 0))
    return WrittenLine(line, walk.places)


def _tree(path: Path, place: Place) -> tuple[Mapping, list[Problem]]:
    root, problems = read_nodes(read_text(path), place)
    if root is None or (isinstance(root, Scalar) and root.empty):
        raise ConfigurationError([place.problem("", "is empty; `configs/line.yaml` is a complete example")])
    if not isinstance(root, Mapping):
        text = f"needs settings such as `cameras:`, got {shown(root)}; `configs/line.yaml` is a complete example"
        raise ConfigurationError([root.place.problem("", text)])
    named, more = name_cameras(root)
    return named, [*problems, *more]


def _changed(
    root: Mapping, change: Callable[[Mapping, str, Path], Mapping], value: str, problems: list[Problem]
) -> Mapping:
    try:
        changed, more = name_cameras(change(root, value, Path.cwd()))
    except ConfigurationError as error:
        problems += error.problems
        return root
    problems += more
    return changed


def dump_line(line: LineSettings) -> str:
    """The settings as JSON on one line. Carries passwords that stand in addresses: for a pipe, not for a log."""
    return json.dumps(msgspec.to_builtins(line, enc_hook=str), allow_nan=False)


def parse_line(text: str) -> LineSettings:
    """What dump_line was given. Raises ValueError for anything else."""
    return msgspec.convert(json.loads(text), LineSettings, dec_hook=lambda kind, value: kind(value))
