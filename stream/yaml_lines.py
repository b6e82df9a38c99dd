"""YAML text → a tree that knows the line of each part, with caps on all that could be made large. Knows no settings.

Scalars stay text: what they mean is for the setting to say, so `name: no` is not a truth value, nor `010` an eight.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, cast

import yaml

from stream.problem import ConfigurationError, Problem
from stream.secrets import redact
from stream.setting_nodes import Entry, Listing, Mapping, Node, Place, Scalar, join

FILE_MAX_BYTES = 256 * 1024
ALIASES_MAX = 16
DEPTH_MAX = 12
PARTS_MAX = 20_000  # names, values, and both ends of what holds them; a camera with every setting has about 30
MERGE = "<<"


class _Mark(Protocol):
    @property
    def line(self) -> int: ...  # counted from 0


def read_text(path: Path) -> str:
    """The file's text. Raises ConfigurationError when it is missing, a folder, too large or not UTF-8."""

    def refused(text: str, line: int | None = None) -> ConfigurationError:
        return ConfigurationError([Problem("", str(path), line, text)])

    try:
        with path.open("rb") as file:
            raw = file.read(FILE_MAX_BYTES + 1)
    except FileNotFoundError:
        raise refused("no such file; `configs/line.yaml` is a complete example") from None
    except IsADirectoryError:
        raise refused("is a folder; name the YAML file in it") from None
    except OSError as error:
        raise refused(f"cannot be read: {error.strerror}") from None
    if len(raw) > FILE_MAX_BYTES:
        raise refused(f"larger than {FILE_MAX_BYTES // 1024} KiB; a line's configuration is far smaller")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise refused(f"not UTF-8 text, got byte 0x{raw[error.start]:02x}; save it as UTF-8", line) from None


def read_nodes(text: str, place: Place) -> tuple[Node | None, tuple[Problem, ...]]:
    """The tree (None for an empty text) and its duplicate keys. Raises ConfigurationError for what is no tree."""
    try:
        _refuse_bombs(text, place)
        document = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise ConfigurationError([_at(place, mark).problem("", _plain_words(error, text, mark))]) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        got = f"got the character U+{int(error.character):04X}"
        raise ConfigurationError([_on(place, line).problem("", f"not YAML, {got}; delete it")]) from None
    if document is None:
        return None, ()
    growth = _Growth(place)
    return growth.grow(document, ""), tuple(growth.problems)


def _on(place: Place, line: int) -> Place:
    """The same place at a line; what came from the command line has no lines."""
    return place if place.file.startswith("--") else Place(place.file, place.folder, line)


def _at(place: Place, mark: _Mark | None) -> Place:
    return place if mark is None else _on(place, mark.line + 1)


def _plain_words(error: yaml.MarkedYAMLError, text: str, mark: _Mark | None) -> str:
    rows = text.splitlines()
    row = rows[mark.line] if mark is not None and mark.line < len(rows) else ""
    if "\t" in row[: len(row) - len(row.lstrip())]:
        return "not YAML, got a tab at the beginning of the line; use spaces"
    return redact(f"not YAML, {error.problem or error.context}; check quotes, colons and indents here and just above")


def _refuse_bombs(text: str, place: Place) -> None:
    """Walks the parser's events, which takes no memory however the text is nested."""
    aliases = depth = 0
    for count, event in enumerate(yaml.parse(text, Loader=yaml.SafeLoader)):
        aliases += isinstance(event, yaml.AliasEvent)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        tag = getattr(event, "tag", None)
        if tag is not None:
            refusal = f"tags are not allowed, got {redact(tag)}; delete it"
        elif aliases > ALIASES_MAX:
            refusal = f"more than {ALIASES_MAX} aliases (`*name`); write the settings out"
        elif depth > DEPTH_MAX:
            refusal = f"nested deeper than {DEPTH_MAX} levels; no setting is"
        elif count > PARTS_MAX:
            refusal = f"more than {PARTS_MAX} names and values; a line's configuration is far smaller"
        else:
            continue
        raise ConfigurationError([_at(place, event.start_mark).problem("", refusal)])


@dataclass
class _Growth:
    """Turns PyYAML's nodes into ours; each only once, so that aliases share and cannot multiply."""

    origin: Place
    problems: list[Problem] = field(default_factory=list)
    grown: dict[int, Node | None] = field(default_factory=dict)

    def grow(self, node: yaml.Node, path: str) -> Node:
        place = _at(self.origin, node.start_mark)
        if id(node) in self.grown:
            known = self.grown[id(node)]
            if known is None:
                raise ConfigurationError([place.problem(path, "contains itself by an alias; write it out")])
            return known
        self.grown[id(node)] = None
        result: Node
        if isinstance(node, yaml.ScalarNode):
            result = Scalar(node.value, node.style is None, place)
        elif isinstance(node, yaml.SequenceNode):
            items = enumerate(node.value)
            result = Listing(tuple(self.grow(item, f"{path}[{number}]") for number, item in items), place)
        else:
            result = Mapping(self._entries(cast(yaml.MappingNode, node), path), place)
        self.grown[id(node)] = result
        return result

    def _entries(self, node: yaml.MappingNode, path: str) -> dict[str, Entry]:
        entries: dict[str, Entry] = {}
        for key_node, value_node in node.value:
            place = _at(self.origin, key_node.start_mark)
            if not isinstance(key_node, yaml.ScalarNode):
                self.problems.append(place.problem(path, "a name must be plain text, got a list or a mapping"))
                continue
            key = key_node.value
            below = join(path, key)
            if key in entries:
                first = entries[key].place.line
                also = "" if first is None else f", first on line {first}"
                self.problems.append(place.problem(below, f"this name is given twice{also}; rename or delete one"))
                continue
            entries[key] = Entry(place, self.grow(value_node, below))
        inherited: dict[str, Entry] = {}
        if MERGE in entries:
            for mapping in self._merged(entries.pop(MERGE).node, path):
                inherited = {**mapping.entries, **inherited}
        return {**inherited, **entries}

    def _merged(self, value: Node, path: str) -> Iterator[Mapping]:
        for item in value.items if isinstance(value, Listing) else (value,):
            if isinstance(item, Mapping):
                yield item
            else:
                self.problems.append(value.place.problem(path, f"`{MERGE}` needs a mapping to take settings from"))
