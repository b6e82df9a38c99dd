"""What every page of a line has: alarms and whether the line is heard, sound, the API, its keys, who may press what.

The line is played; a user of each role looks at it in a real browser.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from stream.messages import HouseStatus
from stream.places import SHM, Places
from stream.settings import CameraSettings, DisplaySettings, LineSettings
from tests.browser import Browser, Page, browser
from tests.logged_in import password_of, write_some
from tests.played_line import PlayedLine, Running, displayed, running

FOUND = "document.querySelector('#more').hidden"  # all that there is
ASKED = "document.documentElement.dataset.shown || !document.querySelector('#wrong').hidden"
SETTLED = {  # each page, and when all is there that one can go to
    "/": "document.querySelector('.camera .name') && document.querySelector('#about dt')",
    "/camera/belt": "document.querySelector('#others a') && document.querySelector('#challenges button')",
    "/incidents": FOUND,
    "/samples": FOUND,
    "/figures": ASKED,
    "/report": ASKED,
    "/audit": "document.querySelector('#count').textContent",
    "/api": "document.querySelector('#calls details')",
}
ALARM = "the disk is full"
HEARD = "document.querySelector('#link')?.dataset.on === 'true'"
RANG = "window.rang"
# Where one is: its id, its kind where it has none, and nothing where one is nowhere; whether that is seen; its words.
FOCUSED = """((one) => {
  const seen = ({ outlineStyle, outlineWidth }) => outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
  const rings = [null, "::after", "::before"].map((part) => getComputedStyle(one, part));
  const beside = one.nextElementSibling ? [getComputedStyle(one.nextElementSibling)] : [];
  const named = one === document.body ? "" : one.id || one.localName;
  return [named, [...rings, ...beside].some(seen), one.outerHTML.slice(0, 80)];
})(document.activeElement)"""
# Notes each tone that is scheduled; what is scheduled is what sounds, where there is a loudspeaker.
LISTEN = """window.rang = [];
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (when) {
  window.rang.push([this.frequency.value, this.context.state]);
  return start.call(this, when);
};"""


class Alarmed(PlayedLine):
    """Its supervisor has an alarm, once it is told to."""

    alarms: tuple[str, ...] = ()

    def say_house(self, status: HouseStatus) -> None:
        super().say_house(HouseStatus(status.roles, self.alarms))


@dataclass(frozen=True)
class House:
    address: str
    played: Alarmed
    playing: Running


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("browser")) as opened:
        yield opened


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[House]:
    data_dir = tmp_path_factory.mktemp("data")
    write_some(data_dir / "users.txt")
    display = DisplaySettings(port=0, users_file=data_dir / "users.txt")
    line = LineSettings((CameraSettings("belt", "synthetic:"),), data_dir, display=display)
    with tempfile.TemporaryDirectory(prefix="lw-", dir=SHM) as folder:
        places = Places(Path(folder))
        with displayed(line, places) as address, closing(Alarmed(places)) as played, running(played) as playing:
            house = House(address, played, playing)
            all_hear_each_other(chromium, house)
            yield house


def all_hear_each_other(chromium: Browser, house: House) -> None:
    """The display has connected to each of those that are played: from then on nobody opens a socket here."""
    page = chromium.open("about:blank")
    enter(page, house, "olaf", "/")
    of_inspector, of_capture = (
        "document.querySelector('.camera[data-seq]')",
        "document.querySelector('.facts').textContent",
    )
    page.until(f"{of_inspector} && {of_capture}.includes('frames/s25.0')")
    page.until("document.querySelector('#roles').textContent.includes('record running')")
    page.until("document.querySelector('#about').textContent.includes('codes-1')")
    page.call("Page.close")


@pytest.fixture
def page(chromium: Browser, house: House) -> Iterator[Page]:
    """A tab of its own, in which nobody has clicked yet."""
    opened = chromium.open("about:blank")
    opened.call("Page.enable")
    opened.call("Page.addScriptToEvaluateOnNewDocument", source=LISTEN)
    yield opened
    house.played.alarms = ()
    house.playing.camera_state, house.playing.judging = "running", True
    opened.call("Network.clearBrowserCookies")
    opened.call("Page.close")


def enter(page: Page, house: House, name: str, path: str) -> None:
    """Logs in, and goes there."""
    page.go(f"{house.address}/static/login.js")
    words = json.dumps(json.dumps({"name": name, "password": password_of(name)}))
    options = f"{{method: 'POST', headers: {{'Content-Type': 'application/json'}}, body: {words}}}"
    assert page.evaluate(f"fetch('/api/login', {options}).then((a) => a.status)") == 200
    page.go(house.address + path)
    page.until(HEARD)


@pytest.mark.parametrize("path", SETTLED)
def test_each_page_is_gone_through_by_tab_alone_shows_alarms_the_way_to_the_api_and_its_keys_and_fits_a_phone(
    page: Page, house: House, path: str
) -> None:
    enter(page, house, "olaf", path)
    page.until(SETTLED[path])
    goes_through_by_tab_alone(page)
    page.until("document.querySelector('#link-text').textContent === 'connected'")
    assert page.evaluate("document.querySelector('.foot a').href").endswith("/api")
    house.played.alarms = (ALARM,)
    page.until(f"document.querySelector('.alarm-text')?.textContent === '{ALARM}'")
    page.until("document.title.startsWith('⚠ 1 · ')")
    house.played.alarms = ()
    page.until("!document.querySelector('.alarm-text') && !document.title.includes('⚠')")
    page.press("?")
    page.until("document.querySelector('dialog[open] kbd')")
    page.press("Escape")
    page.until("!document.querySelector('dialog[open]')")
    page.resize(360, 740)
    page.until("innerWidth === 360 && document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_on_a_phone_the_page_that_is_open_is_seen_in_the_bar_and_an_arrow_says_that_there_are_more(
    page: Page, house: House
) -> None:
    enter(page, house, "olaf", "/audit")
    page.resize(360, 740)
    bar, seen = "document.querySelector('.nav-pages')", "((one) => one.getBoundingClientRect())"
    last = f"{seen}({bar}.lastElementChild).right <= {seen}({bar}).right + 1"
    arrows = f"['::before', '::after'].map((one) => getComputedStyle({bar}, one).content[1] ?? '').join('')"
    page.until(f"{last} && {bar}.dataset.more === 'left' && {arrows}.startsWith('‹')")
    page.evaluate(f"{bar}.scrollLeft = 0")
    page.until(f"{bar}.dataset.more === 'right' && {arrows}.endsWith('›')")
    page.resize(1280, 800)
    page.until(f"innerWidth === 1280 && {bar}.dataset.more === ''")


def goes_through_by_tab_alone(page: Page) -> None:
    """From the head to the foot; and it is seen where one is."""
    for _ in range(60):
        page.press("Tab")
        named, seen, words = page.evaluate(FOCUSED)
        if named in ("", "keys"):
            break
        assert seen, f"focus is not seen on {words}"
    assert named == "keys" and seen, "the foot is reached"


def test_the_first_gesture_lets_alarms_sound_on_a_page_without_pictures_and_each_new_one_does(
    page: Page, house: House
) -> None:
    enter(page, house, "olaf", "/audit")
    house.played.alarms = (ALARM,)
    page.until("document.querySelector('.alarm-text')")
    page.until("document.title.startsWith('⚠')")
    assert page.evaluate(RANG) == [], "a browser lets nothing sound before a gesture"
    page.press("Tab")
    page.until("document.querySelector('.sound').textContent === 'Sound is on'")
    page.until(f"({RANG}).length >= 2")
    assert page.evaluate(f"({RANG}).slice(0, 2)") == [[880, "running"], [660, "running"]]
    house.played.alarms = ()
    page.until("!document.querySelector('.alarm-text')")
    before = page.evaluate(f"({RANG}).length")
    house.played.alarms = ("another",)
    page.until(f"({RANG}).length >= {before} + 2")


@pytest.mark.parametrize("path", ["/incidents", "/samples"])
def test_whoever_may_look_alone_finds_no_button_that_would_be_refused(page: Page, house: House, path: str) -> None:
    enter(page, house, "vera", path)
    page.until(
        "document.querySelector('.look-only')?.textContent === 'You are a viewer here, and this is for operators.'"
    )
    pressable = "[...document.querySelectorAll('.review-bar button')].filter((one) => !one.disabled).length"
    assert page.evaluate(pressable) == 1, "the list of keys alone"
    page.press("d")
    assert page.text(".told") == "You are a viewer here, and this is for operators."


def test_a_viewer_sees_an_alarm_and_that_it_is_not_theirs_to_acknowledge(page: Page, house: House) -> None:
    house.played.alarms = (ALARM,)
    enter(page, house, "vera", "/figures")
    page.until("document.querySelector('.acknowledge')?.disabled")
    assert page.text(".alarm-who") == "an operator acknowledges it"
    page.go(f"{house.address}/camera/belt")
    page.until("document.querySelector('#challenges button')?.disabled")
    enter(page, house, "olaf", "/camera/belt")
    page.until("document.querySelector('.acknowledge') && document.querySelector('#challenges .soft')")
    assert page.evaluate("document.querySelector('.acknowledge').disabled") is False
    assert page.evaluate("document.querySelector('#challenges button').disabled") is False


def test_a_camera_that_ended_offers_nothing_live(page: Page, house: House) -> None:
    enter(page, house, "olaf", "/camera/belt")
    screen = "[...document.querySelectorAll('#now div')].find((one) => one.textContent.startsWith('capture to screen'))"
    page.until(f"/ms$/.test({screen}?.textContent)")
    house.playing.judging, house.playing.camera_state = False, "ended"
    page.until("document.querySelector('.word').textContent === 'ENDED'")
    assert page.text("#freeze") == "Last picture"
    page.press(" ")
    page.until("document.querySelector('#freeze').textContent === 'Leave it'")
    page.until("document.querySelector('#frozen-text').textContent.endsWith('the camera has ended')")
    page.until(f"{screen}.textContent === 'capture to screen–'")
    page.go(f"{house.address}/")
    page.until("document.querySelector('#roles')?.textContent.includes('capture belt ended')")


def test_stepping_back_says_why_it_cannot(page: Page, house: House) -> None:
    house.playing.judging = False
    enter(page, house, "olaf", "/camera/nobody")
    page.press("ArrowLeft")
    assert page.text("#told") == "There is no picture yet."
    page.press(" ")
    assert page.text("#told") == "There is no picture yet." and page.text("#freeze") == "Freeze"


def test_two_fingers_zoom_where_they_lie_and_one_moves(page: Page, house: House) -> None:
    enter(page, house, "olaf", "/camera/belt")
    page.until("document.querySelector('#picture').dataset.seq")
    page.call("Emulation.setTouchEmulationEnabled", enabled=True, maxTouchPoints=2)
    place = page.evaluate("(({x, y, width, height}) => [x + width / 2, y + height / 2])(stage.getBoundingClientRect())")
    touch(page, "touchStart", place, -40, 40)
    for apart in (60, 80):
        touch(page, "touchMove", place, -apart, apart)
    touch(page, "touchEnd", place)
    page.until("document.querySelector('#zoom').textContent === '200%'")
    scale = "new DOMMatrix(getComputedStyle(document.querySelector('#picture')).transform)"
    before = page.evaluate(f"{scale}.e")
    touch(page, "touchStart", place, 0)
    touch(page, "touchMove", place, -30)
    touch(page, "touchEnd", place)
    page.until(f"Math.abs({scale}.e - {before} + 30) < 1.5")
    assert page.evaluate("visualViewport.scale") == 1, "the page itself stays as it is"
    page.call("Emulation.setTouchEmulationEnabled", enabled=False)


def touch(page: Page, kind: str, place: list[float], *offsets: float) -> None:
    """Fingers on a line through a place."""
    points = [{"x": place[0] + x, "y": place[1], "id": number} for number, x in enumerate(offsets)]
    page.call("Input.dispatchTouchEvent", type=kind, touchPoints=points)
