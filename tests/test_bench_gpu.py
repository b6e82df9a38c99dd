"""The suite `gpu` runs on a processor, its rows are well formed. Nothing about speed; what needs CUDA is not here."""

from __future__ import annotations

import argparse
from typing import Any

import pytest

from tests.needs import torch_or_skip
from tools import bench_gpu
from tools.bench_gpu import BASE, GRAPH, LOW


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    torch_or_skip("the suite gpu")
    monkeypatch.setattr(bench_gpu, "LEAST_S", 0.0)


def measured(*words: str) -> Any:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=1)
    bench_gpu.add_arguments(parser)
    return bench_gpu.measure(parser.parse_args(list(words)))


def test_each_way_is_measured_in_each_batch_and_says_how_far_its_answers_are() -> None:
    found = measured("--networks", "shipped classifier", "--batches", "1", "3", "--device", "cpu")
    assert {row.setting for row in found.rows} == {f"shipped classifier, batch of {n}, cpu" for n in (1, 3)}
    assert {row.name for row in found.rows} == {BASE, LOW}
    by = {(row.setting[-6], row.name, row.quantity): row for row in found.rows}
    rates = [row for (_, _, quantity), row in by.items() if quantity == "pictures/s"]
    assert len(rates) == 4 and all(row.median > 0 for row in rates)
    far = {
        name: row.median
        for (_, name, quantity), row in by.items()
        if quantity == "largest difference, of the largest answer"
    }
    assert far[BASE] == 0 < far[LOW] < 0.2, "bfloat16 answers otherwise, but not much"
    assert all(row.median == 0 for row in found.rows if row.quantity == "rows that depend on others")


def test_a_gpu_that_is_not_there_is_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch_or_skip("the suite gpu").cuda, "is_available", lambda: False)
    found = measured("--device", "cuda")
    assert not found.rows and "`--device cpu` runs the same code" in found.notes[0]
    assert GRAPH not in {row.name for row in measured("--networks", "shipped classifier", "--batches", "1").rows}


@pytest.mark.parametrize("batch", ["0", "65", "many"])
def test_a_batch_that_cannot_be_is_refused(batch: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        measured("--batches", batch)
    assert f"1 to 64 is wanted; got '{batch}'" in capsys.readouterr().err
