"""YAML file → LineSettings, by walking the fields of settings.py. Every problem is found before anything starts.

Knows no single setting: what values are allowed stands in limits.py, what the world must hold in check.py.
"""

from __future__ import annotations

import dataclasses
import json
import typing
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from stream.limits import LIMITS, conflicts
from stream.overrides import name_cameras, override, override_source
from stream.problem import ConfigurationError, Problem, nearest
from stream.secrets import names_a_secret
from stream.setting_nodes import Entry, Mapping, Node, Place, Scalar, join, one_line
from stream.setting_values import READERS, Unfit, absolute, shown
from stream.setting_values import source as source_setting
from stream.settings import CameraSettings, LineSettings
from stream.yaml_lines import read_nodes, read_text

__all__ = ["ConfigurationError", "Problem", "dump_line", "parse_line", "read_line"]

# Read in their own way, whatever their type.
BY_FIELD: dict[tuple[type, str], Callable[[Node], Any]] = {(CameraSettings, "source"): source_setting}
_ABSENT = object()


def read_line(path: Path, overrides: Sequence[str] = (), source: str | None = None) -> LineSettings:
    """The settings of the file, under `--set` overrides and `--source`; all paths absolute.

    Paths in the file are relative to its folder, those of overrides to the working directory.
    Raises ConfigurationError with every problem that was found.
    """
    place = Place(str(path), (Path.cwd() / path).parent)
    root, problems = _tree(path, place)
    for assignment in overrides:
        root = _changed(root, override, assignment, problems)
    if source is not None:
        root = _changed(root, override_source, source, problems)
    walk = _Walk(problems)
    line = walk.section(LineSettings, Entry(place, root), "")
    if line is not None:
        problems += walk.clashes(line)
    if problems or line is None:
        raise ConfigurationError(sorted(problems, key=lambda problem: problem.line or 0))
    return line


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


@dataclass
class _Walk:
    """One walk over the tree; goes on after a problem, with the setting's default."""

    problems: list[Problem]
    places: dict[str, Place] = field(default_factory=dict)

    def section(self, cls: type, entry: Entry, path: str, **given: Any) -> Any:
        """An instance of the dataclass, or None where a setting without a default is missing."""
        kinds = typing.get_type_hints(cls)
        self.places[path] = entry.place
        values: dict[str, Any] = {**_default_paths(cls, entry.place), **given}
        for name, below in self._entries(entry.node, path).items():
            if name in kinds:
                value = self._value(cls, name, kinds[name], below, join(path, name))
                values |= {} if value is _ABSENT else {name: value}
            else:
                self.problems.append(below.place.problem(join(path, name), _unknown(name, below.node, kinds)))
        missing = [f.name for f in dataclasses.fields(cls) if _required(f) and f.name not in values]
        for name in missing:
            if join(path, name) not in self.places:
                text = "missing, and it has no default; `configs/line.yaml` explains it"
                self.problems.append(entry.place.problem(join(path, name), text))
        return None if missing else cls(**values)

    def _entries(self, node: Node, path: str) -> dict[str, Entry]:
        if isinstance(node, Mapping):
            return node.entries
        if not (isinstance(node, Scalar) and node.empty):
            text = f"needs settings below it, got {shown(node)}; write each as `name: value` on a line of its own"
            self.problems.append(node.place.problem(path, text))
        return {}

    def _value(self, cls: type, name: str, kind: Any, entry: Entry, path: str) -> Any:
        self.places[path] = entry.place
        optional = type(None) in typing.get_args(kind)
        if optional:
            kind = next(arg for arg in typing.get_args(kind) if arg is not type(None))
            if isinstance(entry.node, Scalar) and entry.node.empty:
                return None
        if typing.get_origin(kind) is tuple:
            return self._named(typing.get_args(kind)[0], entry, path)
        if dataclasses.is_dataclass(kind) and kind not in READERS:
            return self.section(typing.cast(type, kind), entry, path)
        try:
            value = BY_FIELD.get((cls, name), READERS[kind])(entry.node)
            refusal = LIMITS[cls][name](value) if name in LIMITS[cls] else None
        except Unfit as error:
            refusal = str(error)
        if refusal is None:
            return value
        self.problems.append(entry.node.place.problem(path, _refused(refusal, shown(entry.node))))
        return _ABSENT

    def _named(self, cls: type, entry: Entry, path: str) -> tuple[Any, ...]:
        entries = self._entries(entry.node, path)
        built = []
        for name, below in entries.items():
            refusal = LIMITS[cls]["name"](name)
            if refusal is not None:
                self.problems.append(below.place.problem(join(path, name), _refused(refusal, one_line(name))))
            built.append(self.section(cls, below, join(path, name), name=name))
        if not entries and not any(problem.path.startswith(path) for problem in self.problems):
            self.problems.append(entry.place.problem(path, 'empty; add one, e.g. `belt: {source: "synthetic:"}`'))
        return tuple(one for one in built if one is not None)

    def clashes(self, line: LineSettings) -> list[Problem]:
        """What the settings are together; not asked where a section is wrong by itself."""
        broken = {problem.path.rpartition(".")[0] for problem in self.problems}
        found = [(path, text) for path, text in conflicts(line) if path.rpartition(".")[0] not in broken]
        return [self._place(path).problem(path, text) for path, text in found]

    def _place(self, path: str) -> Place:
        return self.places.get(path) or self._place(path.rpartition(".")[0])


def _refused(refusal: str, got: str) -> str:
    wrong, semicolon, way_out = refusal.partition("; ")
    return f"{wrong}, got {got}{semicolon}{way_out}"


def _unknown(name: str, node: Node, known: Iterable[str]) -> str:
    got = "***" if names_a_secret(name) else shown(node)
    meant = nearest(name, known) or _elsewhere(name)
    question = f" did you mean {meant}?" if meant else ""
    return f"unknown setting, got {got};{question} known here: {', '.join(sorted(known))}"


def _elsewhere(name: str) -> str | None:
    """The path of a setting like that in some section of the line."""
    for section, kind in typing.get_type_hints(LineSettings).items():
        cls, prefix = (typing.get_args(kind)[0], f"{section}.NAME") if typing.get_args(kind) else (kind, section)
        if cls not in READERS and (meant := nearest(name, (f.name for f in dataclasses.fields(cls)))):
            return f"{prefix}.{meant}"
    return None


def _required(setting: dataclasses.Field[Any]) -> bool:
    return setting.default is dataclasses.MISSING and setting.default_factory is dataclasses.MISSING


def _default_paths(cls: type, place: Place) -> dict[str, Path]:
    """Defaults that are relative paths stand beside the file, as if they were written in it."""
    relative = {f.name: f.default for f in dataclasses.fields(cls) if isinstance(f.default, Path)}
    return {name: absolute(str(default), place.folder) for name, default in relative.items()}


def dump_line(line: LineSettings) -> str:
    """The settings as JSON on one line. Carries passwords that stand in addresses: for a pipe, not for a log."""
    return json.dumps(msgspec.to_builtins(line, enc_hook=str), allow_nan=False)


def parse_line(text: str) -> LineSettings:
    """What dump_line was given. Raises ValueError for anything else."""
    return msgspec.convert(json.loads(text), LineSettings, dec_hook=lambda kind, value: kind(value))
