"""The data folder: all that is refused, at once and by name; groups; and a split that keeps them whole."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from detector.verdict import State
from tools.dataset import (
    FROM_INDEX,
    FROM_PICTURES,
    NAMED,
    DataError,
    Sample,
    folder_sha256,
    read_folder,
    read_sample,
    split,
    split_samples,
)

SIZE = (40, 48)  # height, width
GOOD, BAD = State.GOOD, State.BAD


def picture(number: int) -> np.ndarray:
    """A picture like no other: smooth noise."""
    noise = np.random.default_rng(number).integers(0, 256, (*SIZE, 3)).astype(np.uint8)
    return cv2.GaussianBlur(noise, (0, 0), 2)


def mask(white: int = 255) -> np.ndarray:
    drawn = np.zeros(SIZE, np.uint8)
    drawn[10:14, 5:40] = white
    return drawn


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """good/0.png to 5.png, bad/0.png to 3.png with their masks."""
    for name in ("good", "bad", "masks"):
        (tmp_path / name).mkdir()
    for i in range(6):
        write(tmp_path / "good" / f"{i}.png", picture(i))
    for i in range(4):
        write(tmp_path / "bad" / f"{i}.png", picture(100 + i))
        write(tmp_path / "masks" / f"{i}.png", mask())
    return tmp_path


def write(path: Path, pixels: np.ndarray) -> None:
    assert cv2.imwrite(str(path), pixels)


def write_index(folder: Path, rows: list[str], columns: str = "file,group") -> None:
    (folder / "index.csv").write_text("\n".join([columns, *rows]) + "\n")


def files(folder: Path) -> list[str]:
    return [f"{name}/{path.name}" for name in ("good", "bad") for path in sorted((folder / name).iterdir())]


# What is refused.


def empty_file(folder: Path) -> None:
    (folder / "good" / "2.png").write_bytes(b"")


def truncated(folder: Path) -> None:
    path = folder / "bad" / "1.jpg"
    (folder / "bad" / "1.png").unlink()
    write(path, picture(7))
    path.write_bytes(path.read_bytes()[:400])


def text(folder: Path) -> None:
    (folder / "masks" / "3.png").write_text("not a picture")


def other_size(folder: Path) -> None:
    write(folder / "masks" / "1.png", mask()[:20])


def black(folder: Path) -> None:
    write(folder / "masks" / "2.png", mask(0))


def of_ones(folder: Path) -> None:
    write(folder / "masks" / "2.png", mask(1))


def no_mask(folder: Path) -> None:
    (folder / "masks" / "0.png").unlink()


def mask_alone(folder: Path) -> None:
    (folder / "bad" / "3.png").unlink()


def mask_of_good(folder: Path) -> None:
    write(folder / "masks" / "5.png", mask())


def no_good(folder: Path) -> None:
    for path in (folder / "good").iterdir():
        path.unlink()


def no_masks_folder(folder: Path) -> None:
    for path in (folder / "masks").iterdir():
        path.unlink()
    (folder / "masks").rmdir()


def twice(folder: Path) -> None:
    write(folder / "bad" / "0.jpg", picture(8))


def mask_twice(folder: Path) -> None:
    write(folder / "masks" / "0.bmp", mask())


def in_both(folder: Path) -> None:
    write(folder / "bad" / "2.bmp", picture(4))  # other bytes, the same pixels
    (folder / "bad" / "2.png").unlink()


def lists_too_much(folder: Path) -> None:
    write_index(folder, [*(f"{file},a" for file in files(folder)), "good/99.png,b"])


def lists_too_little(folder: Path) -> None:
    write_index(folder, [f"{file},a" for file in files(folder)[1:]])


def lists_without_groups_too_little(folder: Path) -> None:
    write_index(folder, [f"{file},GOOD" for file in files(folder)[1:]], "file,state")


def without_a_group(folder: Path) -> None:
    write_index(folder, [f"{file},{'a' if i else ''}" for i, file in enumerate(files(folder))])


def in_two_groups(folder: Path) -> None:
    write_index(folder, [*(f"{file},a" for file in files(folder)), "good/0.png,b"])


def no_file_column(folder: Path) -> None:
    write_index(folder, ["good/0.png;a"], "file;group")


def not_text(folder: Path) -> None:
    (folder / "index.csv").write_bytes(b"file,group\n\xff\xfe,a\n")


def torn_copy(folder: Path) -> None:
    write(folder / "good" / "5.png", picture(4))
    write_index(folder, [f"{file},{file}" for file in files(folder)])


REFUSED: list[tuple[str, Callable[[Path], None], str]] = [
    ("an empty picture", empty_file, r"good/2\.png: cannot be read as a picture: .*; replace it or remove it"),
    ("a picture cut short", truncated, r"bad/1\.jpg: cannot be read as a picture: .*Truncated"),
    ("a mask that is no picture", text, r"masks/3\.png: cannot be read as a mask"),
    ("a mask of another size", other_size, r"masks/1\.png: is 48x20, its picture 48x40"),
    ("an all black mask", black, r"masks/2\.png: is all black, so its picture has no defect; mark .* or move"),
    ("a mask of ones", of_ones, r"masks/2\.png: has no white pixel \(its brightest is 1\); a defect is marked 255"),
    ("a BAD picture without a mask", no_mask, r"bad/0\.png: has no mask; .*masks/0\.png is wanted"),
    ("a mask without a picture", mask_alone, r"masks/3\.png: has no picture in bad/; remove it or add the picture"),
    (
        "the mask of a GOOD picture",
        mask_of_good,
        r"masks/5\.png: has no picture in bad/; .* \(good/ has one of that name\)",
    ),
    ("an empty class", no_good, r"good: holds no picture .*both good/ and bad/ need some"),
    ("no folder of masks", no_masks_folder, r"masks: no such folder; a data folder has good/, bad/ and masks/"),
    ("a name twice", twice, r"bad/0\.jpg and .*bad/0\.png: one name twice"),
    ("a mask's name twice", mask_twice, r"masks/0\.bmp and .*masks/0\.png: one name twice"),
    ("a picture in both classes", in_both, r"good/4\.png and .*bad/2\.bmp: the very same picture in both classes"),
    ("a row without a file", lists_too_much, r"index\.csv: lists 'good/99\.png', which is not in the folder"),
    ("a file without a row", lists_too_little, r"index\.csv: good/0\.png is in the folder and not listed"),
    ("the same without groups", lists_without_groups_too_little, r"index\.csv: good/0\.png is in the folder and not"),
    ("a row without a group", without_a_group, r"index\.csv: good/0\.png has no group"),
    ("a file in two groups", in_two_groups, r"index\.csv: good/0\.png is listed in group a and in b"),
    ("a table with semicolons", no_file_column, r"index\.csv: columns \['file;group'\]; file is wanted"),
    ("a table that is not text", not_text, r"index\.csv: cannot be read as a table"),
    ("one picture in two groups", torn_copy, r"the very same picture in two groups, good/4\.png and good/5\.png"),
]


@pytest.mark.parametrize(("damage", "says"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_what_is_wrong_is_refused_with_the_files_name(folder: Path, damage: Callable[[Path], None], says: str) -> None:
    damage(folder)
    with pytest.raises(DataError, match=says):
        read_folder(folder)


def test_all_that_is_wrong_is_said_at_once(folder: Path) -> None:
    for damage in (empty_file, other_size, black, mask_of_good, no_mask):
        damage(folder)
    with pytest.raises(DataError) as refused:
        read_folder(folder)
    said = str(refused.value)
    assert "5 things are wrong" in said
    assert all(name in said for name in ("good/2.png", "masks/1.png", "masks/2.png", "masks/5.png", "bad/0.png"))


def test_beyond_a_bound_faults_are_counted_not_listed(folder: Path) -> None:
    for i in range(60):
        (folder / "good" / f"x{i:02d}.png").write_bytes(b"")
    with pytest.raises(DataError) as refused:
        read_folder(folder)
    lines = str(refused.value).splitlines()
    assert len(lines) == 1 + NAMED + 1 and lines[-1].strip() == f"and {60 - NAMED} more"


def test_a_folder_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="good: no such folder"):
        read_folder(tmp_path / "nowhere")


# What is read.


def test_a_sound_folder_is_read_with_the_masks_of_its_bad_pictures(folder: Path) -> None:
    samples = read_folder(folder)
    assert [sample.state for sample in samples] == [GOOD] * 6 + [BAD] * 4
    pixels, drawn = read_sample(samples[-1])
    assert np.array_equal(pixels, picture(103)) and drawn is not None and np.array_equal(drawn, mask(1))
    assert read_sample(samples[0])[1] is None


def test_a_mask_may_have_another_suffix_than_its_picture(folder: Path) -> None:
    (folder / "bad" / "2.png").unlink()
    write(folder / "bad" / "2.JPG", picture(102))
    (sample,) = (sample for sample in read_folder(folder) if sample.path.name == "2.JPG")
    assert sample.mask_path == folder / "masks" / "2.png"


def test_other_files_are_left_alone(folder: Path) -> None:
    (folder / "good" / "Thumbs.db").write_bytes(b"x")
    (folder / "notes.txt").write_text("x")
    assert len(read_folder(folder)) == 10


@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "with a spreadsheet's mark"])
def test_groups_come_from_index_csv(folder: Path, mark: str) -> None:
    named = {file: f"part{i // 3}" for i, file in enumerate(files(folder))}
    rows = [f"{file},{group}" for file, group in named.items()]
    (folder / "index.csv").write_text(mark + "\n".join(["file,group", *rows]), encoding="utf-8")
    samples = read_folder(folder)
    assert [sample.group for sample in samples] == list(named.values())
    assert {sample.grouped_by for sample in samples} == {FROM_INDEX}


def test_a_windows_path_in_index_csv_is_understood(folder: Path) -> None:
    write_index(folder, [f"{file},a" for file in files(folder)])
    (folder / "index.csv").write_text((folder / "index.csv").read_text().replace("/", "\\"))
    assert {sample.group for sample in read_folder(folder)} == {"a"}


def test_without_groups_near_duplicates_share_one_also_across_the_classes(folder: Path) -> None:
    darker = (picture(2) * 0.8).astype(np.uint8)
    write(folder / "good" / "again.png", darker)
    write(folder / "bad" / "3.png", np.ascontiguousarray(np.rot90(picture(2), 2)))
    write_index(folder, [f"{file},x" for file in files(folder)], "file,kind")
    groups = {sample.path.relative_to(folder).as_posix(): sample.group for sample in read_folder(folder)}
    assert groups["good/2.png"] == groups["good/again.png"] == groups["bad/3.png"]
    assert len(set(groups.values())) == len(groups) - 2
    assert {sample.grouped_by for sample in read_folder(folder)} == {FROM_PICTURES}


def test_blank_copies_share_a_group_though_they_show_nothing(folder: Path) -> None:
    for name in ("a", "b"):
        write(folder / "good" / f"{name}.png", np.full((*SIZE, 3), 90, np.uint8))
    write(folder / "good" / "c.png", np.full((*SIZE, 3), 91, np.uint8))
    groups = {sample.path.stem: sample.group for sample in read_folder(folder) if sample.path.stem in "abc"}
    assert groups["a"] == groups["b"] != groups["c"]


def test_the_digest_changes_with_a_mask(folder: Path) -> None:
    before = folder_sha256(read_folder(folder))
    assert folder_sha256(read_folder(folder)) == before
    changed = mask()
    changed[0, 0] = 255
    write(folder / "masks" / "0.png", changed)
    assert folder_sha256(read_folder(folder)) != before


# How it is split.


def samples_of(groups: list[tuple[int, int]]) -> list[Sample]:
    """So many GOOD and BAD samples of each group."""
    return [
        Sample(Path(f"{state.value}{group}_{i}.png"), None, state, f"part{group}")
        for group, counts in enumerate(groups)
        for state, count in zip((GOOD, BAD), counts, strict=True)
        for i in range(count)
    ]


SHAPES = [
    ("single pictures", [(1, 0)] * 400 + [(0, 1)] * 100),
    ("parts seen often", [(5, 0)] * 60 + [(0, 4)] * 30),
    ("both states in a group", [(4, 2)] * 50),
    ("one part seen very often", [(200, 0), *[(2, 0)] * 100, *[(0, 3)] * 40]),
    ("sizes of all kinds", [(i % 7, (i * 5) % 4) for i in range(1, 200)]),
]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("groups", [shape[1] for shape in SHAPES], ids=[shape[0] for shape in SHAPES])
def test_each_state_comes_near_its_share_in_whole_groups(groups: list[tuple[int, int]], seed: int) -> None:
    samples = samples_of(groups)
    both = split_samples(samples, 0.12, seed)
    assert not {s.group for s in both.training} & {s.group for s in both.validation}
    assert sorted(both.training + both.validation, key=str) == sorted(samples, key=str)
    for state in (GOOD, BAD):
        share = sum(s.state is state for s in both.validation) / sum(s.state is state for s in samples)
        assert 0.08 < share < 0.16
    assert not both.report.warnings


TIGHT = [
    ("two groups with both", [(5, 5), (5, 5)]),
    ("two BAD groups", [(1, 0)] * 50 + [(0, 1), (0, 30)]),
    ("one group may not go", [(9, 1), (1, 0), (0, 9)]),
    ("three that overlap", [(1, 0), (1, 1), (0, 1)]),
    ("a large and a small", [(100, 20), (1, 1)]),
    ("one of each and both", [(10, 10), (1, 0), (0, 1)]),
]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("groups", [shape[1] for shape in TIGHT], ids=[shape[0] for shape in TIGHT])
def test_both_states_stand_on_both_sides_wherever_that_can_be(groups: list[tuple[int, int]], seed: int) -> None:
    both = split_samples(samples_of(groups), 0.12, seed)
    assert {s.state for s in both.training} == {s.state for s in both.validation} == {GOOD, BAD}


def test_a_state_of_one_group_stays_in_training_with_a_warning() -> None:
    both = split_samples(samples_of([(3, 0)] * 20 + [(0, 12)]), 0.2, seed=1)
    assert sum(s.state is BAD for s in both.training) == 12
    assert any("validation has no BAD picture" in warning for warning in both.report.warnings)
    assert any("holds 12 of the 12 BAD" in warning for warning in both.report.warnings)


def test_a_split_depends_on_the_seed_and_not_on_the_order() -> None:
    samples = samples_of(SHAPES[4][1])
    first = split_samples(samples, 0.25, seed=1)
    again = split_samples(samples[::-1], 0.25, seed=1)
    assert set(first.validation) == set(again.validation) and first.report == again.report
    assert set(split_samples(samples, 0.25, seed=2).validation) != set(first.validation)
    assert split(samples, 0.25, 1) == (first.training, first.validation)


def test_the_report_says_how_the_split_came_about() -> None:
    report = split_samples(
        [dataclasses.replace(s, grouped_by=FROM_INDEX) for s in samples_of([(4, 2)] * 50)], 0.1, 0
    ).report
    assert str(report) == (
        "Split by the groups of index.csv: 50 groups, the largest of 6 pictures; none stands on both sides."
        " Training has 180 GOOD and 90 BAD, validation 20 GOOD and 10 BAD pictures."
    )
    assert json.loads(json.dumps(dataclasses.asdict(report)))["validation"] == {"good": 20, "bad": 10}


def test_a_group_that_swallows_a_class_is_warned_of() -> None:
    report = split_samples(samples_of([(60, 0), *[(1, 0)] * 50, *[(0, 1)] * 30]), 0.1, seed=0).report
    (warning,) = report.warnings
    assert "part0 alone holds 60 of the 110 GOOD pictures" in warning and warning in str(report)


def test_lookalikes_that_the_groups_tear_apart_are_counted() -> None:
    samples = [dataclasses.replace(s, alike=s.path.stem) for s in samples_of([(1, 0)] * 80 + [(0, 1)] * 40)]
    assert split_samples(samples, 0.25, seed=3).report.lookalikes == 0
    of_one_part = [dataclasses.replace(s, alike="one part") if s.state is BAD else s for s in samples]
    report = split_samples(of_one_part, 0.25, seed=3).report
    assert report.lookalikes == 10 and "10 validation pictures look like one in training" in str(report)


def test_index_groups_that_tear_a_part_are_noticed_in_the_folder(folder: Path) -> None:
    for i in range(4):
        write(folder / "bad" / f"{i}.png", (picture(i) * 0.9).astype(np.uint8))
    write_index(folder, [f"{file},{file}" for file in files(folder)])
    both = split_samples(read_folder(folder), 0.3, seed=0)
    taught = {s.path.stem for s in both.training}
    assert both.report.lookalikes == sum(s.path.stem in taught for s in both.validation) > 0


def test_nothing_cannot_be_split() -> None:
    with pytest.raises(DataError, match="nothing to split"):
        split_samples([], 0.1, 0)
