"""`tools.bench tune` keeps the fastest of what may judge, for its owner alone; a line starts with it, and says so."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.bundle import read_id
from stream import check
from stream.choices import FILE, Choice, keep_choice, read_choices
from stream.settings import InspectorSettings
from stream.this_host import this_host
from tests.bundles import WRONG, tiny_variant, write_golden_set
from tests.line import TINY_BUNDLE, rows, run_to_end, write_line
from tests.recordings import numbered_frames, write_recording
from tools import bench_tune, bench_tune_trial
from tools.bench import main
from tools.bench_tune_trial import Passed, refused_by_accuracy
from tools.tuning import CLOSE, Setup, Times, best, setups, thread_counts

ABLE = [("onnxruntime", "cpu", "fp32"), ("openvino", "cpu", "fp32"), ("openvino", "cpu", "bf16")]


# --- what is tried, and what is best ---


@pytest.mark.parametrize(("cores", "counts"), [(1, (1,)), (2, (1, 2)), (6, (1, 2, 4, 6)), (16, (1, 2, 4, 8, 16))])
def test_threads_are_tried_by_doubling_up_to_all_cores(cores: int, counts: tuple[int, ...]) -> None:
    assert thread_counts(cores) == counts


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ({"threads": 2}, ["onnxruntime cpu fp32", "openvino cpu fp32", "openvino cpu bf16"]),
        ({"threads": 2, "engine": "openvino"}, ["openvino cpu fp32", "openvino cpu bf16"]),
        ({"threads": 2, "precision": "fp32"}, ["onnxruntime cpu fp32", "openvino cpu fp32"]),
        ({"threads": 2, "device": "cuda"}, []),
    ],
)
def test_what_the_settings_say_is_not_tried_otherwise(wanted: dict[str, Any], names: list[str]) -> None:
    found = setups(InspectorSettings(**wanted), ABLE, 4)
    assert [str(setup) for setup in found] == [f"{name}, 2 threads" for name in names]


def test_a_gpu_is_tried_once() -> None:
    found = setups(InspectorSettings(engine="onnxruntime"), [*ABLE, ("onnxruntime", "cuda", "fp32")], 2)
    assert [str(setup) for setup in found][2:] == ["onnxruntime cuda fp32"]


ALL = setups(InspectorSettings(), ABLE, 4)


@given(st.lists(st.floats(0.1, 100), min_size=len(ALL), max_size=len(ALL)), st.floats(0, 1))
def test_the_best_is_about_as_fast_as_the_fastest(good_ms: list[float], bad_share: float) -> None:
    measured = {setup: Times(ms, 3 * ms) for setup, ms in zip(ALL, good_ms, strict=True)}
    chosen = measured[best(measured, bad_share)].weighted_ms(bad_share)
    assert chosen <= CLOSE * min(times.weighted_ms(bad_share) for times in measured.values())


def test_of_those_about_as_fast_fewer_threads_then_fp32_then_the_first_wins() -> None:
    alike = {setup: Times(10.0, 20.0) for setup in ALL}
    assert str(best(alike, 0.1)) == "onnxruntime cpu fp32, 1 thread"
    del alike[ALL[0]]
    assert str(best(alike, 0.1)) == "openvino cpu fp32, 1 thread"
    bf16_is_faster = alike | {Setup("openvino", "cpu", "bf16", 1): Times(5.0, 9.0)}
    assert best(bf16_is_faster, 0.1).precision == "bf16"


def test_bad_pictures_count_by_their_share() -> None:
    quick_on_good, quick_on_bad = Setup("a", "cpu", "fp32", 1), Setup("b", "cpu", "fp32", 1)
    measured = {quick_on_good: Times(1.0, 100.0), quick_on_bad: Times(2.0, 10.0)}
    assert (best(measured, 0.0), best(measured, 0.5)) == (quick_on_good, quick_on_bad)


@pytest.mark.parametrize(("accuracy", "refused"), [(0.99, False), (0.986, False), (0.984, True), (1.0, False)])
def test_what_gets_more_wrong_than_it_may_is_refused(accuracy: float, refused: bool) -> None:
    plainest = Passed(Setup(*ABLE[0], 1), None, {}, 0.99)  # type: ignore[arg-type]
    said = refused_by_accuracy(Passed(Setup(*ABLE[2], 1), None, {}, accuracy), [plainest], 0.005)  # type: ignore[arg-type]
    assert bool(said) is refused
    assert not refused or "gets 0.9840 of the labelled pictures right, onnxruntime cpu fp32, 1 thread 0.9900" in said


# --- the command ---


def line_file(folder: Path, inspector: str) -> Path:
    file = folder / "line.yaml"
    camera = "{belt: {source: 'synthetic:?size=256x192'}}"
    file.write_text(f"data_dir: {folder / 'data'}\ninspector: {{{inspector}}}\ncameras: {camera}\n")
    return file


def tune(file: Path, *words: str) -> int:
    return main(["tune", str(file), "--rounds", "1", *words])


def test_tune_keeps_the_choice_for_its_owner_alone_and_check_tells_of_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = line_file(tmp_path, f"bundle: {TINY_BUNDLE}, engine: onnxruntime, device: cpu")
    assert tune(file, "--data", str(write_golden_set(tmp_path / "labelled"))) == 0
    (choice,) = read_choices(tmp_path / "data")
    assert (choice.bundle, choice.host) == (read_id(TINY_BUNDLE), this_host())
    assert (choice.engine, choice.device, choice.precision) == ("onnxruntime", "cpu", "fp32")
    assert min(choice.good_ms, choice.bad_ms) > 0
    assert stat.S_IMODE((tmp_path / "data" / FILE).stat().st_mode) == 0o600
    said = f"{choice}: chosen for {choice.bundle} by measurement"
    assert said in capsys.readouterr().out
    assert check_says(file, capsys, said)


def check_says(file: Path, capsys: pytest.CaptureFixture[str], said: str) -> bool:
    import argparse

    parser = argparse.ArgumentParser()
    check.add_arguments(parser)
    assert check.run(parser.parse_args([str(file), "--set", "display.port=0"])) == 0
    out = capsys.readouterr().out
    return any(row.startswith("note: ") and said in row for row in out.splitlines()) and out.endswith("nothing wrong\n")


def test_every_engine_that_is_here_is_tried(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert tune(line_file(tmp_path, f"bundle: {TINY_BUNDLE}, device: cpu, threads: 1")) == 0
    out = capsys.readouterr().out
    for engine, device, precision in bench_tune_trial.able_here():
        assert device != "cpu" or f"{engine} cpu {precision}, 1 thread" in out


def test_a_setup_that_costs_too_much_accuracy_is_not_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bench_tune, "able_here", lambda: [ABLE[0], ABLE[0]])
    shares = iter([0.99, 0.5])
    monkeypatch.setattr(bench_tune_trial, "_accuracy", lambda *_: next(shares))
    assert tune(line_file(tmp_path, f"bundle: {TINY_BUNDLE}, threads: 1")) == 0
    assert "gets 0.5000 of the labelled pictures right" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("inspector", "says"),
    [
        ("engine: onnxruntime, precision: fp32, threads: 1", "are all said in the file; leave one of them at auto"),
        ("classifier: a.pth, segmenter: b.pth", "run in torch alone; make a bundle of them with `python -m tools.exp"),
        ("bundle: nowhere", "nowhere: does not exist"),
        ("thraeds: 1", "did you mean threads?"),
        ("bundle: promoted", "nothing has been promoted"),
    ],
)
def test_where_there_is_nothing_to_choose_it_says_why(
    tmp_path: Path, inspector: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tune(line_file(tmp_path, inspector)) == 2
    said = capsys.readouterr()
    assert says in said.err + said.out
    assert not (tmp_path / "data" / FILE).exists()


def test_what_fails_the_golden_samples_is_never_chosen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = tiny_variant(tmp_path, "broken", WRONG)
    assert tune(line_file(tmp_path, f"bundle: {broken}, threads: 1")) == 2
    said = capsys.readouterr()
    assert "onnxruntime cpu fp32, 1 thread: not usable: " in said.out and "is expected; got" in said.out
    assert "nothing passes the bundle's golden samples here" in said.err


# --- the line ---


@pytest.mark.parametrize("bundle", [read_id(TINY_BUNDLE), "other@123"], ids=["its own choice", "another bundle's"])
def test_a_line_judges_with_the_choice_for_its_bundle_and_says_which(tmp_path: Path, bundle: str) -> None:
    file = write_line(tmp_path, write_recording(tmp_path / "belt.mp4", numbered_frames(4)))
    choice = Choice(bundle, this_host(), "onnxruntime", "cpu", "fp32", 1, 1.0, 2.0, 0.1, "2026-11-23T10:00:00+00:00")
    keep_choice(tmp_path / "data", msgspec.structs.replace(choice))
    _, code, said = run_to_end(file)
    ours = bundle == read_id(TINY_BUNDLE)
    assert code == 0
    assert rows(tmp_path / "data", "SELECT engine FROM sessions") == [
        ("onnxruntime cpu, 1 thread" if ours else "onnxruntime cpu, 2 threads",)
    ]
    assert ("1 thread: chosen for tiny@" if ours else "engine: nothing was chosen for tiny@") in said
