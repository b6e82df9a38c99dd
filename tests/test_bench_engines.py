"""The suite `engines` runs and its rows are well formed. Nothing about speed, and none of the large networks."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pytest

from detector.engines.openvino_engine import is_here
from tools import bench_engines
from tools.bench_engines import BASE, TORCH
from tools.bench_engines_networks import NETWORKS, WAYS


def measured(*words: str) -> Any:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=1)
    bench_engines.add_arguments(parser)
    return bench_engines.measure(parser.parse_args([*words, "--threads", "1", "--frames", "0"]))


def test_the_suite_measures_the_shipped_classifier_on_the_engines_that_are_here() -> None:
    found = measured("--networks", "shipped classifier", "--ways", "onnxruntime fp32", "OpenVINO fp32")
    names = {"onnxruntime fp32"} | ({"OpenVINO fp32"} if is_here() else set())
    assert {(row.setting, row.name) for row in found.rows} == {("shipped classifier, 1 thread", n) for n in names}
    assert {row.quantity for row in found.rows} == {"ms a picture", "CPU ms a picture", "times the fastest"}
    far = [row.median for row in found.rows if row.quantity == "times the fastest"]
    assert min(far) == 1.0 and all(row.low <= row.median <= row.high for row in found.rows)


def test_what_is_not_installed_is_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_engines, "is_here", lambda: False)
    monkeypatch.setattr(bench_engines, "find_spec", lambda name: None if name in TORCH else object())
    ways, notes = bench_engines._present(list(WAYS.values()))
    assert [way.name for way in ways] == ["onnxruntime fp32"] and BASE not in {way.name for way in ways}
    assert any("make setup-torch" in note for note in notes) and any("make setup-openvino" in note for note in notes)
    found = measured("--networks", "ConvNeXt-Tiny 224", "--ways", "onnxruntime fp32")
    assert not found.rows and "ConvNeXt-Tiny 224: needs torch; `make setup-torch`" in found.notes


def test_every_network_says_what_it_gives(tmp_path: Path) -> None:
    assert NETWORKS["shipped classifier"].onnx(tmp_path).is_file()
    assert NETWORKS["shipped segmenter"].output() == (1, 1, 256, 256)
    assert NETWORKS["U-Net EfficientNet-B5 384"].output() == (1, 1, 384, 384)
