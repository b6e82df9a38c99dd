"""Holding part of a data folder out: whole groups, every column, and nothing half done."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest

from tools.dataset import DataError, read_folder
from tools.hold_out import hold_out, run

GROUPS = 8


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Eight groups, each of a GOOD and a BAD picture, with an index that has a column of its own."""
    rows = ["file,group,kind"]
    for number in range(2 * GROUPS):
        state = "bad" if number % 2 else "good"
        for name in (state, "masks") if state == "bad" else (state,):
            path = tmp_path / "data" / name / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            noise = np.random.default_rng(number).integers(0, 256, (40, 48, 3)).astype(np.uint8)
            assert cv2.imwrite(str(path), noise if name == state else (noise[:, :, 0] > 200).astype(np.uint8) * 255)
        rows.append(f"{state}/{number}.png,part{number // 2},{'scuff' if number % 2 else ''}")
    (tmp_path / "data" / "index.csv").write_text("\n".join(rows) + "\n")
    return tmp_path / "data"


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "index.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_no_group_stands_on_both_sides_and_no_picture_is_lost(folder: Path, tmp_path: Path) -> None:
    report = hold_out(folder, tmp_path / "out", 0.25, seed=3)
    train, held = (read_folder(tmp_path / "out" / side, show_progress=False) for side in ("train", "held"))
    assert not {sample.group for sample in train} & {sample.group for sample in held}
    assert len(train) + len(held) == 2 * GROUPS
    assert (report.validation.good, report.validation.bad) == (2, 2)


def test_every_column_of_the_index_goes_along(folder: Path, tmp_path: Path) -> None:
    hold_out(folder, tmp_path / "out")
    found = {row["file"]: row["kind"] for side in ("train", "held") for row in rows_of(tmp_path / "out" / side)}
    assert found == {row["file"]: row["kind"] for row in rows_of(folder)}


def test_without_an_index_the_groups_of_likeness_are_written(folder: Path, tmp_path: Path) -> None:
    (folder / "index.csv").unlink()
    hold_out(folder, tmp_path / "out")
    assert all(row["group"] for side in ("train", "held") for row in rows_of(tmp_path / "out" / side))


def test_the_same_seed_holds_out_the_same(folder: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        hold_out(folder, tmp_path / name, 0.5, seed=1)
    assert rows_of(tmp_path / "one" / "held") == rows_of(tmp_path / "two" / "held")


@pytest.mark.parametrize("share", [0.0, 1.0, -1.0])
def test_a_share_that_is_none_is_refused(folder: Path, tmp_path: Path, share: float) -> None:
    with pytest.raises(DataError, match="between 0 and 1"):
        hold_out(folder, tmp_path / "out", share)
    assert not (tmp_path / "out").exists()


def test_one_group_cannot_be_parted(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    index = folder / "index.csv"
    index.write_text("file,group\n" + "".join(f"{row['file']},all\n" for row in rows_of(folder)))
    assert run([str(folder), "--out", str(tmp_path / "out")]) == 2
    assert "more groups are needed" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_there_is_not_touched(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is there already"):
        hold_out(folder, folder)
