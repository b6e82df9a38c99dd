"""What people said of incidents and samples becomes data: a folder to train on, COCO, tables. From a real log."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest

from detector.verdict import Box, State
from stream.__main__ import main
from stream.defect_log import reading
from stream.export_truth import TRUE, read_truths, read_waiting
from tests.frames import RUN
from tests.needs import need, torch_or_skip
from tests.reviewed_log import SIZE, ReviewedLog, judged_in, stroke
from tools.dataset import read_folder

MARK = (10, 20, 40, 60)
FAR = 20_000  # frames, more than ten minutes at 25 a second


@pytest.fixture
def log(tmp_path: Path) -> ReviewedLog:
    """Two true defects (one with a mark), a false alarm, an unsure one, one that nobody saw; samples alike."""
    made = ReviewedLog(tmp_path / "data")
    made.bad(0, "defect", part="A-1")
    made.bad(100, "defect", part="A-2", boxes=[MARK], comment="=cmd|' /C calc'!A0")
    made.bad(200, "false_alarm", part="A-3")
    made.bad(300, "unsure")
    made.bad(400)
    made.good(501, "clean")
    made.good(502, "missed", stroked=True, boxes=[MARK])
    made.good(503, "missed")
    made.good(504)
    return made


def export(*words: object) -> int:
    return main(["log", *map(str, words)])


def pixels(path: Path) -> np.ndarray:
    found = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert found is not None, path
    return found


def table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def name(seq: int) -> str:
    return f"belt-{RUN}-{seq:08d}.png"


def test_the_truth_is_what_people_said_and_what_they_did_not_see_is_counted(log: ReviewedLog) -> None:
    with reading(log.write()) as db:
        truths = list(read_truths(db, since_ns=0, camera=None))
        waiting = read_waiting(db, since_ns=0, camera=None)
        assert list(read_truths(db, since_ns=0, camera="lid")) == []
    assert [(t.seq, t.state, t.review, t.truth) for t in truths] == [
        (0, "BAD", "defect", "BAD"),
        (100, "BAD", "defect", "BAD"),
        (200, "BAD", "false_alarm", "GOOD"),
        (300, "BAD", "unsure", ""),
        (501, "GOOD", "clean", "GOOD"),
        (502, "GOOD", "missed", "BAD"),
        (503, "GOOD", "missed", "BAD"),
    ]
    assert truths[1].boxes == (MARK,)
    assert (waiting.incidents, waiting.samples) == (1, 1)
    assert set(TRUE) == {"defect", "false_alarm", "unsure", "clean", "missed"}


def test_a_folder_holds_the_truth_in_the_layout_that_training_takes(
    log: ReviewedLog, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert export("--data-dir", log.write(), "--export", "folder", "--out", out) == 0
    said = capsys.readouterr()
    assert "2 pictures in good/, 3 in bad/" in said.out
    assert "1 left out of which nobody is sure" in said.out
    assert "1 left out that are BAD and show no mark" in said.out
    assert "1 incidents and 1 samples that nobody has reviewed" in said.err
    samples = read_folder(out, show_progress=False)
    assert {(s.path.name, s.state) for s in samples} == {
        (name(0), State.BAD),
        (name(100), State.BAD),
        (name(502), State.BAD),
        (name(200), State.GOOD),
        (name(501), State.GOOD),
    }
    np.testing.assert_array_equal(pixels(out / "masks" / name(0)), stroke(0) * 255)
    marked = np.zeros(SIZE, np.uint8)
    marked[20:60, 10:40] = 255
    for seq in (100, 502):
        np.testing.assert_array_equal(pixels(out / "masks" / name(seq)), marked)
    np.testing.assert_array_equal(pixels(out / "good" / name(200)), log.pictures[200])


def test_neighbours_share_a_group_by_part_or_by_time(log: ReviewedLog, tmp_path: Path) -> None:
    log.good(FAR, "clean")
    assert export("--data-dir", log.write(), "--export", "folder", "--out", tmp_path / "out") == 0
    groups = {s.path.name: s.group for s in read_folder(tmp_path / "out", show_progress=False)}
    assert groups[name(0)] == f"belt/{RUN}/part A-1" != groups[name(100)]
    assert groups[name(501)] == groups[name(502)] == f"belt/{RUN}/1"
    assert groups[name(FAR)] == f"belt/{RUN}/2"


def test_what_was_judged_is_what_is_written(log: ReviewedLog, tmp_path: Path) -> None:
    judged_in(log, Box(30, 10, 130, 110))
    assert export("--data-dir", log.write(), "--export", "folder", "--out", tmp_path / "out") == 0
    np.testing.assert_array_equal(pixels(tmp_path / "out" / "bad" / name(0)), log.pictures[0][10:110, 30:130])
    np.testing.assert_array_equal(pixels(tmp_path / "out" / "masks" / name(0)), stroke(0)[10:110, 30:130] * 255)


def test_the_very_same_picture_stands_once_and_never_in_both_classes(
    log: ReviewedLog, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log.pictures[FAR] = log.pictures[0]
    log.bad(FAR, "defect")
    log.pictures[2 * FAR] = log.pictures[200]
    log.bad(2 * FAR, "defect")
    assert export("--data-dir", log.write(), "--export", "folder", "--out", tmp_path / "out") == 0
    said = capsys.readouterr().out
    assert "1 left out that are the very picture of another one" in said
    assert "2 left out whose very picture is both GOOD and BAD" in said
    read_folder(tmp_path / "out", show_progress=False)


def test_a_deleted_picture_is_counted_and_a_folder_that_is_there_is_not_touched(
    log: ReviewedLog, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data_dir = log.write()
    (data_dir / "evidence" / "belt" / str(RUN) / "00000000" / "frame.png").unlink()
    out = tmp_path / "out"
    assert export("--data-dir", data_dir, "--export", "folder", "--out", out) == 0
    assert "1 left out whose pictures were deleted" in capsys.readouterr().out
    before = sorted(out.rglob("*"))
    assert export("--data-dir", data_dir, "--export", "folder", "--out", out) == 2
    assert "is there already" in capsys.readouterr().err
    assert sorted(out.rglob("*")) == before


def test_an_exported_folder_trains(tmp_path: Path) -> None:
    torch_or_skip("training")
    from tools.train import train

    log = ReviewedLog(tmp_path / "data")
    for at in range(6):
        log.bad(2 * at * FAR, "defect")
        log.good((2 * at + 1) * FAR, "clean")
    assert export("--data-dir", log.write(), "--export", "folder", "--out", tmp_path / "out") == 0
    once = partial(train, seed=1, threads=1, steps=1, epochs=1, show_progress=False)
    once(tmp_path / "out", tmp_path / "trained", preset="edge", stages=("classifier",))
    assert list((tmp_path / "trained").rglob("*.pth"))


def test_coco_of_the_reviewed_has_marks_in_place_of_findings_and_millimetres(
    log: ReviewedLog, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "coco.json"
    assert export("--data-dir", log.write(), "--export", "coco", "--reviewed", "--out", out) == 0
    assert "1 incidents and 1 samples" in capsys.readouterr().err
    coco = json.loads(out.read_text())
    images = {image["id"]: image for image in coco["images"]}
    kinds = {one["id"]: one["name"] for one in coco["categories"]}
    assert [(image["truth"], image["review"]) for image in images.values()] == [
        ("BAD", "defect"),
        ("BAD", "defect"),
        ("GOOD", "false_alarm"),
        ("GOOD", "clean"),
        ("BAD", "missed"),
        ("BAD", "missed"),
    ]
    assert all((log.data_dir / image["file_name"]).is_file() for image in images.values())
    assert [(one["image_id"], kinds[one["category_id"]], one["bbox"]) for one in coco["annotations"]] == [
        (1, "scratch", [10, 20, 20, 20]),
        (2, "marked", [10, 20, 30, 40]),
        (5, "marked", [10, 20, 30, 40]),
    ]
    assert coco["annotations"][0]["length_mm"] == pytest.approx(28.3 * 0.05)


def test_csv_has_review_and_millimetres_and_no_formula(log: ReviewedLog, tmp_path: Path) -> None:
    out = tmp_path / "log.csv"
    assert export("--data-dir", log.write(), "--export", "csv", "--out", out) == 0
    rows = {int(row["seq"]): row for row in table(out)}
    assert {seq: (row["review"], row["truth"]) for seq, row in rows.items()} == {
        0: ("defect", "BAD"),
        100: ("defect", "BAD"),
        200: ("false_alarm", "GOOD"),
        300: ("unsure", ""),
        400: ("", ""),
    }
    assert rows[0]["reviewed_by"] == "Ann"
    assert float(rows[0]["length_mm"]) == pytest.approx(28.3 * 0.05)
    assert rows[100]["comment"].startswith("'=cmd")
    assert export("--data-dir", log.data_dir, "--export", "csv", "--reviewed", "--out", out) == 0
    assert [int(row["seq"]) for row in table(out)] == [0, 100, 200, 300, 501, 502, 503]


def test_parquet_says_what_csv_says(log: ReviewedLog, tmp_path: Path) -> None:
    need(_has_pyarrow(), "pyarrow is not installed: see requirements-parquet.txt")
    from pyarrow import parquet

    out = tmp_path / "log.parquet"
    assert export("--data-dir", log.write(), "--export", "parquet", "--out", out) == 0
    assert export("--data-dir", log.data_dir, "--export", "csv", "--out", tmp_path / "log.csv") == 0
    kept = parquet.read_table(out).to_pylist()
    rows = table(tmp_path / "log.csv")
    assert [str(row["seq"]) for row in kept] == [row["seq"] for row in rows]
    assert kept[0].keys() == rows[0].keys()
    assert kept[0]["score"] == 0.97
    assert kept[1]["comment"] == "=cmd|' /C calc'!A0"


def test_without_pyarrow_an_error_says_what_to_install(
    log: ReviewedLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert export("--data-dir", log.write(), "--export", "parquet", "--out", tmp_path / "log.parquet") == 2
    assert "pip install -r requirements-parquet.txt" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--export", "folder"), "needs --out"),
        (("--export", "parquet"), "needs --out"),
        (("--reviewed",), "goes with --export"),
        (("--out", "x"), "goes with --export"),
        (("--events", "--export", "folder", "--out", "x"), "--events"),
        (("--parts", "--export", "parquet", "--out", "x"), "--parts"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_options_that_do_not_go_together_are_refused(
    words: tuple[str, ...], said: str, log: ReviewedLog, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export("--data-dir", log.write(), *words) == 2
    assert said in capsys.readouterr().err


def test_rows_of_a_watched_folder_name_their_file(log: ReviewedLog, tmp_path: Path) -> None:
    data_dir = log.write()
    (data_dir / "watched").mkdir()
    lines: Iterator[str] = (json.dumps(line) for line in ({"file": "a.png", "run": RUN, "seq": 0}, {"back": 3}))
    (data_dir / "watched" / "belt.jsonl").write_text("\n".join(lines) + '\n{"fi')
    assert export("--data-dir", data_dir, "--export", "csv", "--out", tmp_path / "log.csv") == 0
    rows = table(tmp_path / "log.csv")
    assert [row["file"] for row in rows[:2]] == ["a.png", ""]


def _has_pyarrow() -> bool:
    from importlib.util import find_spec

    return find_spec("pyarrow") is not None
