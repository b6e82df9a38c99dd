"""A folder of pictures as a source: their order, their kinds, and those that cannot be read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from stream.sources.picture_folder import PictureFolder
from stream.sources.source import SourceError
from tests import recordings
from tests.readings import read
from tests.recordings import numbered_frame, read_number


def save(path: Path, pixels: np.ndarray) -> None:
    Image.fromarray(np.ascontiguousarray(pixels)).save(path)


def test_pictures_come_in_the_order_that_people_give_their_names(tmp_path: Path) -> None:
    names = ["img1.png", "img2.png", "img10.png", "Img11.png", "img100.png"]
    for number, name in enumerate(names):
        save(tmp_path / name, numbered_frame(number))
    (tmp_path / "notes.txt").write_text("no picture")
    (tmp_path / "img3.png").mkdir()
    seen = read(PictureFolder(tmp_path))
    assert [read_number(pixels) for pixels in seen.pixels] == seen.indexes == [0, 1, 2, 3, 4]
    assert read(PictureFolder(tmp_path), first_index=3).indexes == [3, 4]


RGB = numbered_frame(7, bad=True)[:, :, ::-1]
GREY = RGB[:, :, 1]
BGR_OF_GREY = np.dstack([GREY] * 3)
PICTURES = {
    "colour.png": (RGB, RGB[:, :, ::-1]),
    "grey.png": (GREY, BGR_OF_GREY),
    "deep.png": (GREY.astype(np.uint16) * 257, BGR_OF_GREY),
    "clear.png": (np.dstack([RGB, np.full(GREY.shape, 128, np.uint8)]), RGB[:, :, ::-1]),
    "one.png": (np.full((1, 1, 3), 9, np.uint8), np.full((1, 1, 3), 9, np.uint8)),
    "long.png": (np.full((10, 10_000, 3), 9, np.uint8), np.full((10, 10_000, 3), 9, np.uint8)),
    "colour.bmp": (RGB, RGB[:, :, ::-1]),
    "colour.tiff": (RGB, RGB[:, :, ::-1]),
}


@pytest.mark.parametrize(("name", "saved", "wanted"), [(n, *p) for n, p in PICTURES.items()], ids=PICTURES.keys())
def test_every_kind_of_picture_becomes_bgr(tmp_path: Path, name: str, saved: np.ndarray, wanted: np.ndarray) -> None:
    save(tmp_path / name, saved)
    seen = read(PictureFolder(tmp_path))
    assert seen.problems == [None] and np.array_equal(seen.pixels[0], wanted)


def cut(path: Path) -> Path:
    save(path, RGB)
    return recordings.truncate(path, 0.5)


@pytest.mark.parametrize("make", [recordings.empty, recordings.garbage, cut], ids=["empty", "noise", "cut"])
def test_a_picture_that_cannot_be_read_is_counted_and_the_log_says_once_why(
    tmp_path: Path, make: Callable[[Path], Path], caplog: pytest.LogCaptureFixture
) -> None:
    save(tmp_path / "1.png", numbered_frame(1))
    make(tmp_path / "2.png")
    save(tmp_path / "3.png", numbered_frame(3))
    source = PictureFolder(tmp_path)
    seen = read(source)
    assert seen.indexes == [0, 1, 2] and seen.problems == [None, "decode_error", None]
    read(source)
    (said,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert said.startswith("2.png: not a picture that can be decoded: ")


def test_a_picture_that_goes_away_is_counted(tmp_path: Path) -> None:
    for number in range(3):
        save(tmp_path / f"{number}.png", numbered_frame(number))
    source = PictureFolder(tmp_path)
    (tmp_path / "1.png").unlink()
    assert read(source).problems == [None, "decode_error", None]


def test_a_folder_without_pictures_is_refused_for_good(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no pictures in the folder") as caught:
        PictureFolder(tmp_path)
    assert caught.value.final
