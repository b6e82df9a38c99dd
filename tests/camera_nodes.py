"""A camera's nodes in memory: they keep the contract of stream.sources.nodes.Nodes, as cameras of several kinds do."""

from __future__ import annotations

from dataclasses import dataclass, field

from stream.sources.nodes import Allowed, NodeError, Value


@dataclass
class Node:
    """One setting. `becomes` is what the camera makes of a value: another than was written, where it clamps."""

    value: Value
    allowed: Allowed = field(default_factory=Allowed)
    locked: bool = False
    becomes: dict[Value, Value] = field(default_factory=dict)


@dataclass
class NodesInMemory:
    """A node behind a selector stands under `Selector=Entry/Name`."""

    nodes: dict[str, Node]
    written: list[tuple[str, Value]] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)

    def has(self, name: str) -> bool:
        return self._place(name) in self.nodes

    def read(self, name: str) -> Value:
        return self.nodes[self._place(name)].value

    def write(self, name: str, value: Value) -> None:
        node = self.nodes[self._place(name)]
        if node.locked:
            raise NodeError(f"{name} is not writable")
        if node.allowed.refuses(value):
            raise NodeError(f"{value} is out of range")
        node.value = node.becomes.get(value, value)
        self.written.append((self._place(name), value))

    def allowed(self, name: str) -> Allowed:
        return self.nodes[self._place(name)].allowed

    def run(self, name: str) -> None:
        self.commands.append(name)

    def _place(self, name: str) -> str:
        for selector in ("TriggerSelector", "BalanceRatioSelector"):
            if selector in self.nodes and (under := f"{selector}={self.nodes[selector].value}/{name}") in self.nodes:
                return under
        return name
