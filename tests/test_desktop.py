"""The live overlay in a window: what it may claim, what it draws, and a real one beside a real line."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.configuration import ConfigurationError, read_line
from stream.desktop import lettering
from stream.desktop.alarms import BAR_PX, Alarm, draw_alarms
from stream.desktop.drawing import PLATES, Card, columns_of, wall, with_overlay
from stream.desktop.lettering import CUT, lines_of, width_of
from stream.desktop.situation import Shown, Situation, situation
from stream.desktop.watching import AddressError, Pass, Watching, address_of
from stream.messages import DefectRecord
from stream.settings import DisplaySettings
from stream.sources.numbered_picture import read_number
from stream.web.pictures import Arrived, PictureHeader
from stream.web.talk import CameraView
from tests.desktop import TRIES, desktop, seen_on
from tests.line import ROOT, RunningLine, running, wait_for, write_line
from tests.ports import free_port
from tests.test_rtsp_line import stop

HEADER = PictureHeader("belt", 1, 7, "GOOD", 0.1, None, 20.0, 10.0, 10.0, 0.0, 0, 640, 480, 0)
CAMERA = CameraView("belt", "running", "", 1000.0, 25.0, 0, 0, 8, 8, 0, 0, {}, False, 0)
RED, YELLOW = (0, 0, 255), (0, 255, 255)  # BGR


def shown(**changed: object) -> Shown:
    return Shown(msgspec.structs.replace(HEADER, **changed), arrived_s=100.0)


@pytest.mark.parametrize(
    ("camera", "picture", "heard_s", "now_s", "word", "covered"),
    [
        (CAMERA, shown(), 0.1, 100.2, "GOOD", False),
        (CAMERA, shown(state="BAD", score=0.9), 0.1, 100.2, "BAD", False),
        (CAMERA, shown(state="splendid"), 0.1, 100.2, "UNKNOWN", False),
        (CAMERA, shown(), 0.1, 101.1, "STALE", True),
        (CAMERA, shown(judged_ms=5000.0), 0.1, 100.0, "STALE", True),
        (CAMERA, shown(), 9.0, 109.0, "STALE", True),
        (msgspec.structs.replace(CAMERA, stale_after_ms=5000.0), shown(), 0.1, 103.0, "GOOD", False),
        (msgspec.structs.replace(CAMERA, state="retrying"), shown(), 0.1, 109.0, "RETRYING", True),
        (msgspec.structs.replace(CAMERA, state="retrying"), shown(), 9.0, 109.0, "STALE", True),
        (msgspec.structs.replace(CAMERA, state="ended"), None, 0.1, 100.0, "ENDED", True),
        (msgspec.structs.replace(CAMERA, state="starting"), None, 0.1, 100.0, "WAITING", True),
        (CAMERA, None, 0.1, 100.0, "STALE", True),
        (None, None, 1e9, 100.0, "STALE", True),
    ],
    ids=[
        *("good", "bad", "a word of another version", "no further picture", "judged long ago", "no word from the line"),
        *("a slow camera", "lost", "lost, and the line too", "over", "begins", "no picture ever", "nothing ever"),
    ],
)
def test_a_picture_is_live_only_while_that_is_sure(
    camera: CameraView | None, picture: Shown | None, heard_s: float, now_s: float, word: str, covered: bool
) -> None:
    said = situation(camera, picture, heard_s=heard_s, watched_s=20.0, now_s=now_s)
    assert (said.word, said.covered) == (word, covered)


def arrived(header: PictureHeader, grey: int = 90, mask: np.ndarray | None = None) -> Arrived:
    """As it comes: half as large as the frame."""
    picture = cv2.imencode(".jpg", np.full((240, 320, 3), grey, np.uint8))[1].tobytes()
    packed = b"" if mask is None else cv2.imencode(".png", mask)[1].tobytes()
    return Arrived(msgspec.structs.replace(header, jpeg_bytes=len(picture)), picture, packed)


def test_mask_and_defects_lie_where_they_were_found() -> None:
    defect = DefectRecord("scratch", 0.9, (200, 100, 280, 140), 9, 9.0, 1.0)
    header = msgspec.structs.replace(HEADER, state="BAD", defects=(defect,), mask_box=(200, 100, 280, 140))
    drawn = with_overlay(arrived(header, mask=np.full((40, 80), 255, np.uint8))).astype(int)
    inside, outside = drawn[60, 120], drawn[200, 300]
    assert inside[2] - inside[0] > 60, "red"
    assert abs(outside - 90).max() < 4, "untouched"
    assert np.abs(drawn[60, 100 - 3] - YELLOW).max() < 60, "the box around it, with its margin"


def test_what_is_no_picture_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="no picture"):
        with_overlay(Arrived(HEADER, b"not a JPEG", b""))


def card(kind: str, *, covered: bool = False) -> Card:
    picture = np.full((480, 640, 3), 200, np.uint8)
    return Card("belt", Situation(kind, kind.upper(), "why", covered=covered), shown(), picture)


@pytest.mark.parametrize("kind", PLATES)
def test_the_plate_says_the_state_in_its_colour(kind: str) -> None:
    drawn = wall([card(kind)], [], 600, 800, 100.0)
    assert tuple(drawn[12, 700]) == PLATES[kind][0]


def test_a_covered_picture_cannot_be_taken_for_a_live_one() -> None:
    live = wall([card("good")], [], 600, 800, 100.0)
    stale = wall([card("stale", covered=True)], [], 600, 800, 100.0)
    assert live[400, 400].min() == 200
    assert stale[500, 600].max() < 100


def test_an_alarm_stands_above_all_cameras() -> None:
    drawn = wall([card("good")], [Alarm("Nothing can be recorded")], 600, 800, 100.0)
    assert drawn[40, 790, 2] > 150 > drawn[40, 790, 1]


def test_an_alarm_that_somebody_knows_of_calls_out_no_more() -> None:
    drawn = wall([card("good")], [Alarm("Nothing can be recorded", "ann")], 600, 800, 100.0)
    assert drawn[40, 790].max() < 60 and drawn[20, 2, 2] > 150, "a red edge is left"


@given(st.text("ab -é", max_size=200), st.integers(60, 900), st.integers(1, 3))
def test_words_of_an_alarm_break_where_they_have_no_room(text: str, width: int, most: int) -> None:
    lines = lines_of(text, 15, width, most)
    assert len(lines) <= most
    if " ".join(lines) != " ".join(text.split()):
        assert any(line.endswith(CUT) for line in lines), "that something is left out is seen"
    assert all(width_of(line, 15) <= width or line == CUT for line in lines)


@given(st.text("iWé-", min_size=1, max_size=60), st.integers(20, 200))
def test_a_word_without_room_keeps_as_many_signs_as_have(word: str, width: int) -> None:
    (line,) = lines_of(word, 15, width, 1)
    if line != word:
        longer = word[: len(line) - len(CUT) + 1] + CUT
        assert line == CUT or width_of(line, 15) <= width < width_of(longer, 15)


def test_a_word_of_thousands_of_signs_is_measured_a_few_times(monkeypatch: pytest.MonkeyPatch) -> None:
    measured: list[str] = []

    def measuring(text: str, size: int) -> int:
        measured.append(text)
        return width_of(text, size)

    monkeypatch.setattr(lettering, "width_of", measuring)
    (line,) = lines_of("w" * 3000, 15, 300, 1)
    assert line.endswith(CUT) and len(measured) < 20


def test_of_many_alarms_the_last_bar_says_how_many_are_not_shown() -> None:
    few, many = ([Alarm(f"alarm {n}") for n in range(count)] for count in (3, 9))
    drawn = [np.zeros((600, 800, 3), np.uint8) for _ in range(3)]
    assert draw_alarms(drawn[0], few) == draw_alarms(drawn[1], many) == 3 * BAR_PX
    told = [*many[:2], Alarm("and 7 more alarms; the page lists them all")]
    draw_alarms(drawn[2], told)
    assert (drawn[1] == drawn[2]).all() and (drawn[0] != drawn[1]).any()


@given(st.integers(0, 40), st.integers(1, 3000), st.integers(1, 3000))
def test_every_camera_has_its_place(count: int, height: int, width: int) -> None:
    columns = columns_of(count, height, width)
    assert 1 <= columns <= max(1, count)
    assert wall([card("good")] * count, [Alarm("alarm")] * 5, min(height, 300), min(width, 300), 100.0).shape[2] == 3


@pytest.mark.parametrize(
    ("given_", "address"),
    [
        ("line7", "http://line7:8080"),
        ("192.168.1.10:9000", "http://192.168.1.10:9000"),
        ("http://line7:8080/", "http://line7:8080"),
        ("https://line7", "https://line7:443"),
        ("[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_an_address_is_taken_as_people_write_it(given_: str, address: str) -> None:
    assert address_of(given_) == address


@pytest.mark.parametrize("given_", ["", "ftp://line7", "line7:http", "line7:99999", "http://ann:secret@line7"])
def test_what_is_no_address_is_refused(given_: str) -> None:
    with pytest.raises(AddressError, match="as in 192"):
        address_of(given_)


def page_of(line: RunningLine) -> str:
    def address() -> str | None:
        return next((word for word in line.said().split() if word.startswith("http://127")), None)

    return str(wait_for(address, "the page's address")).rstrip("/")


def test_what_is_watched_is_the_frame_that_was_judged(tmp_path: Path) -> None:
    with (
        running(write_line(tmp_path, "numbered:?size=320x240&fps=10&bad=0.3")) as line,
        Watching(page_of(line)) as watching,
    ):
        for _ in range(3):
            before = watching.seen().shown.get("belt")
            wait_for(lambda: watching.seen().shown.get("belt") not in (None, before), "another picture")  # noqa: B023
            seen = watching.seen()
            assert read_number(seen.pictures["belt"]) == seen.shown["belt"].header.seq
        wait_for(lambda: watching.seen().status is not None, "the line's word")
        stop(line)
        wait_for(lambda: watching.seen().trouble, "the loss to be told")


def test_a_window_shows_the_line_and_covers_it_when_the_line_is_gone(tmp_path: Path) -> None:
    with desktop() as display, running(write_line(tmp_path, "numbered:?size=320x240&fps=10&bad=0")) as line:
        words = [sys.executable, "-m", "stream", "watch", page_of(line).removeprefix("http://")]
        watch = subprocess.Popen(words, cwd=ROOT, env={**os.environ, "DISPLAY": display}, stderr=subprocess.PIPE)
        try:
            wait_for(has_plate(display, "good"), "a green plate")
            stop(line)
            wait_for(has_plate(display, "stale", "ended"), "the cover")
        finally:
            watch.terminate()
            _, said = watch.communicate(timeout=60)
    assert watch.returncode == 0, said


def has_plate(display: str, *kinds: str) -> Callable[[], bool]:
    """Whether a tenth of what is to be seen has the plate's colour or more."""

    def look() -> bool:
        seen = seen_on(display).astype(int)
        near = [np.abs(seen - PLATES[kind][0][::-1]).max(axis=2) < 8 for kind in kinds]
        return bool(max(one.mean() for one in near) > 0.05)

    return look


def test_the_line_opens_its_own_window_and_goes_on_without_one(tmp_path: Path) -> None:
    file = write_line(tmp_path, "numbered:?size=320x240&fps=10&bad=0")
    with desktop() as display, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DISPLAY", display)
        with running(file, "--set", "display.window=true") as line:
            wait_for(has_plate(display, "good"), "a green plate")
            killed = line.kill("window")
            line.wait_beating("window", other_than=killed)
            stop(line)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DISPLAY", raising=False)
        with running(file, "--set", "display.window=true") as line:
            wait_for(lambda: "no desktop to open a window on" in line.said(), "the reason")
            wait_for(lambda: line.judged() > 5, "verdicts all the same")
            stop(line)


def test_a_page_that_asks_for_its_token_says_so_and_takes_it(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("a-token-of-this-test\n")
    token.chmod(0o600)
    file = write_line(tmp_path, "numbered:?size=320x240&fps=10&bad=0")
    with running(file, "--set", f"display.token_file={token}") as line:
        with Watching(page_of(line)) as stranger:
            wait_for(lambda: "--token-file" in stranger.seen().trouble, "the refusal")
        with Watching(page_of(line), Pass(token="a-token-of-this-test")) as watching:
            wait_for(lambda: watching.seen().shown, "a picture")
        stop(line)


def test_nobody_there_is_told_in_words() -> None:
    with Watching(f"http://127.0.0.1:{free_port()}") as watching:
        wait_for(lambda: "does the line run?" in watching.seen().trouble, "the trouble")
    assert replace(watching.seen(), trouble="").shown == {}


def test_a_word_in_the_file_is_enough(tmp_path: Path) -> None:
    file = tmp_path / "line.yaml"
    file.write_text('cameras: {belt: {source: "synthetic:"}}\ndisplay: window\n')
    assert read_line(file).display == DisplaySettings(window=True)
    file.write_text('cameras: {belt: {source: "synthetic:"}}\ndisplay: windows\n')
    with pytest.raises(ConfigurationError, match="needs settings below it, got windows"):
        read_line(file)


def test_a_display_that_somebody_has_is_left_to_them(monkeypatch: pytest.MonkeyPatch) -> None:
    with desktop() as taken:
        chance = random.Random(taken)
        free = [number for number in chance.sample(range(100, 10_000), TRIES) if f":{number}" != taken]
        monkeypatch.setattr(chance, "sample", lambda *_: [int(taken[1:]), *free])
        monkeypatch.setattr("tests.desktop._chance", chance)
        with desktop() as other:
            assert other[1:].isdecimal() and other != taken
            assert not seen_on(other).any(), "an empty desktop is black"
        assert seen_on(taken).shape == (400, 640, 3), "it is still there"
