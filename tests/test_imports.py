"""The rules of the house that imports can break, read from the source of every module."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LAYERS = ("detector", "stream", "tools")  # each may import itself and what stands before it
ROLES = ("stream.capture", "stream.inspector", "stream.recorder", "stream.display")
PURE = (
    "detector.verdict",
    "detector.components",
    "stream.bookkeeping",
    "stream.care",
    "stream.incidents",
    "stream.keeping",
    "stream.ledger",
    "stream.lineup",
    "stream.metrics",
    "stream.overlay",
    "stream.run_account",
    "stream.run_book",
    "stream.tally",
    "stream.wire",
    "tools.near_duplicates",
    "tools.passing",
    "tools.splitting",
)
SHELL = {"zmq", "socket", "sqlite3", "threading", "multiprocessing", "subprocess", "asyncio", "time", "os", "signal"}


@dataclass(frozen=True)
class Home:
    """An outside library and the modules (and all below them) that may import it."""

    library: str
    modules: tuple[str, ...]


HOMES = (
    Home("zmq", ("stream.links",)),
    Home("sqlite3", ("stream.defect_log", "stream.log_view", "stream.replay", "stream.summary")),
    Home("av", ("stream.sources", "stream.film", "tools")),
    Home("aiohttp", ("stream.display", "stream.web")),
    Home("torch", ("detector.engines", "tools")),
    Home("torchvision", ("detector.engines", "tools")),
    Home("timm", ("detector.engines", "tools")),
    Home("segmentation_models_pytorch", ("detector.engines", "tools")),
    Home("onnx", ("tools",)),
)


@dataclass(frozen=True)
class Module:
    """A module as its source tells it."""

    name: str
    path: Path
    tree: ast.Module

    @property
    def package(self) -> bool:
        return self.path.name == "__init__.py"

    @cached_property
    def imports(self) -> tuple[str, ...]:
        """The dotted names that it imports, also inside functions."""
        return tuple(self._imports())

    def _imports(self) -> Iterator[str]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                place = self._place(node)
                yield from (f"{place}.{alias.name}" for alias in node.names)

    def _place(self, node: ast.ImportFrom) -> str:
        """The whole name of the module that is imported from, also where it is written with dots."""
        if node.level == 0:
            assert node.module is not None
            return node.module
        parts = self.name.split(".")
        parts = parts[: len(parts) - node.level + self.package]
        return ".".join([*parts, node.module] if node.module else parts)


@cache
def modules() -> tuple[Module, ...]:
    """Every module of the three layers."""
    found = []
    for layer in LAYERS:
        for path in sorted((ROOT / layer).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            found.append(Module(name, path, ast.parse(path.read_text())))
    return tuple(found)


def within(name: str, place: str) -> bool:
    return name == place or name.startswith(place + ".")


def every_module() -> pytest.MarkDecorator:
    return pytest.mark.parametrize("module", modules(), ids=lambda module: module.name)


def test_the_tree_is_read() -> None:
    assert {"detector.cascade", "stream.links", "stream.sources.source"} <= {module.name for module in modules()}


@every_module()
def test_a_layer_imports_only_what_stands_before_it(module: Module) -> None:
    layer = LAYERS.index(module.name.split(".")[0])
    forbidden = (*LAYERS[layer + 1 :], "tests")
    assert not [name for name in module.imports if name.split(".")[0] in forbidden]


@pytest.mark.parametrize("role", ROLES)
def test_the_roles_never_import_each_other(role: str) -> None:
    (module,) = (module for module in modules() if module.name == role)
    others = [other for other in ROLES if other != role]
    assert not [name for name in module.imports if any(within(name, other) for other in others)]


@pytest.mark.parametrize("home", HOMES, ids=lambda home: home.library)
def test_an_outside_library_has_one_home(home: Home) -> None:
    guests = {
        module.name
        for module in modules()
        if any(within(name, home.library) for name in module.imports)
        and not any(within(module.name, place) for place in home.modules)
    }
    assert not guests


@pytest.mark.parametrize("name", PURE)
def test_what_is_pure_knows_no_socket_clock_or_thread(name: str) -> None:
    (module,) = (module for module in modules() if module.name == name)
    assert not {found.split(".")[0] for found in module.imports} & SHELL


@every_module()
def test_a_module_says_what_it_is(module: Module) -> None:
    said = ast.get_docstring(module.tree)
    assert said
    if module.package:
        assert len(module.tree.body) == 1, "an __init__.py holds a docstring alone"
