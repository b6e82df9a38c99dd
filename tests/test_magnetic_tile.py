"""The public set of magnetic tiles as a data folder: from a tiny tar, and from the real one where it is there."""

from __future__ import annotations

import csv
import io
import tarfile
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from detector.verdict import State
from tools.dataset import FROM_INDEX, DataError, read_folder, read_sample, split_samples
from tools.magnetic_tile import MAX_FILE_BYTES, convert, run, series

REAL = Path(__file__).resolve().parents[2] / "shared" / "data" / "magnetic_tile.tar"
SIZE = (60, 50)

# (tile, stem): the third and fourth tile were photographed in turns; the first again much later
PICTURES = [
    (1, "good/free_exp1_num_100"),
    (1, "good/free_exp2_num_120"),
    (2, "bad/crack_exp1_num_5000"),
    (2, "bad/crack_exp2_num_5160"),
    (3, "good/free_exp1_num_9000"),
    (4, "bad/fray_exp1_num_9010"),
    (3, "good/free_exp2_num_9020"),
    (4, "bad/fray_exp2_num_9030"),
    (1, "good/free_exp1_num_20000"),
    (5, "bad/uneven_exp6_num_30000"),
]
MARKS_NOTHING = "uneven_exp6_num_30000"


def coded(pixels: np.ndarray, suffix: str) -> bytes:
    return cv2.imencode(suffix, pixels)[1].tobytes()


def tile(number: int) -> np.ndarray:
    """A grey tile like no other."""
    noise = np.random.default_rng(number).integers(0, 256, SIZE).astype(np.uint8)
    return cv2.GaussianBlur(noise, (0, 0), 3)


def mask(white: int) -> np.ndarray:
    """Soft as the set's: a haze of 5 about the defect."""
    drawn = np.zeros(SIZE, np.uint8)
    drawn[10:30, 10:30] = 5
    drawn[15:25, 15:25] = white
    return drawn


def tiny_set() -> dict[str, bytes]:
    content = {"set/SOURCE.txt": b"where it is from", "set/index.csv": b"file,group\n"}
    for number, name in PICTURES:
        content[f"set/{name}.jpg"] = coded(tile(number), ".jpg")
        stem = name.split("/")[1]
        if name.startswith("bad"):
            content[f"set/masks/{stem}.png"] = coded(mask(7 if stem == MARKS_NOTHING else 250), ".png")
    return content


def member(name: str, content: bytes = b"") -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    return entry


def write_tar(path: Path, content: dict[str, bytes], more: tuple[tarfile.TarInfo, ...] = (), mode: str = "w") -> Path:
    with tarfile.open(path, mode) as archive:
        for name, raw in content.items():
            archive.addfile(member(name, raw), io.BytesIO(raw))
        for entry in more:
            archive.addfile(entry)
    return path


def groups_of(out: Path) -> dict[str, str]:
    with (out / "index.csv").open(newline="") as table:
        return {row["file"].split("/")[1].removesuffix(".jpg"): row["group"] for row in csv.DictReader(table)}


@pytest.mark.parametrize("mode", ["w", "w:gz"], ids=["plain", "compressed"])
def test_the_set_becomes_a_data_folder(tmp_path: Path, mode: str, capsys) -> None:
    tar, out = write_tar(tmp_path / "tiles.tar", tiny_set(), mode=mode), tmp_path / "tiles"
    assert run([str(tar), "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "5 GOOD and 4 BAD pictures in 3 groups" in said and f"bad/{MARKS_NOTHING}.jpg" in said
    samples = read_folder(out)
    assert [s.state for s in samples] == [State.GOOD] * 5 + [State.BAD] * 4
    assert {s.grouped_by for s in samples} == {FROM_INDEX}
    _, drawn = read_sample(samples[-1])
    assert drawn is not None and int(drawn.sum()) == 100, "the haze is no defect"
    with (out / "index.csv").open(newline="") as table:
        kinds = {row["file"]: row["kind"] for row in csv.DictReader(table)}
    assert kinds["bad/fray_exp1_num_9010.jpg"] == "fray" and kinds["good/free_exp1_num_100.jpg"] == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tiles", "tiles.tar"]


def test_pictures_of_one_tile_share_a_group(tmp_path: Path) -> None:
    convert(write_tar(tmp_path / "tiles.tar", tiny_set()), tmp_path / "tiles")
    groups = groups_of(tmp_path / "tiles")
    held = defaultdict(set)
    for number, name in PICTURES:
        if MARKS_NOTHING not in name:
            held[number].add(groups[name.split("/")[1]])
    assert all(len(found) == 1 for found in held.values())
    assert held[1] != held[2] != held[3] == held[4]
    report = split_samples(read_folder(tmp_path / "tiles"), 0.3, seed=1).report
    assert report.groups == 3 and report.lookalikes == 0


SERIES = [
    ("one exposure after the other", [(10, 1), (30, 2), (50, 3)], [0, 0, 0]),
    ("a far number", [(10, 1), (30, 2), (700, 1), (720, 2)], [0, 0, 2, 2]),
    ("two tiles in turns", [(10, 1), (15, 1), (30, 2), (36, 2)], [0, 0, 0, 0]),
    ("a gap within the exposures", [(10, 3), (204, 4), (220, 5)], [0, 0, 0]),
    ("a gap that begins anew", [(10, 3), (204, 1), (220, 2)], [0, 1, 1]),
    ("a gap too wide for one series", [(10, 3), (610, 4)], [0, 1]),
    ("one alone", [(10, 3)], [0]),
    ("none", [], []),
]


@pytest.mark.parametrize(("numbered", "starts"), [case[1:] for case in SERIES], ids=[case[0] for case in SERIES])
def test_a_series_goes_on_while_numbers_are_close_or_exposures_rise(numbered, starts) -> None:
    assert series(numbered) == starts


def link(name: str) -> tarfile.TarInfo:
    entry = member(name)
    entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
    return entry


def huge(name: str) -> tarfile.TarInfo:
    entry = member(name)
    entry.size = MAX_FILE_BYTES + 1
    return entry


def with_more(*entries: tarfile.TarInfo) -> Callable[[Path], Path]:
    return lambda path: write_tar(path, tiny_set(), entries)


def with_files(content: dict[str, bytes]) -> Callable[[Path], Path]:
    return lambda path: write_tar(path, {**tiny_set(), **content})


def without(*names: str) -> Callable[[Path], Path]:
    return lambda path: write_tar(path, {n: raw for n, raw in tiny_set().items() if n not in names})


def not_a_tar(path: Path) -> Path:
    path.write_bytes(b"no tar" * 500)
    return path


def cut_short(path: Path) -> Path:
    write_tar(path, tiny_set(), mode="w:gz")
    path.write_bytes(path.read_bytes()[:2000])
    return path


CRACK = "set/masks/crack_exp1_num_5000.png"
REFUSED: list[tuple[str, Callable[[Path], Path], str]] = [
    ("a link", with_more(link("set/good/free_exp1_num_1.jpg")), "a link or a path that leads out"),
    ("a path that leads out", with_more(member("../good/free_exp1_num_1.jpg")), "a link or a path that leads out"),
    ("an absolute path", with_more(member("/good/free_exp1_num_1.jpg")), "a link or a path that leads out"),
    ("a huge file", with_more(huge("set/good/free_exp1_num_1.jpg")), f"has {MAX_FILE_BYTES + 1} bytes; at most 16 MB"),
    ("a missing mask", without(CRACK), "needs both bad/crack_exp1_num_5000.jpg and masks/"),
    ("a mask too many", with_files({"set/masks/fray_exp1_num_7.png": b""}), "needs both bad/fray_exp1_num_7.jpg and"),
    ("a defect among the free", with_files({"good/fray_exp1_num_7.jpg": b""}), "free tiles belong into good/"),
    (
        "a broken picture",
        with_files({"set/good/free_exp1_num_100.jpg": b"x"}),
        "good/free_exp1_num_100.jpg: cannot be read",
    ),
    ("no tile", lambda path: write_tar(path, {"readme": b"x"}), "no tile in it"),
    ("no tar", not_a_tar, "cannot be read as a tar"),
    ("a tar cut short", cut_short, "cannot be read as a tar"),
    ("nothing there", lambda path: path, "cannot be read as a tar"),
]


@pytest.mark.parametrize(("made", "says"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_a_tar_that_is_not_the_set_is_refused_and_leaves_nothing(
    tmp_path: Path, made: Callable[[Path], Path], says: str, capsys
) -> None:
    tar = made(tmp_path / "tiles.tar")
    assert run([str(tar), "--out", str(tmp_path / "tiles")]) == 2
    assert says in capsys.readouterr().err
    assert not (tmp_path / "tiles").exists()


def test_a_folder_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "tiles").mkdir()
    with pytest.raises(DataError, match="is there already; name another folder"):
        convert(write_tar(tmp_path / "tiles.tar", tiny_set()), tmp_path / "tiles")


def test_the_real_set_becomes_a_data_folder_whose_groups_hold_together(tmp_path: Path) -> None:
    if not REAL.is_file():
        pytest.skip(f"needs the real set at {REAL.name}, which is not part of the project")
    made = convert(REAL, tmp_path / "tiles")
    assert (made.good, made.bad, len(made.left_out)) == (952, 388, 4)
    assert made.groups > 150 and made.largest_group < 60
    groups = groups_of(tmp_path / "tiles")
    assert groups["crack_exp1_num_85781"] == groups["crack_exp1_num_86828"], "photographed again 1,047 numbers later"
    assert groups["break_exp1_num_116934"] == groups["break_exp2_num_116961"], "another tile's picture lies between"
