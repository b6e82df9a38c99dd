"""A watched folder: what appears is given once, whole, in order; nothing in it is touched, and silence is no loss."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import cv2
import pytest

from stream.settings import CameraSettings
from stream.sources import settling, watched_folder
from stream.sources.source import Picture, SourceError, Waiting
from stream.sources.watched_folder import WatchedFolder
from tests.http_camera import jpeg
from tests.recordings import numbered_frame, read_number

RUN = 1_700_000_000_000_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


def watched(folder: Path, run: int = RUN) -> WatchedFolder:
    source = WatchedFolder(CameraSettings("belt", f"watch:{folder}", taken_list=folder.parent / "list"))
    if run:
        source.goes_on(run)
    return source


def put(folder: Path, number: int, name: str = "") -> Path:
    """As a careful program does: whole, under another name first."""
    path = folder / (name or f"{number}.jpg")
    part = path.with_suffix(".part")
    part.write_bytes(jpeg(number))
    part.rename(path)
    return path


def next_picture(pictures: Iterator[Picture | Waiting]) -> Picture:
    return next(given for given in pictures if isinstance(given, Picture))


def numbers(pictures: Iterator[Picture | Waiting], count: int) -> list[int]:
    return [read_number(next_picture(pictures).pixels) for _ in range(count)]


def waited(pictures: Iterator[Picture | Waiting], seconds: float) -> bool:
    """Whether the source, asked for so long, has nothing but that it waits."""
    until_s = time.monotonic() + seconds
    for given in pictures:
        if isinstance(given, Picture) or time.monotonic() > until_s:
            return not isinstance(given, Picture)
    return False


def test_pictures_are_given_as_they_appear(folder: Path) -> None:
    with closing(watched(folder)) as source:
        pictures = source.pictures()
        assert next(pictures) == Waiting(f"waiting for pictures in {folder}")
        for number in range(3):
            put(folder, number)
            picture = next_picture(pictures)
            assert (picture.index, picture.problem, read_number(picture.pixels)) == (number, None, number)
    assert sorted(path.name for path in folder.iterdir()) == ["0.jpg", "1.jpg", "2.jpg"], "nothing is moved or deleted"


def test_what_lies_there_at_the_first_start_is_given_too_in_the_order_of_its_time(folder: Path) -> None:
    for number, name in ((2, "a.jpg"), (0, "b.png"), (1, "c.JPG")):
        path = put(folder, number, name)
        if name == "b.png":
            cv2.imwrite(str(path), numbered_frame(number))
        os.utime(path, (1000 + number, 1000 + number))
    with closing(watched(folder)) as source:
        assert numbers(source.pictures(), 3) == [0, 1, 2]


def test_what_is_no_picture_is_none(folder: Path) -> None:
    for name in ("note.txt", "1.jpg.part", ".hidden.jpg", "Thumbs.db"):
        (folder / name).write_bytes(jpeg(1))
    (folder / "folder.jpg").mkdir()
    os.mkfifo(folder / "pipe.jpg")
    (folder / "circle.jpg").symlink_to("circle.jpg")
    with closing(watched(folder)) as source:
        pictures = source.pictures()
        assert waited(pictures, 1.5)
        put(folder, 7)
        assert numbers(pictures, 1) == [7]


def test_a_file_that_is_written_slowly_is_read_when_it_is_whole(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settling, "TRIED_AFTER_S", (0.3, 1.0, 60.0))
    body, path = jpeg(5), folder / "slow.jpg"
    path.write_bytes(body[:2000])
    with closing(watched(folder)) as source:
        pictures = source.pictures()
        assert waited(pictures, 1.5), "half of it stands still, and is not taken for the picture"
        with path.open("ab") as file:
            file.write(body[2000:])
        picture = next_picture(pictures)
    assert (picture.index, picture.problem, read_number(picture.pixels)) == (0, None, 5)


@pytest.mark.parametrize("body", [jpeg(1)[:2000], b"", b"not a picture"], ids=["cut short", "empty", "noise"])
def test_a_picture_that_cannot_be_read_is_unknown_under_its_number(
    folder: Path, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "bad.jpg").write_bytes(body)
    with closing(watched(folder)) as source:
        pictures = source.pictures()
        picture = next_picture(pictures)
        assert (picture.index, picture.problem) == (0, "decode_error") and "bad.jpg: " in caplog.text
        put(folder, 1)
        assert next_picture(pictures).index == 1


def test_a_file_that_is_written_again_is_another_picture(folder: Path) -> None:
    with closing(watched(folder)) as source:
        pictures = source.pictures()
        for number in range(3):
            put(folder, number, "latest.jpg")
            assert numbers(pictures, 1) == [number]


def test_who_comes_back_in_the_same_run_goes_on_where_the_other_was(folder: Path) -> None:
    for number in range(4):
        os.utime(put(folder, number), (1000 + number, 1000 + number))
    killed = watched(folder)
    pictures = killed.pictures()
    assert numbers(pictures, 3) == [0, 1, 2]  # and is killed with the third in its hand: nothing is closed
    with closing(watched(folder)) as source:
        pictures_again = source.pictures(2)
        again = [next_picture(pictures_again) for _ in range(2)]
    assert [(picture.index, read_number(picture.pixels)) for picture in again] == [(2, 2), (3, 3)]
    killed.close()
    del pictures


def test_a_file_that_went_before_it_could_be_read_again_keeps_its_number(folder: Path) -> None:
    killed = watched(folder)
    path = put(folder, 0)
    pictures = killed.pictures()
    assert numbers(pictures, 1) == [0]
    path.unlink()
    put(folder, 1)
    with closing(watched(folder)) as source:
        pictures_again = source.pictures(0)
        first, second = (next_picture(pictures_again) for _ in range(2))
    assert (first.index, first.problem) == (0, "decode_error") and (second.index, second.problem) == (1, None)
    killed.close()
    del pictures


def test_the_next_run_takes_what_is_new_and_what_the_last_one_gave_back(folder: Path) -> None:
    for number in range(3):
        os.utime(put(folder, number), (1000 + number, 1000 + number))
    with closing(watched(folder)) as source:
        pictures = source.pictures()
        assert numbers(pictures, 2) == [0, 1]
        pictures.close()  # type: ignore[attr-defined]  # whoever has the second in hand has no use for it
    put(folder, 3)
    with closing(watched(folder, RUN + 1)) as source:
        pictures = source.pictures()
        assert numbers(pictures, 3) == [1, 2, 3] and waited(pictures, 1.0)


def test_who_only_looks_takes_nothing(folder: Path) -> None:
    put(folder, 4)
    for _ in range(2):
        with closing(watched(folder, run=0)) as source:
            assert numbers(source.pictures(), 1) == [4]
    with closing(watched(folder)) as source:
        assert numbers(source.pictures(), 1) == [4]


def test_a_folder_that_goes_away_is_a_loss_and_never_final(folder: Path) -> None:
    put(folder, 0)
    with closing(watched(folder)) as source:
        pictures = source.pictures()
        assert numbers(pictures, 1) == [0]
        folder.rename(folder.parent / "away")
        with pytest.raises(SourceError, match=r"in: no such folder; waiting") as caught:
            list(pictures)
        assert not caught.value.final
    with pytest.raises(SourceError, match=r"no such folder"):
        watched(folder)
    (folder.parent / "away").rename(folder)
    put(folder, 1)
    with closing(watched(folder)) as source:
        picture = next_picture(source.pictures(1))
        assert (picture.index, read_number(picture.pixels)) == (1, 1)


def test_a_share_that_is_not_mounted_any_more_is_no_empty_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A real share cannot be mounted here without rights: what says where one is mounted is played."""
    mounted = [folder]
    real = Path.is_mount
    monkeypatch.setattr(Path, "is_mount", lambda path: path in mounted or (path != folder and real(path)))
    put(folder, 0)
    with closing(watched(folder)) as source:
        pictures = source.pictures()
        assert numbers(pictures, 1) == [0]
        mounted.clear()
        with pytest.raises(SourceError, match=r"nothing is mounted at .*in any more"):
            list(pictures)
    with closing(watched(folder)) as source, pytest.raises(SourceError, match=r"nothing is mounted at .*in any more"):
        next(source.pictures(1))
    mounted.append(folder)
    put(folder, 1)
    with closing(watched(folder)) as source:
        assert numbers(source.pictures(1), 1) == [1]


def test_closing_from_another_thread_ends_the_pictures_soon(folder: Path) -> None:
    source = watched(folder)
    timer = threading.Timer(0.1, source.close)
    timer.start()
    assert all(isinstance(given, Waiting) for given in source.pictures())
    timer.join()
    source.close()


def test_a_look_at_very_many_files_leaves_the_processor_to_others(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept_s: list[float] = []
    source = watched(folder)
    monkeypatch.setattr(source, "_sleep", slept_s.append)
    look = source._look

    def slow() -> dict[str, watched_folder.Mark]:
        time.sleep(0.05)
        return look()

    monkeypatch.setattr(source, "_look", slow)
    put(folder, 0)
    with closing(source):
        next_picture(source.pictures())
    assert slept_s and min(slept_s) >= 0.5
