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
ROLES = ("stream.capture", "stream.inspector", "stream.recorder", "stream.display", "stream.clips")
PURE = (
    "detector.verdict",
    "detector.regions",
    "detector.views",
    "detector.locating",
    "detector.polygons",
    "detector.stitching",
    "detector.by_region",
    "detector.components",
    "stream.absent",
    "stream.acts",
    "stream.arrivals",
    "stream.bookkeeping",
    "stream.control_limits",
    "stream.sources.control",
    "stream.sources.frame_count",
    "stream.sources.h264_order",
    "stream.sources.http_address",
    "stream.sources.http_login",
    "stream.sources.multipart",
    "stream.sources.patience",
    "stream.sources.settling",
    "stream.sources.nodes",
    "stream.sources.sensor_pixels",
    "stream.care",
    "stream.chain",
    "stream.glimpse",
    "stream.h264_units",
    "stream.health",
    "stream.health_checks",
    "stream.health_words",
    "stream.clips_cameras",
    "stream.clips_due",
    "stream.clips_places",
    "stream.deeds",
    "stream.doctor.complaint",
    "stream.hosts",
    "stream.refusals",
    "stream.zap",
    "stream.incidents",
    "stream.keeping",
    "stream.learning",
    "stream.ledger",
    "stream.lineup",
    "stream.log_batch",
    "stream.challenge",
    "stream.challenge_limits",
    "stream.minutes",
    "stream.shifts",
    "stream.log_columns",
    "stream.metrics",
    "stream.onset",
    "stream.overlay",
    "stream.outlines",
    "stream.region_check",
    "stream.region_forms",
    "stream.region_limits",
    "stream.region_scale",
    "stream.searching",
    "stream.searching_history",
    "stream.searching_menus",
    "stream.searching_records",
    "stream.searching_samples",
    "stream.searching_terms",
    "stream.searching_times",
    "stream.yaml_surgery",
    "stream.announced",
    "stream.camera_clock",
    "stream.part_limits",
    "stream.part_names",
    "stream.parts",
    "stream.recipes",
    "stream.ring_damage",
    "stream.ring_layout",
    "stream.run_account",
    "stream.segments_times",
    "stream.run_book",
    "stream.standing",
    "stream.tally",
    "stream.target",
    "stream.web.alarms",
    "stream.web.credentials",
    "stream.web.rights",
    "stream.web.sessions",
    "stream.web.tries",
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
    Home("zmq", ("stream.links", "stream.curve", "tools.bench_transport_peers")),
    Home(
        "sqlite3",
        (
            "stream.clips_log",
            "stream.defect_log",
            "stream.figures",
            "stream.figures_defects",
            "stream.figures_shifts",
            "stream.challenge_log",
            "stream.challenge_marks",
            "stream.report_reading",
            "stream.report_silent",
            "stream.audit",
            "stream.audit_check",
            "stream.audit_evidence",
            "stream.audit_forms",
            "stream.audit_incidents",
            "stream.audit_ledger",
            "stream.audit_list",
            "stream.audit_marks",
            "stream.audit_minutes",
            "stream.audit_parts",
            "stream.audit_pictures",
            "stream.audit_recipes",
            "stream.audit_reviews",
            "stream.audit_samples",
            "stream.audit_settings",
            "stream.audit_tables",
            "stream.audit_vouched",
            "stream.log_acts",
            "stream.log_chain",
            "stream.log_error",
            "stream.log_incidents",
            "stream.export_incidents",
            "stream.export_scenes",
            "stream.export_truth",
            "stream.log_frames",
            "stream.log_parts",
            "stream.log_reading",
            "stream.log_schema",
            "stream.log_sessions",
            "stream.log_view",
            "stream.log_vouched",
            "stream.log_writing",
            "stream.proposal_log",
            "stream.replay",
            "stream.retention_pieces",
            "stream.searching_pool",
            "stream.searching_rows",
            "stream.web.alarm_desk",
            "stream.web.api",
            "stream.summary",
            "tools.bench_log_made",
            "tools.fuzz_attempts",
            "tools.power_cut_check",
            "tools.soak_check_log",
            "tools.soak_check_samples",
            "tools.soak_disk",
        ),
    ),
    Home(
        "av",
        (
            "stream.sources",
            "stream.film",
            "stream.clips_cutting",
            "stream.segments_copying",
            "stream.segments_encoding",
            "stream.segments_rolling",
            "stream.segments_writing",
            "tools",
        ),
    ),
    Home("aiohttp", ("stream.display", "stream.web", "stream.desktop.watching", "tools.bench_page_viewers")),
    Home("paho", ("stream.mqtt", "stream.mqtt_trial")),
    Home("torch", ("detector.engines", "tools")),
    Home("torchvision", ("detector.engines", "tools")),
    Home("timm", ("detector.engines", "tools")),
    Home("segmentation_models_pytorch", ("detector.engines", "tools")),
    Home("onnx", ("tools",)),
    Home("openvino", ("detector.engines.openvino_engine", "tools")),
)


@dataclass(frozen=True)
class Module:
    """A module as its source tells it."""

    name: str
    path: Path

    @property
    def tree(self) -> ast.Module:
        return parsed(self.path)

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
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@pytest.fixture(scope="module", autouse=True)
def trees_go() -> Iterator[None]:
    """Millions of nodes: no test process needs them before, none should go on holding them."""
    yield
    parsed.cache_clear()


@cache
def modules() -> tuple[Module, ...]:
    """Every module of the three layers."""
    found = []
    for layer in LAYERS:
        for path in sorted((ROOT / layer).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            found.append(Module(name, path))
    return tuple(found)


def within(name: str, place: str) -> bool:
    return name == place or name.startswith(place + ".")


def test_the_tree_is_read() -> None:
    assert {"detector.cascade", "stream.links", "stream.sources.source"} <= {module.name for module in modules()}


def test_a_layer_imports_only_what_stands_before_it() -> None:
    wrong = []
    for module in modules():
        layer = LAYERS.index(module.name.split(".")[0])
        forbidden = (*LAYERS[layer + 1 :], "tests")
        wrong += [(module.name, name) for name in module.imports if name.split(".")[0] in forbidden]
    assert wrong == []


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


def test_a_module_says_what_it_is() -> None:
    assert [module.name for module in modules() if not ast.get_docstring(module.tree)] == []


def test_a_package_says_what_it_is_and_may_hand_on_names_of_its_own_modules() -> None:
    more = [
        (package.name, ast.unparse(node))
        for package in modules()
        if package.package
        for node in package.tree.body[1:]
        if not names_what_is_public(package, node)
    ]
    assert more == []


def names_what_is_public(package: Module, node: ast.stmt) -> bool:
    """Whether the statement hands on names of a module of the package: no more may stand behind the docstring."""
    return isinstance(node, ast.ImportFrom) and not node.level and within(node.module or "", package.name)
