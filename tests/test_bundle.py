"""A bundle is opened whole or refused, saying which file and key, what was got and what to do."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from detector.bundle import SHIPPED, open_bundle, safe_model
from detector.doubting import doubting
from detector.engines.network import Network
from detector.errors import BundleError
from detector.onnx_safety import OnnxError, refuse_unsafe
from detector.opening import open_cascade
from detector.stages import Doubt
from detector.verdict import State
from tests.pictures import TINY_BUNDLE

Change = Callable[[dict], object]


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A copy of the tiny bundle that a test may damage."""
    return Path(shutil.copytree(TINY_BUNDLE, tmp_path / "tiny"))


def rewrite(bundle: Path, change: Change) -> None:
    """Changes what bundle.yaml says."""
    file = bundle / "bundle.yaml"
    values = yaml.safe_load(file.read_text())
    change(values)
    file.write_text(yaml.safe_dump(values))


def refusal(bundle: Path) -> str:
    with pytest.raises(BundleError) as caught:
        open_bundle(bundle)
    return str(caught.value)


def test_a_whole_bundle_opens_with_everything_it_says() -> None:
    opened = open_bundle(TINY_BUNDLE)
    raw = (TINY_BUNDLE / "bundle.yaml").read_bytes()
    assert opened.id == f"tiny@{hashlib.sha256(raw).hexdigest()[:12]}"
    assert opened.classifier.input.resize == "stretch"
    assert opened.classifier.input.mean == (0.485, 0.456, 0.406)
    assert opened.segmenter.input.filter == "bicubic"
    assert (opened.segmenter.threshold, opened.segmenter.min_area_px) == (0.5, 0)
    assert [one.state for one in opened.golden] == [State.BAD, State.GOOD, State.GOOD]
    assert opened.trained_scale == 0.5
    assert opened.training["made_by"] == "tests/fixtures/make_tiny_bundle.py"


def test_it_describes_itself() -> None:
    text = open_bundle(TINY_BUNDLE).describe()
    for part in ("tiny@", "64x64, stretch", "BAD at 0.5", "kind red", "3 samples"):
        assert part in text


def test_another_yaml_is_another_id(bundle: Path) -> None:
    rewrite(bundle, lambda values: values["classifier"].update(threshold=0.6))
    assert open_bundle(bundle).id != open_bundle(TINY_BUNDLE).id


def test_the_bundle_that_ships_opens_and_is_small_enough() -> None:
    open_bundle(SHIPPED)
    assert sum(path.stat().st_size for path in SHIPPED.rglob("*") if path.is_file()) <= 30_000_000


def test_no_folder_is_named(tmp_path: Path) -> None:
    assert "nowhere: does not exist; the folder of a bundle" in refusal(tmp_path / "nowhere")


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    assert "is a file; the folder of a bundle" in refusal(tmp_path / "file")


@pytest.mark.parametrize(
    "name", ["bundle.yaml", "classifier.onnx", "segmenter.onnx", "golden/bad_1.png", "golden/good_2.png"]
)
def test_a_missing_file_is_named(bundle: Path, name: str) -> None:
    (bundle / name).unlink()
    got = refusal(bundle)
    assert name in got
    assert "cannot be read (No such file or directory)" in got
    assert "tools.export" in got


@pytest.mark.parametrize("name", ["classifier.onnx", "segmenter.onnx", "golden/bad_1.png"])
def test_one_changed_byte_is_found(bundle: Path, name: str) -> None:
    raw = bytearray((bundle / name).read_bytes())
    raw[len(raw) // 2] ^= 1
    (bundle / name).write_bytes(bytes(raw))
    got = refusal(bundle)
    assert name in got
    assert "the file was changed" in got
    assert "copy the bundle anew" in got


def drop(*keys: str) -> Change:
    def change(values: dict) -> None:
        for key in keys[:-1]:
            values = values[key]
        del values[keys[-1]]

    return change


def put(value: object, *keys: str) -> Change:
    def change(values: dict) -> None:
        for key in keys[:-1]:
            values = values[int(key)] if isinstance(values, list) else values[key]
        values[keys[-1]] = value

    return change


WRONG_VALUES = {
    "format of the future": (put(2, "format"), "format: 1 is wanted; got 2"),
    "classes swapped": (put(["BAD", "GOOD"], "classes"), "classes: ['GOOD', 'BAD'] is wanted"),
    "no name": (drop("name"), "name: missing"),
    "name with a path": (put("../x", "name"), "name: a name of letters"),
    "name with a line break": (put("tiny\n", "name"), "name: a name of letters"),
    "section is a text": (put("x", "classifier"), "classifier: a mapping is wanted; got 'x'"),
    "key missing in a section": (drop("segmenter", "threshold"), "segmenter.threshold: missing; a number 0..1"),
    "threshold too large": (
        put(50, "classifier", "threshold"),
        "classifier.threshold: a number 0..1 is wanted; got 50",
    ),
    "threshold is a text": (put("0.5", "classifier", "threshold"), "classifier.threshold: a number 0..1"),
    "threshold is not a number": (put(float("nan"), "classifier", "threshold"), "got nan"),
    "threshold is yes": (put(True, "segmenter", "threshold"), "segmenter.threshold: a number 0..1 is wanted; got True"),
    "input of three sides": (put([3, 64, 64], "segmenter", "input"), "segmenter.input: a list of 2 whole numbers"),
    "input of half pixels": (put([64.5, 64], "segmenter", "input"), "segmenter.input: a list of 2 whole numbers"),
    "input too large": (put([9999, 64], "segmenter", "input"), "segmenter.input"),
    "resize unknown": (put("crop", "classifier", "resize"), "classifier.resize: stretch or pad is wanted; got 'crop'"),
    "filter is a list": (put([1], "classifier", "filter"), "classifier.filter: bilinear or bicubic"),
    "colour order": (put("BGR", "classifier", "colour"), "classifier.colour: RGB is wanted; got 'BGR'"),
    "std of zero": (put([0.0, 1.0, 1.0], "classifier", "std"), "classifier.std"),
    "temperature of zero": (put(0, "classifier", "temperature"), "classifier.temperature"),
    "doubt without an end": (put({"above": -1, "looks": 2}, "classifier", "doubt"), "classifier.doubt.below: missing"),
    "doubt the wrong way round": (
        put({"above": 4, "below": -1, "looks": 2}, "classifier", "doubt"),
        "classifier.doubt.below: more than above (4) is wanted; got -1",
    ),
    "three looks": (
        put({"above": -1, "below": 4, "looks": 3}, "classifier", "doubt"),
        "classifier.doubt.looks: 2 or 4 is wanted; got 3",
    ),
    "doubt with a word too many": (
        put({"above": -1, "below": 4, "looks": 2, "flip": 1}, "classifier", "doubt"),
        "classifier.doubt.flip: unknown key",
    ),
    "least area of half a pixel": (put(0.5, "segmenter", "min_area_px"), "segmenter.min_area_px: a whole number"),
    "hash too short": (put("abc", "classifier", "sha256"), "classifier.sha256: a sha256 of 64 hex digits"),
    "file outside": (put("../classifier.onnx", "classifier", "file"), "classifier.file: a path inside the bundle"),
    "absolute file": (put("/etc/passwd", "classifier", "file"), "classifier.file: a path inside the bundle"),
    "misspelt key": (put(1, "segmenter", "min_area"), "segmenter.min_area: unknown key; did you mean min_area_px?"),
    "unknown key": (put(1, "zebra"), "zebra: unknown key; known here: classes, classifier"),
    "golden is no list": (put({}, "golden"), "golden: a list of mappings"),
    "golden without BAD": (lambda v: v["golden"].pop(0), "golden: at least one sample of GOOD and one of BAD"),
    "golden state": (put("UNKNOWN", "golden", "0", "state"), "golden[0].state: GOOD or BAD is wanted"),
    "golden score": (put(1.5, "golden", "1", "score"), "golden[1].score: a number 0..1"),
    "golden area missing": (lambda v: v["golden"][0].pop("mask_area"), "golden[0].mask_area: missing"),
    "tolerance that forgives all": (put(1.0, "tolerance", "score"), "tolerance.score: a number 0..0.5"),
}


@pytest.mark.parametrize(("change", "says"), WRONG_VALUES.values(), ids=WRONG_VALUES.keys())
def test_a_wrong_value_is_refused_by_file_key_and_value(bundle: Path, change: Change, says: str) -> None:
    rewrite(bundle, change)
    got = refusal(bundle)
    assert got.startswith(str(bundle / "bundle.yaml"))
    assert says in got


def test_where_the_gate_is_in_doubt_stands_in_the_bundle(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert open_bundle(bundle).classifier.doubt is None
    rewrite(bundle, put({"above": -1.5, "below": 4, "looks": 2}, "classifier", "doubt"))
    opened = open_bundle(bundle)
    assert opened.classifier.doubt == Doubt(-1.5, 4.0, 2)
    assert "up to 2 looks where in doubt" in opened.describe()
    asked: list[object] = []

    def noted(network: Network, doubt: Doubt | None) -> Network:
        asked.append(doubt)
        return doubting(network, doubt)

    monkeypatch.setattr("detector.opening.doubting", noted)
    open_cascade(clock=time.monotonic, bundle=bundle, device="cpu")
    assert asked == [Doubt(-1.5, 4.0, 2)]


BOMB = "a: &a [1,1,1]\nb: &b [*a,*a,*a]\nc: [*b,*b,*b]\n"
NOT_BUNDLES = {
    "alias bomb": (BOMB.encode(), "alias *a: aliases are not read"),
    "an object": (b"!!python/object/apply:os.system ['true']", "not YAML"),
    "a tab": (b"a:\n\t- b", "not YAML"),
    "not UTF-8": (b"\xff\xfe\x00", "not YAML"),
    "a list": (b"- 1", "a mapping of keys is wanted; got list"),
    "nothing": (b"", "a mapping of keys is wanted; got NoneType"),
    "too deep": (b"[" * 100 + b"]" * 100, "nested deeper than 20"),
    "too large": (b"# " + b"x" * (1 << 20), "at most 1048576 are read"),
    "an impossible date": (b"a: 2024-99-99", "not YAML"),
}


@pytest.mark.parametrize(("raw", "says"), NOT_BUNDLES.values(), ids=NOT_BUNDLES.keys())
def test_what_is_no_bundle_yaml_is_refused(bundle: Path, raw: bytes, says: str) -> None:
    (bundle / "bundle.yaml").write_bytes(raw)
    assert says in refusal(bundle)


def test_a_link_out_of_the_bundle_is_refused(bundle: Path, tmp_path: Path) -> None:
    outside = tmp_path / "elsewhere.onnx"
    (bundle / "classifier.onnx").rename(outside)
    (bundle / "classifier.onnx").symlink_to(outside)
    assert "classifier.file: a path inside the bundle" in refusal(bundle)


def test_an_unsafe_model_is_refused_though_its_hash_is_right(bundle: Path) -> None:
    model = ONNX + message(8, message(1, b"evil.domain"))
    (bundle / "classifier.onnx").write_bytes(model)
    rewrite(bundle, put(hashlib.sha256(model).hexdigest(), "classifier", "sha256"))
    got = refusal(bundle)
    assert "classifier.onnx: refused: uses operators of the domain 'evil.domain'" in got


def test_a_file_changed_after_the_bundle_was_opened_is_found(bundle: Path) -> None:
    opened = open_bundle(bundle)
    opened.classifier_file.path.write_bytes(b"other")
    with pytest.raises(BundleError, match="the file was changed"):
        safe_model(opened.classifier_file)


# --- ONNX, on the wire ---


def varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def message(number: int, payload: bytes) -> bytes:
    """A field that holds bytes."""
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def number_field(number: int, value: int) -> bytes:
    return varint(number << 3) + varint(value)


ONNX = (TINY_BUNDLE / "classifier.onnx").read_bytes()
EXTERNAL_KEY = message(13, message(1, b"location") + message(2, b"/etc/passwd"))
EXTERNAL = number_field(14, 1)


def node(**fields: bytes) -> bytes:
    numbers = {"operator": 4, "attribute": 5, "domain": 7}
    return b"".join(message(numbers[name], payload) for name, payload in fields.items())


def nested(depth: int) -> bytes:
    """A graph in an attribute of a node of a graph …"""
    graph = b""
    for _ in range(depth):
        graph = message(1, node(attribute=message(6, graph)))
    return graph


UNSAFE = {
    "domain imported": (message(7, b"") + message(8, message(1, b"my.ops")), "'my.ops'"),
    "domain of a node": (message(7, message(1, node(domain=b"my.ops"))), "'my.ops'"),
    "domain in a nested graph": (
        message(7, message(1, node(attribute=message(6, message(1, node(domain=b"deep")))))),
        "'deep'",
    ),
    "domain in a function": (message(7, b"") + message(25, message(7, node(domain=b"fn"))), "'fn'"),
    "domain of a function": (message(7, b"") + message(25, message(10, b"fn")), "'fn'"),
    "domain of no UTF-8": (message(7, message(1, node(domain=b"\xff"))), "'\\\\xff'"),
    "an operator that loads an engine": (
        message(7, message(1, node(operator=b"EPContext", domain=b"com.microsoft"))),
        "operator EPContext",
    ),
    "an operator that runs Python": (
        message(7, message(1, node(attribute=message(6, message(1, node(operator=b"PythonOp")))))),
        "operator PythonOp",
    ),
    "external initializer": (message(7, message(5, EXTERNAL_KEY + EXTERNAL)), "external data"),
    "external by its key alone": (message(7, message(5, EXTERNAL_KEY)), "external data"),
    "external by its place alone": (message(7, message(5, EXTERNAL)), "external data"),
    "external past 32 bits": (message(7, message(5, number_field(14, (1 << 32) + 1))), "external data"),
    "external in an attribute": (message(7, message(1, node(attribute=message(5, EXTERNAL)))), "external data"),
    "external in a list": (message(7, message(1, node(attribute=message(10, EXTERNAL)))), "external data"),
    "external and sparse": (message(7, message(15, message(1, EXTERNAL))), "external data"),
    "external in training": (message(7, b"") + message(20, message(1, message(5, EXTERNAL))), "external data"),
    "too deep": (message(7, nested(40)), "nested deeper"),
    "two graphs": (message(7, b"") * 2, "holds 2 graphs"),
    "no graph": (number_field(1, 8), "holds 0 graphs"),
    "nothing": (b"", "empty"),
    "text": (b"hello, this is a text", "no ONNX model"),
    "a group": (b"\x0b\x0c", "not protobuf"),
    "graph is a number": (number_field(7, 1), "damaged"),
    "endless number": (b"\xff" * 12, "longer than ten bytes"),
    "cut off": (ONNX[:-10], "cut off"),
}


@pytest.mark.parametrize(("raw", "says"), UNSAFE.values(), ids=UNSAFE.keys())
def test_an_unsafe_model_is_refused_with_its_reason(raw: bytes, says: str) -> None:
    with pytest.raises(OnnxError) as caught:
        refuse_unsafe(raw)
    assert says.encode().decode("unicode_escape") in str(caught.value).encode().decode("unicode_escape")


@pytest.mark.parametrize("domain", ["", "ai.onnx", "ai.onnx.ml", "com.microsoft"])
def test_the_standard_domains_may_be_used(domain: str) -> None:
    refuse_unsafe(ONNX + message(8, message(1, domain.encode())))


@pytest.mark.parametrize("name", ["classifier.onnx", "segmenter.onnx"])
@pytest.mark.parametrize("folder", [TINY_BUNDLE, SHIPPED], ids=["tiny", "shipped"])
def test_real_models_are_let_through(folder: Path, name: str) -> None:
    refuse_unsafe((folder / name).read_bytes())


@given(st.binary(max_size=200))
def test_no_bytes_make_the_walk_fail_otherwise(raw: bytes) -> None:
    try:
        refuse_unsafe(raw)
    except OnnxError as error:
        assert str(error)


@given(st.integers(0, len(ONNX) - 1), st.integers(1, 255))
def test_no_damage_to_a_real_model_makes_the_walk_fail_otherwise(at: int, flip: int) -> None:
    raw = bytearray(ONNX)
    raw[at] ^= flip
    try:
        refuse_unsafe(bytes(raw))
    except OnnxError as error:
        assert str(error)
