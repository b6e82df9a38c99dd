"""The wall in a real browser: how cameras are laid out, what keys and sound do; the page's pure parts with cases."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from stream.messages import LineStatus
from stream.places import SHM, Places
from stream.settings import CameraSettings, DisplaySettings, LineSettings
from tests.browser import Page, browser
from tests.played_line import PlayedLine, displayed, running

NAMES = ("belt", *(f"lid{number}" for number in range(1, 9)))
WITHIN_S = 120.0


@pytest.fixture(scope="module")
def wall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Page, Places]]:
    line = LineSettings(
        cameras=tuple(CameraSettings(name, "synthetic:") for name in NAMES),
        data_dir=tmp_path_factory.mktemp("data"),
        display=DisplaySettings(port=0),
    )
    with tempfile.TemporaryDirectory(prefix="lw-", dir=SHM) as folder:
        places = Places(Path(folder))
        with displayed(line, places) as address, browser(tmp_path_factory.mktemp("browser")) as chromium:
            yield chromium.open(f"{address}/", width=1920, height=1080), places


@pytest.fixture
def page(wall: tuple[Page, Places]) -> Page:
    page, _ = wall
    page.go(page.evaluate("location.origin") + "/")
    page.until(f"document.querySelectorAll('.camera').length === {len(NAMES)}")
    return page


def pure(page: Page, module: str, expression: str) -> Any:
    return page.evaluate(f"import('/static/{module}').then((m) => {expression})")


def test_nine_cameras_fit_into_the_window_and_into_a_phones_width(page: Page) -> None:
    page.until("document.querySelector('#wall').style.getPropertyValue('--columns') === '3'")
    page.until("document.documentElement.scrollHeight <= innerHeight")
    page.resize(360, 740)
    page.until("innerWidth === 360 && document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    page.resize(1920, 1080)


@pytest.mark.parametrize(
    ("count", "width", "height", "columns"),
    [(1, 1400, 900, 1), (2, 1400, 900, 2), (2, 700, 1400, 1), (4, 1400, 900, 2), (9, 1400, 900, 3), (16, 1400, 900, 4)],
)
def test_as_many_columns_as_show_the_pictures_largest(
    page: Page, count: int, width: int, height: int, columns: int
) -> None:
    assert pure(page, "rules.js", f"m.columnsFor({count}, {width}, {height}, 90)") == columns


@pytest.mark.parametrize(
    ("ages", "sizes", "left"),
    [([0, 5000, 9000], [1, 1, 1], 3), ([0, 5000, 16000], [1, 1, 1], 1), ([0, 1, 2], [60, 60, 10], 2), ([0], [999], 1)],
)
def test_the_last_pictures_are_bounded_in_time_and_in_bytes(
    page: Page, ages: list[int], sizes: list[int], left: int
) -> None:
    items = json.dumps([{"arrived": age, "bytes": size} for age, size in zip(ages, sizes, strict=True)])
    push = (
        f"(() => {{ const h = new m.History(10000, 100); {items}.forEach((one) => h.push(one)); return h.length; }})()"
    )
    assert pure(page, "history.js", push) == left


def test_what_lies_under_the_pointer_stays_there_and_the_picture_covers_its_well(page: Page) -> None:
    expression = "m.zoomed({zoom: 1, x: 0, y: 0}, 2, 30, 40, 100, 80)"
    assert pure(page, "stage.js", expression) == {"zoom": 2, "x": -30, "y": -40}
    assert pure(page, "stage.js", "m.zoomed({zoom: 2, x: -100, y: -80}, 0.1, 0, 0, 100, 80)") == {
        "zoom": 1,
        "x": 0,
        "y": 0,
    }


def test_keys_go_from_camera_to_camera_and_enter_opens_one(page: Page) -> None:
    page.press("ArrowRight")
    page.press("ArrowRight")
    assert page.evaluate("document.activeElement.textContent") == NAMES[1]
    page.press("ArrowLeft")
    page.press("Enter")
    page.until("location.pathname === '/camera/belt' && document.querySelector('#one')")


def test_sound_waits_for_a_gesture_and_an_alarm_asks_to_be_acknowledged(page: Page, wall: tuple[Page, Places]) -> None:
    assert page.text(".sound") == "Sound is off: click to turn on"
    button = "document.querySelector('.sound')"
    place = page.evaluate(f"(({{x, y}}) => [x + 9, y + 9])({button}.getBoundingClientRect())")
    for kind in ("mousePressed", "mouseReleased"):
        page.call("Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left", clickCount=1)
    page.until(f"{button}.textContent === 'Sound is on' && {button}.getAttribute('aria-pressed') === 'true'")
    with closing(PlayedLine(wall[1])) as played, running(played) as playing:
        playing.saying = False
        deadline = time.monotonic() + WITHIN_S
        while page.text(".alarm-text") != "the disk is full":  # a listener that has just come back may miss one
            played.say_line(LineStatus("s", "", "", (), (), None, None, ("the disk is full",)))
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert page.text(".acknowledge") == "Acknowledge"
        page.until("document.title.startsWith('⚠ 1 · ')")
        page.until("document.querySelector(\"link[rel='icon']\").dataset.kind")
