"""Fitting: what a classifier is shown, what training starts from, when it ends. With a network of one layer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from detector.stages import InputSpec
from tests.needs import torch_or_skip
from tools.dataset import Arrays, DataError

SPEC = InputSpec(32, 32, "stretch", "bilinear", 1.0, (127.0, 127.0, 127.0), (128.0, 128.0, 128.0))


@pytest.fixture(scope="module")
def torch() -> Any:
    return torch_or_skip("training")


@pytest.fixture(scope="module")
def plan(torch: Any) -> Any:
    from tools.networks import Plan

    return Plan("tiny", _tiny(torch), lambda module: "none", SPEC, 4, 3, 1e-2)


def _tiny(torch: Any) -> Any:
    def build() -> Any:
        network = torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(3, 4))
        network.add_module("classifier", torch.nn.Linear(4, 2))
        return network

    return build


@pytest.fixture
def arrays() -> Arrays:
    bad = np.array([0, 1] * 8, np.uint8)
    pictures = np.full((16, 32, 32, 3), 90, np.uint8)
    pictures[bad == 1] = 160
    return Arrays(pictures, np.zeros((16, 32, 32), np.uint8), bad)


def task(**changes: Any) -> Any:
    from tools.tasks import classifier_task

    return replace(classifier_task(), **changes)


def settings(**changes: Any) -> Any:
    from tools.fit import Fit

    return Fit(**{"seed": 1, "epochs": 3, "learning_rate": 1e-2, "show_progress": False, **changes})


def test_training_ends_early_when_nothing_gets_better(torch: Any, plan: Any, arrays: Arrays, tmp_path: Path) -> None:
    from tools.fit import fit

    worse = iter(range(100))
    never_better = task(measure=lambda logits, validation: {"worse": float(next(worse))})
    fitted = fit(never_better, plan, arrays, arrays, tmp_path, settings(epochs=50, patience=3))
    assert fitted.epochs == 4  # the first is the best; three more bring nothing
    assert fitted.best == {"worse": 0.0}


def test_the_best_network_is_kept_not_the_last(torch: Any, plan: Any, arrays: Arrays, tmp_path: Path) -> None:
    from tools.fit import fit, logits_of

    said = iter([0.5, 0.1, 0.3])
    kept: list[dict] = []

    def measure(logits: np.ndarray, validation: Arrays) -> dict[str, float]:
        kept.append({"worse": next(said), "first": float(logits[0, 0])})
        return kept[-1]

    fitted = fit(task(measure=measure), plan, arrays, arrays, tmp_path, settings())
    assert fitted.best == kept[1]
    network = plan.build()
    network.load_state_dict(torch.load(tmp_path / "classifier.pth", weights_only=True))
    assert float(logits_of(network, SPEC, arrays.pictures, 4)[0, 0]) == pytest.approx(kept[1]["first"], abs=1e-5)


def test_training_lowers_the_loss(torch: Any, plan: Any, arrays: Arrays, tmp_path: Path) -> None:
    from tools.fit import fit

    fitted = fit(task(), plan, arrays, arrays, tmp_path, settings(epochs=40, patience=40, learning_rate=5e-2))
    assert fitted.best["accuracy"] == 1.0
    rows = (tmp_path / "classifier.csv").read_text().splitlines()
    assert rows[0].split(",")[:2] == ["epoch", "loss"] and len(rows) == 1 + fitted.epochs


def _no_checkpoint(torch: Any, plan: Any, path: Path) -> None:
    path.write_bytes(b"no checkpoint")


def _another_network(torch: Any, plan: Any, path: Path) -> None:
    torch.save({"conv.weight": torch.zeros(3)}, path)


@pytest.mark.parametrize(
    ("write", "says"),
    [(_no_checkpoint, "is no state dict"), (_another_network, r"lacks 2 weights of tiny, as 2\.bias")],
    ids=["no checkpoint", "another network"],
)
def test_weights_that_do_not_fit_are_refused(torch, plan, arrays, tmp_path, write, says) -> None:
    from tools.fit import fit

    path = tmp_path / "start.pth"
    write(torch, plan, path)
    with pytest.raises(DataError, match=says):
        fit(task(), plan, arrays, arrays, tmp_path, settings(pretrained=(path,)))


def test_training_starts_from_the_average_of_several(torch: Any, plan: Any, tmp_path: Path) -> None:
    from tools.starting import start_from

    paths = tuple(tmp_path / name for name in ("one.pth", "two.pth", "three.pth"))
    states = [plan.build().state_dict() for _ in paths]
    for path, state in zip(paths, states, strict=True):
        torch.save(state, path)
    network = plan.build()
    said = start_from(network, plan, "classifier", paths, list)
    folder = tmp_path.name
    assert said == f"the average of {folder}/one.pth, {folder}/two.pth and {folder}/three.pth"
    for name, value in network.state_dict().items():
        torch.testing.assert_close(value, sum(state[name] for state in states) / 3)
    assert start_from(network, plan, "classifier", paths[1:2], list) == f"{folder}/two.pth"
    torch.testing.assert_close(network.state_dict(), states[1])


# The guide.


def test_a_guided_network_answers_as_it_does_alone(torch: Any) -> None:
    from tools.networks import PRESETS

    edge = PRESETS["edge"].classifier
    assert edge.guide is not None
    network = edge.build()
    guided = edge.guide(network).eval()
    pictures = torch.rand(1, 3, 224, 224)
    with torch.inference_mode():
        logits, maps = guided(pictures)
        assert torch.equal(logits, network.eval()(pictures))
    assert [tuple(m.shape) for m in maps] == [(1, 1, 28, 28), (1, 1, 14, 14), (1, 1, 7, 7)]


def test_the_guide_wants_the_map_to_be_the_mask_and_no_thin_line_lost(torch: Any) -> None:
    from tools.guide import guide_loss

    masks = torch.zeros(2, 1, 64, 64)
    masks[0, 0, 20, :] = 1.0  # a line one pixel wide
    cells = torch.nn.functional.adaptive_max_pool2d(masks, 8)
    assert cells[0].sum() == 8
    right, wrong = (cells * 2 - 1) * 6, (1 - cells * 2) * 6
    silent = torch.full_like(right, -6.0)
    losses = [float(guide_loss([maps], masks)) for maps in (right, silent, wrong)]
    assert losses == sorted(losses)
    assert losses[0] < 0.1 < losses[1]
