"""The overlay video: every frame that was taken, also when its writer is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest

from stream.film import Film, Shot
from stream.messages import PackedMask
from tests.frames import verdict
from tests.line import ROOT, wait_for
from tests.recordings import numbered_frame, read_number


def shot(number: int, *, size: tuple[int, int] = (320, 240), mask: PackedMask | None = None) -> Shot:
    return Shot(numbered_frame(number, size), verdict("GOOD", mask=mask), None, number / 25)


def numbers_in(path: Path) -> list[int]:
    with av.open(str(path)) as film:
        return [read_number(frame.to_ndarray(format="bgr24")) for frame in film.decode(video=0)]


def add_all(film: Film, shots: list[Shot]) -> None:
    for one in shots:
        wait_for(lambda one=one: film.add(one), "a place in the film's queue")


def test_a_film_holds_every_frame_it_took(tmp_path: Path) -> None:
    film = Film(tmp_path / "video" / "belt-7.mp4")
    add_all(film, [shot(number) for number in range(40)])
    film.close()
    film.close()
    assert numbers_in(film.path) == list(range(40))
    assert film.left_out == 0


def test_the_verdict_is_drawn_into_the_film(tmp_path: Path) -> None:
    film = Film(tmp_path / "belt-7.mp4")
    grey = np.full((240, 320, 3), 128, np.uint8)
    add_all(film, [Shot(grey, verdict("BAD"), None, 0.0)])
    film.close()
    with av.open(str(film.path)) as opened:
        (frame,) = opened.decode(video=0)
    assert np.abs(frame.to_ndarray(format="bgr24").astype(int) - 128).max() > 60


@pytest.mark.parametrize(
    ("odd", "left_out"),
    [(shot(1, size=(400, 300)), 1), (shot(0), 1)],
    ids=["of-another-size", "not-later-than-the-last"],
)
def test_a_shot_that_does_not_fit_is_left_out_and_counted(tmp_path: Path, odd: Shot, left_out: int) -> None:
    film = Film(tmp_path / "belt-7.mp4")
    add_all(film, [shot(0), odd, shot(2)])
    film.close()
    assert numbers_in(film.path) == [0, 2]
    assert film.left_out == left_out


def test_a_picture_with_an_odd_side_is_filmed(tmp_path: Path) -> None:
    film = Film(tmp_path / "belt-7.mp4")
    add_all(film, [shot(0, size=(321, 241))])
    film.close()
    with av.open(str(film.path)) as opened:
        assert (opened.streams.video[0].width, opened.streams.video[0].height) == (320, 240)


def test_a_film_without_a_frame_is_no_file(tmp_path: Path) -> None:
    film = Film(tmp_path / "belt-7.mp4")
    film.close()
    assert not film.path.exists()


def to_nowhere(folder: Path) -> tuple[Path, Shot]:
    (folder / "video").write_text("a file where a folder should be")
    return folder / "video" / "belt-7.mp4", shot(0)


def with_a_mask_that_is_none(folder: Path) -> tuple[Path, Shot]:
    return folder / "belt-7.mp4", shot(0, mask=PackedMask((0, 0, 9, 9), b"none"))


@pytest.mark.parametrize("broken", [to_nowhere, with_a_mask_that_is_none])
def test_a_film_that_breaks_keeps_nobody_waiting(tmp_path: Path, broken: object) -> None:
    assert callable(broken)
    path, first = broken(tmp_path)
    film = Film(path)
    add_all(film, [first, *(shot(number) for number in range(1, 30))])
    film.close()
    assert film.add(shot(30))
    assert film.left_out == 30


FILMING = """
import sys
from pathlib import Path
from stream.film import Film
from tests.test_film import add_all, shot

film = Film(Path(sys.argv[1]))
add_all(film, [shot(number) for number in range(80)])
print("filmed", flush=True)
sys.stdin.read()
"""


def test_a_film_whose_writer_was_killed_plays(tmp_path: Path) -> None:
    path = tmp_path / "belt-7.mp4"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", FILMING, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"filmed\n"
        writer.send_signal(signal.SIGKILL)
    numbers = numbers_in(path)
    assert len(numbers) >= 25
    assert numbers == list(range(len(numbers)))
