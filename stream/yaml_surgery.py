"""Changes settings in the text of a YAML file and leaves every other character as it is: comments, order, spaces. Pure.

Only what differs is touched: a value in its own place, a name that is new below the last one beside it, one that is
gone with its own lines. Knows no setting; whether the result says what it should is for the caller to try.
"""

from __future__ import annotations

import bisect
from collections.abc import Mapping as Lookup
from dataclasses import dataclass, field
from typing import Any

import yaml

STEP = 2  # spaces that a new level is indented by
GONE = object()  # as a wanted value: the name is to go


class SurgeryError(ValueError):
    """The text is written in a way that is not changed here; the reason is for people."""


@dataclass(frozen=True)
class _Cut:
    """The characters start <= i < stop become `text`."""

    start: int
    stop: int
    text: str


@dataclass
class _Table:
    """One text on the table."""

    text: str
    cuts: list[_Cut] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.starts = [0, *(at + 1 for at, sign in enumerate(self.text) if sign == "\n")]
        self.newline = "\r\n" if "\r\n" in self.text else "\n"

    def line_end(self, index: int) -> int:
        """Where the line of that character ends, its line end included."""
        line = bisect.bisect_right(self.starts, index)
        return self.starts[line] if line < len(self.starts) else len(self.text)

    def line_start(self, index: int) -> int:
        return self.starts[bisect.bisect_right(self.starts, index) - 1]

    def put_below(self, index: int, lines: list[str]) -> None:
        """New lines below the line of that character."""
        end = self.line_end(index)
        before = "" if self.text[:end].endswith("\n") else self.newline
        self.cuts.append(_Cut(end, end, before + "".join(line + self.newline for line in lines)))

    def result(self) -> str:
        text = self.text
        # of two at one place the first given comes first in the text
        for cut in sorted(reversed(self.cuts), key=lambda one: (one.start, one.stop), reverse=True):
            text = text[: cut.start] + cut.text + text[cut.stop :]
        return text


def changed(text: str, path: tuple[str, ...], wanted: Lookup[str, Any]) -> str:
    """The text with these values in the mapping at that path. Values are numbers, words, lists and mappings of them.

    A part of the path that is a list means its item of that `name`. GONE takes a name away; where it is not there
    nothing is done. Raises SurgeryError.
    """
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise SurgeryError(f"not YAML: {error}") from None
    table = _Table(text)
    for name in path:
        node = _below(node, name)
    _update(table, node, wanted)
    return table.result()


def flow(value: Any) -> str:
    """A value on one line, as people write it: `{box: [0, 0, 9, 9]}`."""
    if isinstance(value, Lookup):
        return "{" + ", ".join(f"{name}: {flow(below)}" for name, below in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(flow, value)) + "]"
    return "null" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def block(name: str, value: Any, indent: int, depth: int) -> list[str]:
    """A name and its value as lines: mappings on lines of their own down to that depth."""
    head = f"{' ' * indent}{name}:"
    if depth == 0 or not isinstance(value, Lookup) or not value:
        return [f"{head} {flow(value)}"]
    return [head, *(line for key, below in value.items() for line in block(key, below, indent + STEP, depth - 1))]


def _below(node: yaml.Node | None, name: str) -> yaml.Node:
    if isinstance(node, yaml.MappingNode):
        found = next((value for key, value in node.value if key.value == name), None)
    elif isinstance(node, yaml.SequenceNode):
        maps = (item for item in node.value if isinstance(item, yaml.MappingNode))
        found = next((item for item in maps if any((k.value, v.value) == ("name", name) for k, v in item.value)), None)
    else:
        found = None
    if found is None:
        raise SurgeryError(f"{name} does not stand in the file itself")
    return found


def _update(table: _Table, node: yaml.Node | None, wanted: Lookup[str, Any], depth: int = 2) -> None:
    if not isinstance(node, yaml.MappingNode):
        raise SurgeryError("what is to be changed is no mapping of names")
    entries = {key.value: (key, value) for key, value in node.value}
    if node.flow_style:
        _update_flow(table, node, wanted, entries)
        return
    for name, value in wanted.items():
        if name in entries:
            _set(table, *entries[name], value, depth)
    new = {name: value for name, value in wanted.items() if name not in entries and value is not GONE}
    if new:
        indent = node.value[0][0].start_mark.column
        lines = [line for name, value in new.items() for line in block(name, value, indent, depth)]
        table.put_below(_last(node), lines)


def _set(table: _Table, key: yaml.Node, node: yaml.Node, value: Any, depth: int) -> None:
    """The value of one name in a block."""
    start, stop = node.start_mark.index, node.end_mark.index
    if value is GONE:
        table.cuts.append(_Cut(table.line_start(key.start_mark.index), table.line_end(_last(node)), ""))
    elif isinstance(value, Lookup) and isinstance(node, yaml.MappingNode) and not node.flow_style:
        own = [name.value for name, _ in node.value]
        _update(table, node, {**value, **{name: GONE for name in own if name not in value}}, max(0, depth - 1))
    elif isinstance(value, Lookup) and isinstance(node, yaml.ScalarNode) and depth:  # nothing, or null
        indent = key.start_mark.column + STEP
        table.cuts.append(_Cut(start, stop, ""))
        lines = [line for name, below in value.items() for line in block(name, below, indent, depth - 1)]
        table.put_below(key.start_mark.index, lines)
    elif not (start < stop and yaml.safe_load(table.text[start:stop]) == value):
        if isinstance(node, yaml.CollectionNode) and not node.flow_style:
            raise SurgeryError(f"{key.value} is written on several lines")
        table.cuts.append(_Cut(start, stop, flow(value) if start < stop else f" {flow(value)}"))


def _update_flow(
    table: _Table, node: yaml.MappingNode, wanted: Lookup[str, Any], entries: dict[str, tuple[yaml.Node, yaml.Node]]
) -> None:
    for name, value in wanted.items():
        if name in entries:
            of = entries[name][1]
            text = "null" if value is GONE else flow(value)
            table.cuts.append(_Cut(of.start_mark.index, of.end_mark.index, text))
    new = {name: value for name, value in wanted.items() if name not in entries and value is not GONE}
    if new:
        end = node.end_mark.index - 1
        before = table.text[:end].rstrip()
        comma = "" if before.endswith(("{", ",")) else ", "
        table.cuts.append(_Cut(len(before), end, comma + flow(new)[1:-1]))


def _last(node: yaml.Node) -> int:
    """A character of the last line that the node's own content stands on: what follows may be another's comment."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        child = node.value[-1]
        return _last(child[1] if isinstance(child, tuple) else child)
    start, stop = node.start_mark.index, node.end_mark.index
    return max(start, stop - 1) if start < stop else max(0, start - 1)
