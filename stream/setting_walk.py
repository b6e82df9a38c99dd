"""A tree of YAML → dataclasses, by walking their fields. Knows no single setting, so a new one needs no change here."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from detector.regions import Region
from stream.conflicts import conflicts
from stream.limits import LIMITS
from stream.problem import Problem, nearest
from stream.secrets import names_a_secret
from stream.setting_nodes import Entry, Mapping, Node, Place, Scalar, join, nearest_place, one_line
from stream.setting_values import READERS, Unfit, absolute, shown
from stream.setting_values import bundle as bundle_setting
from stream.setting_values import polygon as polygon_setting
from stream.setting_values import source as source_setting
from stream.setting_values import switch as switch_setting
from stream.setting_values import threads as threads_setting
from stream.setting_values import white_balance as white_balance_setting
from stream.setting_values import words as words_setting
from stream.settings import (
    CameraSettings,
    ClipSettings,
    ControlSettings,
    DisplaySettings,
    HealthSettings,
    HostSettings,
    InspectorSettings,
    LineSettings,
    RecipeControlSettings,
    RecipeSettings,
)

# Read in their own way, whatever their type.
# A whole section in a word.
SHORT = {(DisplaySettings, "window"): DisplaySettings(window=True)}
BY_FIELD: dict[tuple[type, str], Callable[[Node], Any]] = {
    (CameraSettings, "source"): source_setting,
    (ControlSettings, "white_balance"): white_balance_setting,
    (InspectorSettings, "bundle"): bundle_setting,
    (InspectorSettings, "threads"): threads_setting,
    (HostSettings, "runs"): words_setting,
    **{(HealthSettings, check.name): switch_setting for check in dataclasses.fields(HealthSettings)},
    (ClipSettings, "enabled"): switch_setting,
    (Region, "polygon"): polygon_setting,
    (RecipeControlSettings, "white_balance"): white_balance_setting,
    (RecipeSettings, "bundle"): bundle_setting,
}
EXAMPLES: dict[type, str] = {
    Region: "`code: {box: [440, 160, 840, 560]}`",
    RecipeSettings: "`lid: {classifier_threshold: 0.6}`",
}  # of what is named
_ABSENT = object()


@dataclass
class Walk:
    """One walk over the tree; goes on after a problem, with the setting's default."""

    problems: list[Problem]
    places: dict[str, Place] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)  # sections that lack something: what they are is not known

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
        meant = {nearest(name, kinds) for name in self._names(entry.node) if name not in kinds}
        for name in missing:
            if join(path, name) not in self.places and name not in meant:
                text = "missing, and it has no default; `configs/line.yaml` explains it"
                self.problems.append(entry.place.problem(join(path, name), text))
        if missing:
            self.unread.add(path)
            return None
        return cls(**values)

    @staticmethod
    def _names(node: Node) -> Iterable[str]:
        return node.entries if isinstance(node, Mapping) else ()

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
        if typing.get_origin(kind) is tuple and (cls, name) not in BY_FIELD:
            if name in ("hosts", "regions", "recipes") and isinstance(entry.node, Scalar) and entry.node.empty:
                return ()
            return self._named(typing.get_args(kind)[0], entry, path)
        if isinstance(entry.node, Scalar) and (short := SHORT.get((kind, entry.node.text))) is not None:
            return short
        if dataclasses.is_dataclass(kind) and kind not in READERS:
            return self.section(typing.cast(type, kind), entry, path)
        try:
            value = BY_FIELD.get((cls, name), READERS.get(kind, words_setting))(entry.node)
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
            example = EXAMPLES.get(cls, '`belt: {source: "synthetic:"}`')
            self.problems.append(entry.place.problem(path, f"empty; add one, e.g. {example}"))
        return tuple(one for one in built if one is not None)

    def clashes(self, line: LineSettings) -> list[Problem]:
        """What the settings are together; not asked where a section is wrong by itself."""
        broken = {path.rpartition(".")[0] for path in (*self.unread, *(problem.path for problem in self.problems))}
        found = [(path, text) for path, text in conflicts(line) if path.rpartition(".")[0] not in broken]
        return [nearest_place(self.places, path).problem(path, text) for path, text in found]


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
