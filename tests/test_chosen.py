"""What tune chose is used where settings leave it open, for its own bundle and computer alone; else words say why."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.bundle import open_bundle, read_id
from detector.engines.kinds import KINDS, default_engine
from detector.engines.table import OPEN
from stream.choices import FILE, MOST_KEPT, Choice, ChoicesError, keep_choice, read_choices
from stream.chosen import THREADS, Chosen, by_default, chosen, in_force, of_bundle
from stream.configuration import ConfigurationError, read_line
from stream.durable import alone_in
from stream.settings import CameraSettings, InspectorSettings, LineSettings, settings_id
from stream.this_host import Host, gpus, processor, this_host
from tests.bundles import tiny_variant
from tests.line import ROOT, TINY_BUNDLE

TINY = read_id(TINY_BUNDLE)
HERE = Host("a processor", 2, {"onnxruntime": "1", "openvino": "2"})
BEST = Choice(TINY, HERE, "openvino", "cpu", "bf16", 1, 2.0, 5.0, 0.1, "2026-11-23T10:00:00+00:00")
OPEN_ALL = InspectorSettings(bundle=TINY_BUNDLE)


def test_the_engines_are_the_same_in_both_tables() -> None:
    assert list(KINDS) == list(OPEN)
    assert (default_engine(".onnx", "fp32"), default_engine(".onnx", "bf16")) == ("onnxruntime", "openvino")
    assert default_engine(".pth", "fp32") == "torch"


def test_a_bundle_tells_its_id_without_being_verified() -> None:
    assert open_bundle(TINY_BUNDLE).id == TINY


# --- in force ---


def test_a_choice_is_in_force_where_the_settings_leave_all_open() -> None:
    found = in_force(OPEN_ALL, TINY, [BEST], HERE)
    assert found.inspector == replace(OPEN_ALL, engine="openvino", device="cpu", precision="bf16", threads=1)
    assert found.words == f"openvino cpu bf16, 1 thread: chosen for {TINY} by measurement, 2026-11-23"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"engine": "onnxruntime"}, "engine: onnxruntime"),
        ({"precision": "fp32"}, "precision: fp32"),
        ({"threads": 2}, "threads: 2"),
        ({"device": "cuda"}, "device: cuda"),
        ({"threads": 3, "engine": "onnxruntime"}, "engine: onnxruntime, threads: 3"),
    ],
)
def test_what_the_settings_say_always_wins(given: dict[str, object], says: str) -> None:
    wanted = replace(OPEN_ALL, **given)  # type: ignore[arg-type]
    found = in_force(wanted, TINY, [BEST], HERE)
    assert found.inspector == by_default(wanted)
    assert f"is not used, since the settings say {says};" in found.words


def test_settings_that_agree_with_the_choice_leave_it_in_force() -> None:
    wanted = replace(OPEN_ALL, engine="openvino", threads=1)
    assert in_force(wanted, TINY, [BEST], HERE).inspector.precision == "bf16"


ON_GPU = Host("a processor", 2, {"onnxruntime-gpu": "1"}, "NVIDIA H100")
GPU_BEST = msgspec.structs.replace(BEST, host=ON_GPU, engine="onnxruntime", device="cuda", precision="fp32")


def test_a_choice_of_cuda_is_a_wish_that_a_broken_driver_does_not_turn_into_a_refusal() -> None:
    found = in_force(OPEN_ALL, TINY, [GPU_BEST], ON_GPU)
    assert found.inspector == by_default(OPEN_ALL), "device auto tries CUDA first"
    assert found.words.endswith("where CUDA does not load, the CPU judges: measure again, or remove engines.json")
    assert in_force(replace(OPEN_ALL, device="cuda"), TINY, [GPU_BEST], ON_GPU).inspector.device == "cuda"


def test_a_choice_for_a_gpu_that_is_gone_leaves_the_settings_own_and_names_the_file() -> None:
    found = in_force(OPEN_ALL, TINY, [GPU_BEST], msgspec.structs.replace(ON_GPU, gpus=""))
    assert found.inspector == by_default(OPEN_ALL)
    assert found.words.startswith(
        f"engines.json: the choice for {TINY} (onnxruntime cuda, 1 thread) was made on another"
    )
    assert "NVIDIA H100 then, no GPU now; onnxruntime in fp32 and 2 threads judge" in found.words


@pytest.mark.parametrize(
    ("choice", "says"),
    [
        (msgspec.structs.replace(BEST, bundle="other@123"), f"nothing was chosen for {TINY}; onnxruntime in fp32 and"),
        (
            msgspec.structs.replace(BEST, host=Host("another", 8, {"openvino": "1"})),
            "was made on another computer: another then, a processor now; 8 cores then, 2 cores now; openvino 1 then, "
            "onnxruntime 1, openvino 2 now; onnxruntime in fp32 and 2 threads judge",
        ),
    ],
    ids=["another bundle", "another computer"],
)
def test_a_choice_for_another_is_not_used_and_the_words_say_why(choice: Choice, says: str) -> None:
    found = in_force(OPEN_ALL, TINY, [choice], HERE)
    assert found.inspector == by_default(OPEN_ALL)
    assert says in found.words and "tools.bench tune" in found.words


@given(
    st.builds(
        InspectorSettings,
        engine=st.sampled_from(["auto", "onnxruntime", "openvino"]),
        device=st.sampled_from(["auto", "cpu"]),
        precision=st.sampled_from(["auto", "fp32", "bf16"]),
        threads=st.none() | st.integers(1, 4),
    ),
    st.sampled_from([TINY, "other@123"]),
)
def test_nothing_is_left_open_and_nothing_that_was_said_is_changed(wanted: InspectorSettings, bundle: str) -> None:
    found = in_force(wanted, bundle, [BEST], HERE).inspector
    assert found.engine != "auto" and found.precision != "auto" and found.threads is not None
    assert wanted.engine in ("auto", found.engine) and wanted.precision in ("auto", found.precision)
    assert wanted.threads in (None, found.threads)
    assert by_default(found) == found


def test_bf16_alone_takes_the_engine_that_has_it() -> None:
    assert by_default(InspectorSettings(precision="bf16")).engine == "openvino"
    assert by_default(InspectorSettings()) == InspectorSettings(engine="onnxruntime", precision="fp32", threads=THREADS)
    checkpoints = InspectorSettings(classifier=Path("c.pth"), segmenter=Path("s.pth"))
    assert by_default(checkpoints).engine == "torch"


# --- the file ---


def line(data_dir: Path, inspector: InspectorSettings = OPEN_ALL) -> LineSettings:
    return LineSettings((CameraSettings("belt", "synthetic:"),), data_dir=data_dir, inspector=inspector)


def kept_here(data_dir: Path) -> Choice:
    choice = msgspec.structs.replace(BEST, host=this_host())
    keep_choice(data_dir, choice)
    return choice


def test_a_line_judges_with_the_choice_that_is_kept(tmp_path: Path) -> None:
    assert chosen(line(tmp_path)).words == "", "nothing was ever measured: nothing to tell"
    kept_here(tmp_path)
    assert chosen(line(tmp_path)).inspector.engine == "openvino"


def test_the_file_is_whole_and_alone(tmp_path: Path) -> None:
    data_dir = tmp_path / "a" / "b"
    assert keep_choice(data_dir, BEST) == data_dir / FILE
    assert [one.name for one in data_dir.iterdir()] == [FILE]
    assert read_choices(data_dir) == (BEST,)


def test_a_new_choice_takes_the_place_of_the_old_for_its_bundle_and_computer_alone(tmp_path: Path) -> None:
    other = msgspec.structs.replace(BEST, bundle="other@123")
    elsewhere = msgspec.structs.replace(BEST, host=Host("another", 8, {}))
    again = msgspec.structs.replace(BEST, threads=2)
    for choice in (BEST, other, elsewhere, again):
        keep_choice(tmp_path, choice)
    assert read_choices(tmp_path) == (other, elsewhere, again)


def test_of_two_that_tune_at_once_each_keeps_its_choice(tmp_path: Path) -> None:
    code = (
        "import sys, msgspec\nfrom pathlib import Path\nfrom stream.choices import keep_choice\n"
        "from tests.test_chosen import BEST\nsys.stdin.readline()\nfor n in range(12):\n"
        "    keep_choice(Path(sys.argv[1]), msgspec.structs.replace(BEST, bundle=f'{sys.argv[2]}@{n:x}'))"
    )
    tuning = [
        subprocess.Popen([sys.executable, "-c", code, tmp_path, name], cwd=ROOT, stdin=subprocess.PIPE, text=True)
        for name in ("one", "other")
    ]
    for one in tuning:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    for one in tuning:
        one.communicate(timeout=200)
    assert [one.returncode for one in tuning] == [0, 0]
    assert {one.bundle for one in read_choices(tmp_path)} == {f"{x}@{n:x}" for x in ("one", "other") for n in range(12)}
    assert [one.name for one in tmp_path.iterdir()] == [FILE]


def test_a_choice_is_not_written_while_another_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream.choices.WRITING_S", 0.0)
    with alone_in(tmp_path, 1.0), pytest.raises(TimeoutError, match="another process is writing here") as caught:
        keep_choice(tmp_path, BEST)
    assert caught.value.filename == tmp_path and read_choices(tmp_path) == ()
    keep_choice(tmp_path, BEST)


def test_the_file_does_not_grow_for_ever(tmp_path: Path) -> None:
    for number in range(MOST_KEPT + 3):
        keep_choice(tmp_path, msgspec.structs.replace(BEST, bundle=f"b@{number:x}"))
    kept = read_choices(tmp_path)
    assert (len(kept), kept[-1].bundle) == (MOST_KEPT, f"b@{MOST_KEPT + 2:x}")


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b"[]", b"\xff", b'{"choices": [{"bundle": "x"}]}', b'{"choices":' + b"[" * 5000, b" " * (1 << 21)],
    ids=["empty", "cut off", "a list", "no text", "a choice that lacks all", "a bomb", "too long"],
)
def test_a_damaged_file_is_not_used_and_the_words_say_what_to_do(tmp_path: Path, text: bytes) -> None:
    (tmp_path / FILE).write_bytes(text)
    with pytest.raises(ChoicesError, match=r"engines\.json: damaged .*; remove it, and measure again"):
        read_choices(tmp_path)
    found = chosen(line(tmp_path))
    assert found.inspector == by_default(OPEN_ALL)
    assert "engines.json: damaged" in found.words and found.words.endswith("2 threads judge meanwhile")


@pytest.mark.parametrize("change", [{"threads": 0}, {"threads": 10**6}, {"engine": "sh"}, {"precision": "int4"}])
def test_a_choice_of_what_no_setting_may_be_is_damaged(tmp_path: Path, change: dict[str, object]) -> None:
    fields = msgspec.to_builtins(BEST) | change
    (tmp_path / FILE).write_bytes(msgspec.json.encode({"choices": [fields]}))
    with pytest.raises(ChoicesError, match="damaged"):
        read_choices(tmp_path)


@pytest.mark.parametrize("precision", ["fp32", "auto"], ids=["all said", "the engine has but one precision"])
def test_settings_that_leave_nothing_open_read_no_file(tmp_path: Path, precision: str) -> None:
    (tmp_path / FILE).write_bytes(b"damaged")
    said = replace(OPEN_ALL, engine="onnxruntime", precision=precision, threads=1)
    assert chosen(line(tmp_path, said)) == Chosen(by_default(said))


def test_another_bundle_has_its_own_choice_or_the_default(tmp_path: Path) -> None:
    kept_here(tmp_path)
    other = tiny_variant(tmp_path, "other")
    assert of_bundle(line(tmp_path), other).inspector.engine == "onnxruntime"
    assert "nothing was chosen for other@" in of_bundle(line(tmp_path), other).words
    assert of_bundle(line(tmp_path), TINY_BUNDLE).inspector.engine == "openvino"


# --- the computer ---


def test_a_processor_is_known_by_more_than_its_name() -> None:
    said = "processor\t: 0\nmodel name\t: AMD EPYC\ncpu family\t: 25\nmodel\t\t: 17\nstepping\t: 1\n\nmodel name: x\n"
    assert processor(said) == "AMD EPYC (cpu family 25, model 17, stepping 1)"
    assert processor("CPU implementer : 0x41\nCPU part : 0xd0c\n").endswith("(CPU implementer 0x41, CPU part 0xd0c)")


def test_this_computer_is_the_same_each_time() -> None:
    assert this_host() == this_host() and this_host().difference(this_host()) == ""
    assert this_host().engines["onnxruntime"]


def test_gpus_are_known_by_name_from_the_driver_alone(tmp_path: Path) -> None:
    assert gpus(tmp_path / "nowhere") == ""
    for slot, said in (("0000:3b:00.0", "Model: \t\t NVIDIA H100 80GB HBM3\nIRQ: 4\n"), ("0000:5e:00.0", "IRQ: 5\n")):
        (tmp_path / slot).mkdir()
        (tmp_path / slot / "information").write_text(said)
    assert gpus(tmp_path) == "NVIDIA H100 80GB HBM3, a GPU without a name"


def test_a_line_starts_where_proc_tells_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept_here(tmp_path)
    monkeypatch.setattr("stream.this_host.CPUINFO", tmp_path / "no cpuinfo")
    assert "was made on another computer: " in chosen(line(tmp_path)).words


# --- the settings ---


def read(folder: Path, inspector: str) -> InspectorSettings:
    file = folder / "line.yaml"
    file.write_text(f'cameras: {{belt: {{source: "synthetic:"}}}}\ninspector: {{{inspector}}}\n')
    return read_line(file).inspector


def test_auto_and_numbers_are_read_as_threads(tmp_path: Path) -> None:
    assert [read(tmp_path, f"threads: {text}").threads for text in ("auto", "null", "3")] == [None, None, 3]


@pytest.mark.parametrize(
    ("inspector", "says"),
    [
        ("threads: many", "needs a whole number, or auto, got many"),
        ("threads: 0", "must be 1 to 256, got 0"),
        ("precision: int8", "must be one of auto, fp32, bf16, got int8"),
        ("engine: tensorrt", "must be one of auto, onnxruntime, openvino, torch, got tensorrt"),
        ("engine: onnxruntime, precision: bf16", "openvino alone computes in bf16, got bf16; set engine: openvino"),
        ("engine: openvino, device: cuda", "openvino judges on the CPU alone, got cuda; set cpu"),
        (
            "precision: bf16, device: cuda",
            "bf16 is computed on the CPU alone, got cuda; set cpu, or precision: fp32 and",
        ),
        (
            "engine: openvino, precision: bf16, device: cuda",
            "CPU alone, got cuda; set cpu, or precision: fp32 and engine: onnxruntime",
        ),
        ("engine: openvino, classifier: a.pth, segmenter: b.pth", "need the engine torch, got openvino"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_starts(tmp_path: Path, inspector: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says.replace(".", r"\.")):
        read(tmp_path, inspector)


def test_verdicts_in_bf16_carry_another_settings_id() -> None:
    camera = CameraSettings("belt", "synthetic:")
    ids = [settings_id(InspectorSettings(precision=word), camera) for word in ("auto", "fp32", "bf16")]
    assert ids[0] == ids[1] != ids[2]
