"""What stands around a soaked line: cameras that fail by themselves, web cameras, whoever fills watched folders."""

from __future__ import annotations

import json
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.errors import PictureError
from detector.pictures import read_picture
from stream.settings import CameraSettings
from stream.sources.jpeg import JpegDecoder
from stream.sources.mjpeg import MjpegCamera
from stream.sources.numbered import NumberedCamera, wish_in
from stream.sources.numbered_picture import is_bad, read_number
from stream.sources.numbered_spells import BLACK, FROZEN, Spell, shown_at, spell_at, spell_in
from stream.sources.source import Picture, SourceError
from tests.line import wait_for
from tools.soak_cameras import WATCHED, WEB, SoakCamera, free_port
from tools.soak_check_story import Camera
from tools.soak_check_story import Spell as CheckedSpell
from tools.soak_feeder import HALF, WHOLE, Feeder
from tools.soak_gige import ports_of
from tools.soak_outside import Outside
from tools.soak_surroundings import web_camera
from tools.soak_truth import CameraTruth, DropEntry
from tools.soak_web_camera import SINGLE_SHARE, body, is_damaged

SEED, NAME = 3, "belt"
NO_PROCESS = 1 << 30  # Linux numbers them up to 1 << 22
WISH = f"numbered:?seed={SEED}&size=320x240&fps=200&bad=0.2"
spells = st.tuples(st.integers(1, 40), st.integers(1, 40), st.integers(0, 40), st.sampled_from([BLACK, FROZEN])).map(
    lambda drawn: Spell(drawn[3], drawn[0], drawn[0] + drawn[1], drawn[0] + drawn[1] + drawn[2])
)


def checked(wish: str, damaged_share: float = 0.0) -> Camera:
    """The same camera as the checker of a soak knows it; it shares no code with the source."""
    wanted = wish_in(wish)
    told = tuple(CheckedSpell(s.what, s.start, s.stop, s.every) for s in wanted.spells)
    return Camera(NAME, SEED, wanted.bad, False, False, None, 1.0, wanted.fps, False, told, damaged_share)


# --- spells ---


@given(spell=spells, number=st.integers(0, 10_000))
def test_what_is_frozen_bears_the_number_of_the_last_picture_before(spell: Spell, number: int) -> None:
    shown, before = shown_at((spell,), number), spell_at((spell,), number) == FROZEN
    assert (shown < number and not spell.holds(shown) and spell.holds(shown + 1)) if before else shown == number
    assert spell_in(str(spell)) == spell


@pytest.mark.parametrize(
    "text", ["", "black", "black-0-5-10", "black-5-5-10", "black-5-20-10", "grey-1-2-3", "black-1-2-x"]
)
def test_what_is_no_spell_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"spell|numbers"):
        spell_in(text)
    with pytest.raises(SourceError, match="cannot read spell="):
        wish_in(f"numbered:?spell={text}")


def test_a_numbered_camera_fails_as_its_spells_say_and_as_the_checker_knows() -> None:
    address = f"{WISH}&spell=black-5-10-40&spell=frozen-20-30-40&spell=damaged-33-35-40"
    with closing(NumberedCamera(CameraSettings(NAME, address), address)) as source:
        pictures = [(p.index, p.problem, p.pixels.copy()) for p in islice(source.pictures(), 80)]
    camera = checked(address)
    assert [index for index, _, _ in pictures] == list(range(80))
    for index, problem, pixels in pictures:
        wrong = spell_at(wish_in(address).spells, index)
        assert (problem is not None) == (wrong == "damaged")
        assert np.any(pixels) == (wrong != BLACK)
        if wrong not in (BLACK, "damaged"):
            assert read_number(pixels) == camera.shown(index) == shown_at(wish_in(address).spells, index)
        assert not camera.unfit(index) or wrong


# --- a web camera ---


def test_each_damaged_picture_of_a_web_camera_is_found_damaged_and_no_other() -> None:
    """The checker says that none of them may be judged: so none may be taken for whole."""
    address = f"{WISH}&spell=damaged-10-25-60"
    wish, camera, decoder = wish_in(address), checked(address, SINGLE_SHARE), JpegDecoder()
    for number in range(400):
        picture = decoder.picture(body(wish, NAME, number), number, 0.0)
        assert (picture.problem is not None) == is_damaged(wish, NAME, number) == bool(camera.unfit(number)), number
        assert picture.problem or read_number(picture.pixels) == number


@pytest.fixture
def web() -> Iterator[tuple[Outside, CameraSettings]]:
    settings = CameraSettings(NAME, f"http://127.0.0.1:{free_port(NAME)}/numbered")
    truth = CameraTruth(NAME, WEB, "newest", 0.2, 320, 240, 200.0, None, 1000.0, ("damaged-10-25-60",), SINGLE_SHARE)
    server = web_camera(SoakCamera(truth, settings, settings, Path()), SEED)
    server.start()
    try:
        yield server, settings
    finally:
        server.kill()


def first_pictures(settings: CameraSettings, count: int) -> list[tuple[int, str | None, int]]:
    """Index, problem and number of each; the number of a damaged one is -1."""
    with closing(MjpegCamera(settings, settings.source)) as source:
        pictures = (given for given in source.pictures() if isinstance(given, Picture))
        return [(p.index, p.problem, -1 if p.problem else read_number(p.pixels)) for p in islice(pictures, count)]


def answers(settings: CameraSettings) -> bool:
    try:
        return len(first_pictures(settings, 1)) == 1
    except SourceError:
        return False


def test_a_web_camera_counts_from_nought_for_each_viewer_also_after_it_was_killed(
    web: tuple[Outside, CameraSettings],
) -> None:
    server, settings = web
    for _ in range(2):
        wait_for(lambda: answers(settings), "the web camera")
        shown = first_pictures(settings, 40)  # a machine that is behind leaves some out, and counts them
        assert [index for index, _, _ in shown] == sorted({index for index, _, _ in shown})
        assert all(problem or number == index for index, problem, number in shown)
        server.send(signal.SIGSTOP)
        server.kill()
        assert server.pid == 0 and not answers(settings)
        server.start()


# --- a watched folder ---


@pytest.fixture
def feeder(tmp_path: Path) -> Iterator[Feeder]:
    (tmp_path / "in").mkdir()
    truth = CameraTruth(NAME, WATCHED, "every", 0.2, 320, 240, 2.0, None, None)
    one = Feeder(truth, tmp_path / "in", SEED, 1.0, tmp_path / "drops.jsonl", tmp_path / "data")
    yield one
    one.close()


def drops(tmp_path: Path) -> list[DropEntry]:
    return [DropEntry(**json.loads(line)) for line in (tmp_path / "drops.jsonl").read_text().splitlines()]


def test_files_come_whole_or_as_a_half_first_and_each_is_whole_when_it_is_on_record(
    feeder: Feeder, tmp_path: Path
) -> None:
    halves = set()
    for tick in range(400):  # forty seconds of its own clock
        feeder.step(tick / 10)
        known = {entry.file for entry in drops(tmp_path)}
        for path in (tmp_path / "in").glob("*.png"):
            if path.name not in known:
                halves.add(path.name)
                with pytest.raises(PictureError):
                    read_picture(path)
    feeder.finish()
    done = drops(tmp_path)
    assert len(done) == 80 and {entry.how for entry in done} == {WHOLE, HALF}
    assert {entry.file for entry in done if entry.how == HALF} == halves
    for entry in done:
        path = tmp_path / "in" / entry.file
        assert path.stat().st_size == entry.size and read_number(read_picture(path)) == entry.number
        red = cv2.inRange(read_picture(path), (0, 0, 250), (64, 64, 255)).any()
        assert red == is_bad(SEED, NAME, entry.number, 0.2)


def test_nothing_comes_while_the_folder_is_away(feeder: Feeder, tmp_path: Path) -> None:
    feeder.step(0.0)
    assert feeder.take_away() and not feeder.take_away()
    feeder.step(10.0)
    assert not (tmp_path / "in").exists()
    feeder.bring_back()
    feeder.step(20.0)
    feeder.finish()
    assert [entry.number for entry in drops(tmp_path)] == [0, 1]


def test_a_file_counts_as_taken_when_the_line_has_listed_all_of_it(feeder: Feeder, tmp_path: Path) -> None:
    feeder.step(0.0)
    feeder.finish()
    (entry,) = drops(tmp_path)
    listed = tmp_path / "data" / "watched" / f"{NAME}.jsonl"
    listed.parent.mkdir(parents=True)
    assert not feeder.taken
    for size, taken in ((entry.size - 1, False), (entry.size, True)):
        said = {"run": 1, "seq": 0, "file": entry.file, "size": size}
        listed.write_text('{"mount": "/"}\n' + json.dumps(said) + '\n{"run": 1{"placed": 0}\n{"run": 1, "se')
        assert feeder.taken is taken


def test_a_free_port_is_one_of_its_range() -> None:
    assert 20_000 <= free_port("a") < 30_000


def test_a_process_hears_on_the_ports_that_it_has_and_a_dead_one_on_none() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as heard:
        heard.bind(("127.0.0.1", 0))
        assert heard.getsockname()[1] in ports_of(os.getpid())
    assert ports_of(NO_PROCESS) == []
