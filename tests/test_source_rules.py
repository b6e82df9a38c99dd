"""What no source of the house may do with words from outside: read from the syntax tree of every module."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.test_imports import ROOT, Module, modules, trees_go, within  # noqa: F401

# Each can run code that somebody else wrote into a file or a message.
REFUSED_LIBRARIES = frozenset(
    {
        "pickle",
        "_pickle",
        "cPickle",
        "dill",
        "cloudpickle",
        "joblib",
        "jsonpickle",
        "marshal",
        "shelve",
        "copyreg",
        "pty",
    }
)
REFUSED_CALLS = frozenset(
    {"eval", "exec", "compile", "__import__", "os.system", "os.popen", "torch.jit.load", "torch.hub.load", "yaml.load"}
    | {"yaml.unsafe_load", "yaml.full_load", "yaml.load_all", "tempfile.mktemp", "pandas.read_pickle"}
)

OPEN = (
    "import onnxruntime as o; from pathlib import Path; "
    "o.InferenceSession(str(next(Path('tests/fixtures/tiny_bundle').glob('*.onnx'))))"
)


def name_of(node: ast.expr) -> str:
    """`a.b.c` of an expression; empty where it is no such name."""
    if isinstance(node, ast.Name):
        return node.id
    inner = name_of(node.value) if isinstance(node, ast.Attribute) else ""
    return f"{inner}.{node.attr}" if isinstance(node, ast.Attribute) and inner else ""


def given(call: ast.Call, keyword: str) -> object:
    """The constant that the call gives a keyword; None where it gives none."""
    for word in call.keywords:
        if word.arg == keyword and isinstance(word.value, ast.Constant):
            return word.value.value
    return None


def wrong_call(call: ast.Call) -> str | None:
    name = name_of(call.func)
    if name in REFUSED_CALLS:
        return name
    if name.endswith("torch.load") and given(call, "weights_only") is not True:
        return "torch.load without weights_only=True"
    if name in ("np.load", "numpy.load") and given(call, "allow_pickle") not in (None, False):
        return "np.load with allow_pickle"
    if given(call, "shell") not in (None, False):
        return f"{name} with shell"
    if name.endswith("InferenceSession") and "custom" in ast.unparse(call):
        return "an ONNX session with custom operators"
    return None


def faults(tree: ast.Module, imports: tuple[str, ...]) -> Iterator[str]:
    """What the module does that none may."""
    yield from (name for name in imports if name.split(".")[0] in REFUSED_LIBRARIES)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (fault := wrong_call(node)):
            yield f"line {node.lineno}: {fault}"


def test_nothing_from_outside_is_ever_run_as_code() -> None:
    wrong = [(module.name, fault) for module in modules() for fault in faults(module.tree, module.imports)]
    assert wrong == []


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from shelve import open",
        "eval('1')",
        "import torch\ntorch.load('x')",
        "import torch\ntorch.load('x', weights_only=False)",
        "import numpy as np\nnp.load('x', allow_pickle=True)",
        "import yaml\nyaml.load('x', Loader=yaml.Loader)",
        "import subprocess\nsubprocess.run('x', shell=True)",
    ],
)
def test_the_rule_finds_what_it_looks_for(source: str, tmp_path: Path) -> None:
    module = Module("stream.wrong", tmp_path / "wrong.py")
    module.path.write_text(source)
    assert list(faults(module.tree, module.imports))


def test_who_imports_onnx_runtime_forbids_its_telemetry_first() -> None:
    users = [m for m in modules() if any(name.split(".")[0] == "onnxruntime" for name in m.imports)]
    assert len(users) >= 2
    for module in users:
        found = [
            name for name in module.imports if within(name, "detector.no_telemetry") or within(name, "onnxruntime")
        ]
        assert found[0] == "detector.no_telemetry", module.name


def test_nothing_is_kept_for_anybody_elses_server(tmp_path: Path) -> None:
    """Without the rule ONNX Runtime 1.31 makes a database in the user's home, and sends it when it can."""
    environment = {**os.environ, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    environment.pop("CI", None)  # which would silence it by itself
    environment.pop("ORT_DISABLE_TELEMETRY", None)
    words = f"import detector.engines.onnxruntime_engine; {OPEN}"
    subprocess.run([sys.executable, "-c", words], cwd=ROOT, env=environment, check=True)
    assert list(tmp_path.rglob("*")) == []
