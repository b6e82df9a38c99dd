"""OpenVINO beside onnxruntime: the same verdicts, the same bits at each start, nothing kept or sent, clear refusals."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from detector.bundle import SHIPPED, open_bundle
from detector.cascade import Cascade
from detector.engines import openvino_engine
from detector.engines.network import NetworkRequest
from detector.engines.openvino_engine import computes_bf16
from detector.engines.table import open_network
from detector.errors import EngineError
from detector.opening import open_cascade
from detector.pictures import decode
from detector.verdict import State
from tests.line import ROOT, TINY_BUNDLE
from tests.needs import need

CLASSIFIER = TINY_BUNDLE / "classifier.onnx"
IR = b"<?xml version='1.0'?><net name='x' version='11'><layers/><edges/></net>"  # OpenVINO's own format
OUTSIDE = b"\x3a\x06\x0a\x04\x3a\x02me"  # a graph with one node of the domain "me"
DIGEST = """
import hashlib, json, sys
import numpy as np
from detector.opening import open_cascade
from detector.pictures import decode
from detector.bundle import SHIPPED, open_bundle
cascade = open_cascade(clock=lambda: 0.0, engine="openvino", device="cpu", threads=2, precision=sys.argv[1])
digest = hashlib.sha256()
for sample in open_bundle(SHIPPED).golden:
    seen = cascade.examine(decode(sample.file.read()))
    digest.update(repr(seen.score).encode())
    digest.update(b"" if seen.probability is None else np.ascontiguousarray(seen.probability).tobytes())
print(json.dumps([digest.hexdigest(), [name for name in sys.modules if name == "openvino_telemetry.main"]]))
"""


def wanted(path: Path = CLASSIFIER, *, model: bytes | None = None, side: int = 64, **changes: object) -> NetworkRequest:
    given = {"device": "cpu", "threads": 1, **changes}
    read = path.read_bytes if model is None else lambda: model
    return NetworkRequest(path, "classifier", read, (1, 3, side, side), (1, 2), **given)  # type: ignore[arg-type]


def image(side: int = 64, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(1, 3, side, side)).astype(np.float32)


# --- what needs no OpenVINO ---


def test_without_openvino_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(EngineError, match=r"classifier\.onnx: the engine openvino needs .* run `make setup-openvino`"):
        open_network("openvino", wanted())
    assert not computes_bf16()


@pytest.mark.parametrize(
    ("engine", "precision", "says"),
    [
        ("onnxruntime", "bf16", r"classifier\.onnx: the engine onnxruntime does not compute in bf16; .* openvino"),
        ("openvino", "int8", r"precision 'int8' is not known; known here: fp32, bf16"),
    ],
)
def test_a_precision_that_the_engine_has_not_is_refused(engine: str, precision: str, says: str) -> None:
    with pytest.raises(EngineError, match=says):
        open_network(engine, wanted(precision=precision))


def test_openvino_does_not_read_checkpoints(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"c\.pth: engine openvino reads \.onnx files; use engine torch"):
        open_network("openvino", wanted(tmp_path / "c.pth"))


# --- with it ---


@pytest.fixture(scope="module")
def openvino() -> None:
    need(find_spec("openvino"), "the engine openvino needs requirements-openvino.txt: make setup-openvino")


def shipped(engine: str, precision: str = "fp32") -> Cascade:
    return open_cascade(clock=time.perf_counter, engine=engine, device="cpu", threads=2, precision=precision)


@pytest.mark.usefixtures("openvino")
def test_openvino_gives_float32_logits_of_the_picture_that_it_was_given() -> None:
    ours, theirs = open_network("openvino", wanted(threads=2)), open_network("onnxruntime", wanted(threads=2))
    first, other, again = ours.run(image()), ours.run(image(seed=1)), ours.run(image())
    assert (first.shape, first.dtype) == ((1, 2), np.float32)
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    np.testing.assert_allclose(first, theirs.run(image()), rtol=1e-4, atol=1e-4)
    assert ours.description in ("openvino cpu fp32, 2 threads", "openvino cpu fp32, 1 thread"), "the latter on one core"


@pytest.mark.usefixtures("openvino")
def test_openvino_judges_the_shipped_bundles_samples_as_onnxruntime_does() -> None:
    ours, theirs = shipped("openvino"), shipped("onnxruntime")
    for sample in open_bundle(SHIPPED).golden:
        picture = decode(sample.file.read())
        one, other = ours.examine(picture), theirs.examine(picture)
        assert (one.state, sample.state) == (other.state, other.state), sample.file.path.name
        assert abs(one.score - other.score) < 1e-4
        if one.state is State.BAD:
            assert one.mask is not None and other.mask is not None
            assert np.mean(one.mask != other.mask) < 1e-3


@pytest.mark.usefixtures("openvino")
def test_bf16_judges_where_the_processor_has_it_and_is_refused_where_not() -> None:
    if not computes_bf16():
        with pytest.raises(EngineError, match=r"precision bf16 is wanted, but this processor .* set precision: fp32"):
            shipped("openvino", "bf16")
        return
    assert shipped("openvino", "bf16").engine_name.startswith("openvino cpu bf16, ")  # golden samples came out right
    assert open_network("auto", wanted(precision="bf16")).description == "openvino cpu bf16, 1 thread"


@pytest.mark.usefixtures("openvino")
def test_a_processor_that_would_only_emulate_bf16_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """OpenVINO itself would take it: AVX-512 is enough to it."""
    (tmp_path / "cpuinfo").write_text("model name\t: x\nflags\t\t: fpu avx512f avx512bw avx512_vnni\n")
    monkeypatch.setattr(openvino_engine, "CPUINFO", tmp_path / "cpuinfo")
    with pytest.raises(EngineError, match=r"bf16 is wanted, but this processor \(.+\) does not .* avx512_bf16"):
        open_network("openvino", wanted(precision="bf16"))
    assert not computes_bf16()


@pytest.mark.usefixtures("openvino")
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_openvino_gives_the_same_bits_at_each_start_and_leaves_nothing_behind(precision: str, tmp_path: Path) -> None:
    if precision == "bf16" and not computes_bf16():
        return  # refused: the test above
    environment = {**os.environ, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    words = [sys.executable, "-c", DIGEST, precision]
    starts = [
        subprocess.run(words, cwd=ROOT, env=environment, check=True, capture_output=True).stdout for _ in range(2)
    ]
    first, second = map(json.loads, starts)
    assert first == second
    assert (len(first[0]), first[1]) == (len(hashlib.sha256().hexdigest()), []), "its telemetry was imported"
    assert list(tmp_path.rglob("*")) == []


@pytest.mark.usefixtures("openvino")
@pytest.mark.parametrize(
    ("model", "says"),
    [
        (IR, r"OpenVINO cannot load it: .*is no ONNX"),
        (CLASSIFIER.read_bytes()[:100], r"OpenVINO cannot load it: is no ONNX model, or cut off"),
        (b"", r"OpenVINO cannot load it: empty"),
        (OUTSIDE, r"OpenVINO cannot load it: uses operators of the domain 'me'"),
    ],
    ids=["OpenVINO's own format", "cut off", "empty", "a foreign domain"],
)
def test_openvino_never_sees_what_is_no_safe_onnx(model: bytes, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import openvino

    def read_model(*given: object) -> None:
        raise AssertionError("it was shown to OpenVINO")

    monkeypatch.setattr(openvino.Core, "read_model", read_model)
    with pytest.raises(EngineError, match=says):
        open_network("openvino", wanted(model=model))


@pytest.mark.usefixtures("openvino")
def test_what_openvino_itself_refuses_is_an_error_that_names_the_file() -> None:
    with pytest.raises(EngineError, match=r"classifier\.onnx: OpenVINO cannot load it: "):
        open_network("openvino", wanted(model=b"\x3a\x06\x0a\x04\x22\x02me"))  # a graph of one unknown operator


@pytest.mark.usefixtures("openvino")
@pytest.mark.parametrize(
    ("side", "output", "says"),
    [
        (32, (1, 2), r"one input of float32 \[1, 3, 32, 32\] is wanted; it has \['f32 \["),
        (64, (1, 1, 64, 64), r"one output of float32 \[1, 1, 64, 64\] is wanted; it has \['f32 \["),
    ],
    ids=["input", "output"],
)
def test_other_ends_than_the_bundle_says_are_refused(side: int, output: tuple[int, ...], says: str) -> None:
    shape = (1, 3, side, side)
    request = NetworkRequest(CLASSIFIER, "classifier", CLASSIFIER.read_bytes, shape, output, "cpu", 1)
    with pytest.raises(EngineError, match=says):
        open_network("openvino", request)


@pytest.mark.usefixtures("openvino")
def test_openvino_judges_on_the_cpu_alone() -> None:
    with pytest.raises(EngineError, match=r"device cuda is wanted, but the engine openvino judges on the CPU alone"):
        open_network("openvino", wanted(device="cuda"))
    with pytest.raises(EngineError, match="set device: cpu, or engine: onnxruntime and precision: fp32"):
        open_network("auto", wanted(device="cuda", precision="bf16"))
    assert open_network("openvino", wanted(device="auto")).description == "openvino cpu fp32, 1 thread"


@pytest.mark.usefixtures("openvino")
def test_the_engines_name_says_how_many_threads_run_and_not_how_many_were_wanted() -> None:
    code = (
        "import os; os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])\n"
        "from tests.test_openvino import wanted\nfrom detector.engines.table import open_network\n"
        "print(open_network('openvino', wanted(threads=200)).description)"
    )
    words = [sys.executable, "-c", code]
    said = subprocess.run(words, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert said == "openvino cpu fp32, 1 thread\n"


@pytest.mark.usefixtures("openvino")
@pytest.mark.parametrize("broken", ["Core", "Core.get_property"])
def test_an_installation_that_is_broken_is_an_error_in_words(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*given: object) -> None:
        raise RuntimeError("Exception from src/x.cpp:1:\nCannot load library libopenvino_intel_cpu_plugin.so")

    monkeypatch.setattr(f"openvino.{broken}", refuse)
    with pytest.raises(EngineError, match=r"classifier\.onnx: OpenVINO is installed and does not start: Cannot load"):
        open_network("openvino", wanted())
    assert not computes_bf16()


def test_without_proc_no_bf16_is_claimed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(openvino_engine, "CPUINFO", tmp_path / "none")
    assert not computes_bf16()
