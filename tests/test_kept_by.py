"""A training that goes on from a run's weights validates on what that run never learnt from."""

from __future__ import annotations

from pathlib import Path

import pytest

from detector.verdict import State
from tools.dataset import DataError, Sample, split_samples
from tools.run_folder import split_as, write_validation


def samples(data: Path, name: str, groups: int) -> list[Sample]:
    """Two GOOD and two BAD pictures a group; no file is read."""
    return [
        Sample(
            data / state.value.lower() / f"{name}{group}{number}.png",
            data / "masks" / f"{name}{group}{number}.png" if state is State.BAD else None,
            state,
            f"{name}{group}",
        )
        for group in range(groups)
        for state in (State.GOOD, State.BAD)
        for number in range(2)
    ]


def test_what_a_run_kept_from_training_is_kept_from_it_again_and_what_is_new_is_learnt(tmp_path: Path) -> None:
    data, run = tmp_path / "data", tmp_path / "run"
    run.mkdir()
    before = samples(data, "old", 9)
    first = split_samples(before, 0.3, seed=1)
    write_validation(run, data, first.validation)
    more = samples(data, "new", 5)
    again = split_as(run, data, [*more, *before])
    assert set(again.validation) == set(first.validation)
    assert set(again.training) == {*first.training, *more}
    assert again.report.training.good == 2 * again.report.groups - again.report.validation.good


def test_a_new_picture_of_a_part_that_was_kept_from_training_is_kept_from_it_too(tmp_path: Path) -> None:
    data, run = tmp_path / "data", tmp_path / "run"
    run.mkdir()
    before = samples(data, "old", 4)
    write_validation(run, data, before[:4])
    newcomer = Sample(data / "good" / "late.png", None, State.GOOD, before[0].group)
    again = split_as(run, data, [*before, newcomer])
    assert newcomer in again.validation and newcomer not in again.training


def test_a_run_of_other_pictures_is_refused_by_name(tmp_path: Path) -> None:
    data, run = tmp_path / "data", tmp_path / "run"
    run.mkdir()
    write_validation(run, data, samples(data, "gone", 1))
    with pytest.raises(DataError, match=r"gone0.*missing"):
        split_as(run, data, samples(data, "here", 2))
