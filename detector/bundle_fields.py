"""Reads bundle.yaml's text and gives its values typed, or says which key is wrong. Knows no bundle."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from detector.errors import BundleError

MAX_BYTES = 1 << 20
MAX_DEPTH = 20
MAX_PARTS = 20_000  # names, values, and both ends of what holds them; a bundle has some 400
MAX_TEXT = 10_000  # characters of one value


def parse_mapping(raw: bytes, file: Path) -> dict[str, Any]:
    """The mapping that YAML text holds.

    Raises BundleError where it is larger than MAX_BYTES, is no YAML, holds an alias (a few hundred bytes of them
    can stand for gigabytes), nests deeper than MAX_DEPTH, has more than MAX_PARTS or longer values than MAX_TEXT (an
    hour's work for the parser), or is not a mapping.
    """
    if len(raw) > MAX_BYTES:
        raise BundleError(f"{file}: {len(raw)} bytes; at most {MAX_BYTES} are read")
    try:
        text = raw.decode("utf-8")
        _refuse_bombs(text, file)
        values = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as error:  # ValueError: not UTF-8, or a date that is none
        raise BundleError(f"{file}: not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(values, dict):
        raise BundleError(f"{file}: a mapping of keys is wanted; got {type(values).__name__}")
    return values


def _refuse_bombs(text: str, file: Path) -> None:
    depth = 0
    for count, event in enumerate(yaml.parse(text, Loader=yaml.SafeLoader)):
        if count > MAX_PARTS:
            raise BundleError(f"{file}: more than {MAX_PARTS} names and values")
        if isinstance(event, yaml.ScalarEvent) and len(event.value) > MAX_TEXT:
            raise BundleError(f"{file}: a value of {len(event.value)} characters; at most {MAX_TEXT} are read")
        if isinstance(event, yaml.AliasEvent):
            raise BundleError(f"{file}: alias *{event.anchor}: aliases are not read; write the value out")
        if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            depth += 1
            if depth > MAX_DEPTH:
                raise BundleError(f"{file}: nested deeper than {MAX_DEPTH} levels")
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            depth -= 1


@dataclass(frozen=True)
class Fields:
    """One mapping of bundle.yaml. Every reader raises BundleError where the value is absent or not what is wanted."""

    file: Path
    values: Mapping[str, Any]
    path: str = ""  # keys that lead here, with a trailing dot
    known: set[str] = field(default_factory=set)  # keys asked for so far

    def wrong(self, key: str, wanted: str, got: object) -> BundleError:
        shown = repr(got)
        shown = shown if len(shown) <= 60 else shown[:57] + "..."
        return BundleError(f"{self.file}: {self.path}{key}: {wanted} is wanted; got {shown}")

    def value(self, key: str, wanted: str) -> Any:  # Any: the YAML's own
        self.known.add(key)
        if key not in self.values:
            raise BundleError(f"{self.file}: {self.path}{key}: missing; {wanted} is wanted (docs/bundle.md)")
        return self.values[key]

    def text(self, key: str, pattern: str, wanted: str) -> str:
        got = self.value(key, wanted)
        if not isinstance(got, str) or not re.fullmatch(pattern, got):
            raise self.wrong(key, wanted, got)
        return got

    def choice(self, key: str, choices: Sequence[str]) -> str:
        wanted = " or ".join(choices)
        got = self.value(key, wanted)
        if got not in choices:
            raise self.wrong(key, wanted, got)
        return str(got)

    def exactly(self, key: str, wanted: object) -> None:
        got = self.value(key, repr(wanted))
        if got != wanted or isinstance(got, bool):
            raise self.wrong(key, repr(wanted), got)

    def number(self, key: str, low: float, high: float) -> float:
        wanted = f"a number {low:g}..{high:g}"
        got = self.value(key, wanted)
        if not _is_number(got, low, high):
            raise self.wrong(key, wanted, got)
        return float(got)

    def whole(self, key: str, low: int, high: int) -> int:
        wanted = f"a whole number {low}..{high}"
        got = self.value(key, wanted)
        if not _is_whole(got, low, high):
            raise self.wrong(key, wanted, got)
        return int(got)

    def numbers(self, key: str, count: int, low: float, high: float) -> tuple[float, ...]:
        wanted = f"a list of {count} numbers {low:g}..{high:g}"
        got = self.value(key, wanted)
        if not isinstance(got, list) or len(got) != count or not all(_is_number(n, low, high) for n in got):
            raise self.wrong(key, wanted, got)
        return tuple(float(n) for n in got)

    def wholes(self, key: str, count: int, low: int, high: int) -> tuple[int, ...]:
        wanted = f"a list of {count} whole numbers {low}..{high}"
        got = self.value(key, wanted)
        if not isinstance(got, list) or len(got) != count or not all(_is_whole(n, low, high) for n in got):
            raise self.wrong(key, wanted, got)
        return tuple(int(n) for n in got)

    def section(self, key: str) -> Fields:
        got = self.value(key, "a mapping")
        if not isinstance(got, dict):
            raise self.wrong(key, "a mapping", got)
        return Fields(self.file, got, f"{self.path}{key}.")

    def sections(self, key: str) -> tuple[Fields, ...]:
        wanted = "a list of mappings"
        got = self.value(key, wanted)
        if not isinstance(got, list) or not all(isinstance(one, dict) for one in got):
            raise self.wrong(key, wanted, got)
        return tuple(Fields(self.file, one, f"{self.path}{key}[{n}].") for n, one in enumerate(got))

    def free(self, key: str) -> Mapping[str, Any]:
        """A mapping whose keys are the writer's own; empty where it is absent."""
        self.known.add(key)
        return self.section(key).values if self.values.get(key) is not None else {}

    def refuse_unknown(self) -> None:
        """Raises BundleError for the first key that no reader asked for."""
        for key in self.values:
            if key not in self.known:
                near = difflib.get_close_matches(str(key), self.known, n=1)
                hint = f"did you mean {near[0]}?" if near else f"known here: {', '.join(sorted(self.known))}"
                raise BundleError(f"{self.file}: {self.path}{key}: unknown key; {hint}")


def _is_whole(got: object, low: int, high: int) -> bool:
    return isinstance(got, int) and not isinstance(got, bool) and low <= got <= high


def _is_number(got: object, low: float, high: float) -> bool:
    if isinstance(got, float):
        return math.isfinite(got) and low <= got <= high
    return isinstance(got, int) and not isinstance(got, bool) and low <= got <= high
