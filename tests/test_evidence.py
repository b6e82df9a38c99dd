"""A defect's folder: the very picture, whole or not there."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from detector.verdict import Box
from stream.evidence import remove_evidence, remove_leftovers, write_evidence
from stream.keeping import evidence_folder
from tests.frames import RUN, judged
from tests.recordings import numbered_frame
from tests.test_line_disk import fill, small_disk

FILES = {"frame.png", "mask.png", "overlay.jpg", "thumb.jpg", "evidence.json"}


def mask_of() -> np.ndarray:
    mask = np.zeros((240, 320), np.uint8)
    mask[20:40, 10:30] = np.eye(20, dtype=np.uint8)
    return mask


def kept(data_dir: Path, seq: int = 7, mask: np.ndarray | None = None) -> Path:
    return data_dir / write_evidence(data_dir, judged(seq, "BAD"), numbered_frame(seq, bad=True), mask, None)


def test_the_picture_kept_is_the_picture_judged(tmp_path: Path) -> None:
    folder = kept(tmp_path, mask=mask_of())
    assert folder == tmp_path / evidence_folder("belt", RUN, 7)
    np.testing.assert_array_equal(cv2.imread(str(folder / "frame.png")), numbered_frame(7, bad=True))
    np.testing.assert_array_equal(cv2.imread(str(folder / "mask.png"), cv2.IMREAD_UNCHANGED), mask_of() * 255)


def test_a_folder_holds_all_its_files_and_their_hashes(tmp_path: Path) -> None:
    folder = kept(tmp_path, mask=mask_of())
    assert {path.name for path in folder.iterdir()} == FILES
    said = json.loads((folder / "evidence.json").read_text())
    assert said["files_sha256"] == {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in FILES - {"evidence.json"}
    }
    assert (said["camera"], said["run"], said["seq"], said["state"]) == ("belt", RUN, 7, "BAD")
    assert said["defects"][0]["box"] == [10, 20, 30, 40]
    assert said["captured_utc"].endswith("+00:00")


def test_without_a_mask_the_mask_is_blank(tmp_path: Path) -> None:
    assert not cv2.imread(str(kept(tmp_path) / "mask.png"), cv2.IMREAD_UNCHANGED).any()


def test_the_thumb_is_small_and_the_overlay_as_large_as_the_frame(tmp_path: Path) -> None:
    big = np.zeros((1080, 1920, 3), np.uint8)
    folder = tmp_path / write_evidence(tmp_path, judged(1, "BAD"), big, None, Box(0, 0, 100, 100))
    assert cv2.imread(str(folder / "overlay.jpg")).shape == big.shape
    assert cv2.imread(str(folder / "thumb.jpg")).shape[1] <= 320


def test_a_folder_that_is_there_stands(tmp_path: Path) -> None:
    before = (kept(tmp_path) / "frame.png").stat()
    assert (kept(tmp_path) / "frame.png").stat() == before


def test_what_a_killed_recorder_began_is_begun_anew(tmp_path: Path) -> None:
    target = tmp_path / evidence_folder("belt", RUN, 7)
    half = target.with_name(".partial-" + target.name)
    half.mkdir(parents=True)
    (half / "frame.png").write_bytes(b"half")
    (half / "left.over").write_bytes(b"x")
    assert {path.name for path in kept(tmp_path).iterdir()} == FILES
    assert [path.name for path in target.parent.iterdir()] == [target.name]


def test_a_full_disk_leaves_no_folder_under_the_name(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (240, 320, 3)).astype(np.uint8)
    with small_disk(tmp_path / "disk", megabytes=1) as data_dir:
        filler = fill(data_dir)
        for room in (0, 20_000, 240_000):
            with filler.open("r+b") as file:
                file.truncate(filler.stat().st_size - room)
            with pytest.raises(OSError, match="No space left"):
                write_evidence(data_dir, judged(7, "BAD"), noise, None, None)
            assert not (data_dir / evidence_folder("belt", RUN, 7)).exists()
        filler.unlink()
        folder = data_dir / write_evidence(data_dir, judged(7, "BAD"), noise, None, None)
        assert {path.name for path in folder.iterdir()} == FILES


def test_leftovers_go_and_what_rows_point_to_stays(tmp_path: Path) -> None:
    wanted, unwanted = kept(tmp_path, 7), kept(tmp_path, 8)
    half = wanted.with_name(".partial-00000009")
    half.mkdir()
    assert remove_leftovers(tmp_path, {wanted.relative_to(tmp_path).as_posix()}, {("belt", str(RUN))}) == 2
    assert wanted.is_dir()
    assert not unwanted.exists()
    assert not half.exists()
    assert remove_leftovers(tmp_path / "nothing here", set(), set()) == 0


def test_evidence_may_be_removed_twice(tmp_path: Path) -> None:
    folder = kept(tmp_path)
    for _ in range(2):
        remove_evidence(tmp_path, folder.relative_to(tmp_path).as_posix())
        assert not folder.exists()
