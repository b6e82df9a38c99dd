"""Training and export, on a few tiny pictures: the whole path from a data folder to a bundle that opens."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from detector.preprocess import network_picture
from detector.stages import REFERENCE_CLASSIFIER, REFERENCE_SEGMENTER
from detector.verdict import State
from tests.needs import torch_or_skip
from tools.dataset import load, read_folder
from tools.judging import MASK_THRESHOLDS, Judged, Parts, fit_thresholds
from tools.measures import (
    average_precision,
    counts,
    expected_calibration_error,
    fewest_mistakes,
    fitted_temperature,
    scores,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pictures_in(tmp_path_factory.mktemp("codes"), 16)


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As many as one step of a large network needs."""
    return pictures_in(tmp_path_factory.mktemp("few"), 6)


def pictures_in(out: Path, count: int) -> Path:
    """Pictures that a child could tell apart: a white stroke over grey makes BAD, every second one."""
    rng = np.random.default_rng(0)
    for name in ("good", "bad", "masks"):
        (out / name).mkdir()
    for i in range(count):
        picture = rng.integers(60, 110, (120, 150, 3)).astype(np.uint8)
        mask = np.zeros((120, 150), np.uint8)
        if i % 2:
            cv2.line(mask, (10, 10 + 5 * i), (140, 60), 255, 7)
            picture[mask > 0] = 250
            cv2.imwrite(str(out / "masks" / f"{i:02d}.png"), mask)
        cv2.imwrite(str(out / ("bad" if i % 2 else "good") / f"{i:02d}.png"), picture)
    return out


# Reading.


def test_a_folder_is_read_in_the_reference_layout(folder: Path) -> None:
    samples = read_folder(folder)
    assert [s.state for s in samples] == [State.GOOD] * 8 + [State.BAD] * 8
    assert all((s.mask_path is not None) == (s.state is State.BAD) for s in samples)


def test_pictures_and_masks_are_resized_as_the_line_resizes(folder: Path) -> None:
    samples = read_folder(folder)[-2:]
    for spec in (REFERENCE_CLASSIFIER.input, REFERENCE_SEGMENTER.input):
        arrays = load(samples, spec, masks=True, show_progress=False)
        first = cv2.imread(str(samples[0].path))
        assert np.array_equal(arrays.pictures[0], network_picture(first, spec)[:, :, ::-1])
        covered = arrays.pictures[0].min(axis=2) > 200
        assert (covered == (arrays.masks[0] > 127)).mean() > 0.97


# Arithmetic.


def test_the_threshold_lies_in_the_middle_of_a_clean_gap() -> None:
    margins, truth = np.array([-4.0, -3.0, -1.0, 3.0, 5.0]), np.array([0, 0, 0, 1, 1])
    assert fewest_mistakes(margins, truth, 1.0) == pytest.approx(float(scores(np.array(1.0), 1.0)), abs=1e-4)


def test_the_temperature_undoes_overconfidence() -> None:
    rng = np.random.default_rng(3)
    true_margin = rng.normal(0, 2, 4000)
    truth = rng.random(4000) < scores(true_margin, 1.0)
    fitted = fitted_temperature(true_margin * 3, truth)
    assert fitted == pytest.approx(3.0, rel=0.15)
    loud = expected_calibration_error(scores(true_margin * 3, 1.0), truth)
    assert expected_calibration_error(scores(true_margin * 3, fitted), truth) < loud / 3


def test_rates_of_a_known_case() -> None:
    found = counts(np.array([1, 1, 0, 0, 1]), np.array([1, 0, 1, 0, 1]))
    assert (found.hits, found.misses, found.false_alarms, found.rest) == (2, 1, 1, 1)
    assert found.accuracy == 0.6
    assert average_precision(np.array([0.9, 0.8, 0.1]), np.array([1, 0, 1])) == pytest.approx((1 + 2 / 3) / 2)


def test_the_gate_is_fitted_on_parts_where_there_are_films() -> None:
    """Single pictures would set it near 0; a clean part's surest frame reaches 2, a scratched part's 4 and more."""
    pixels = np.zeros((len(MASK_THRESHOLDS), 3), np.int64)
    pictures = Judged([], np.array([-2.0, -1.0, 1.0, 2.0, -0.5, 0.5]), np.array([0, 0, 1, 1, 1, 0], bool), pixels)
    film = Parts(np.array([1.0, 2.0, 4.0, 6.0]), np.array([False, False, True, True]))
    without, with_films = fit_thresholds(pictures, []), fit_thresholds(pictures, [film])
    assert without.threshold < with_films.threshold
    assert with_films.temperature == without.temperature
    assert with_films.threshold == pytest.approx(float(scores(np.array(3.0), without.temperature)), abs=1e-3)


# With torch.


@pytest.fixture(scope="module")
def torch():
    return torch_or_skip("training")


def test_mask_and_picture_are_moved_alike(torch) -> None:
    from tools.augment import augmented

    mask = torch.zeros(16, 1, 64, 64)
    mask[:, :, 10:30, 5:20] = 1
    pictures = mask.expand(-1, 3, -1, -1) * 255
    moved, masks = augmented(pictures, mask, torch.Generator().manual_seed(1))
    assert not torch.equal(masks, mask)
    brightest = moved.mean(dim=1, keepdim=True) > 128
    assert (brightest == (masks > 0.5)).float().mean() > 0.985
    assert masks.sum(dim=(1, 2, 3)).min() > 0.6 * 300


@pytest.mark.filterwarnings("ignore")
@pytest.mark.timeout(1800)
def test_a_killed_training_goes_on_and_ends_the_same(torch, folder: Path, tmp_path: Path) -> None:
    from tools.train import train

    def weights(name: str) -> dict:
        return torch.load(tmp_path / name / "classifier.last.pt", weights_only=True)["module"]

    common = {"preset": "edge", "seed": 1, "stages": ("classifier",), "threads": 1, "show_progress": False}
    train(folder, tmp_path / "straight", steps=2, epochs=3, **common)
    train(folder, tmp_path / "broken", steps=1, epochs=3, **common)
    train(folder, tmp_path / "broken", steps=2, epochs=3, **common)
    straight, broken = weights("straight"), weights("broken")
    assert all(torch.equal(straight[key], broken[key]) for key in straight)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    ("preset", "stage"), [("reference", "classifier"), ("reference", "segmenter"), ("vit", "classifier")]
)
def test_the_reference_networks_train_into_the_reference_format(
    torch, few: Path, tmp_path: Path, preset: str, stage: str
) -> None:
    from detector.engines.architectures import recognised
    from tools.train import train

    train(few, tmp_path, preset=preset, seed=1, stages=(stage,), threads=1, steps=1, epochs=1, show_progress=False)
    held = torch.load(tmp_path / f"{stage}.pth", map_location="cpu", weights_only=True)
    found = recognised(held)
    assert found is not None and found.kind == stage
