"""The page that draws regions: in a real browser, on a real camera's pictures, into a real file."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from detector.regions import Locate, Point, Region, Tiles
from detector.verdict import Box
from stream.configuration import read_line
from tests.browser import Browser, Page, browser
from tests.line import ROOT, TINY_BUNDLE

FILE = f"""# the line of hall 2
data_dir: data
cameras:
  belt:
    source: "synthetic:?size=640x480&fps=10"   # drawn
    regions:
      # the gate
      gate: {{box: [100, 100, 300, 300]}}   # narrow
  # the second
  other: {{source: "synthetic:", region: [0, 0, 400, 400]}}
inspector: {{bundle: {TINY_BUNDLE}}}
# the end
"""
GATE = Region("gate", box=Box(100, 100, 300, 300))


@dataclass(frozen=True)
class Served:
    """A `stream regions` that runs."""

    address: str
    file: Path

    def regions(self) -> tuple[Region, ...]:
        return read_line(self.file).camera("belt").regions


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    file = tmp_path / "line.yaml"
    file.write_text(FILE)
    command = [sys.executable, "-m", "stream", "regions", str(file), "--camera", "belt"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            said = process.stdout.readline()
            found = re.search(r"http://\S+", said)
            assert found, said
            yield Served(found[0], file)
        finally:
            process.send_signal(signal.SIGINT)
            code = process.wait(60)
    assert code == 0


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("browser")) as opened:
        yield opened


@pytest.fixture
def page(chromium: Browser, served: Served) -> Iterator[Page]:
    opened = chromium.open(served.address, width=1400, height=900)
    opened.until("document.querySelector('#camera')?.textContent === 'belt'")
    opened.until("document.querySelector('#drawing').viewBox.baseVal.width === 640")
    settle(opened)
    yield opened
    opened.call("Page.close")


def settle(page: Page) -> None:
    """Until the server has answered for what is drawn now."""
    page.until("[...document.querySelectorAll('.words')].every((one) => one.textContent !== '…')")


def at(page: Page, x: float, y: float) -> tuple[float, float]:
    """Where a pixel of the picture is on the screen."""
    scale, _, _, _, left, top = page.evaluate(
        "(({a, b, c, d, e, f}) => [a, b, c, d, e, f])(document.querySelector('#drawing').getScreenCTM())"
    )
    return float(scale * x + left), float(scale * y + top)


def mouse(page: Page, kind: str, x: float, y: float) -> None:
    left, top = at(page, x, y)
    down = 0 if kind == "mouseMoved" else 1
    page.call("Input.dispatchMouseEvent", type=kind, x=left, y=top, button="left", buttons=1, clickCount=down)


def drag(page: Page, x0: float, y0: float, x1: float, y1: float) -> None:
    mouse(page, "mousePressed", x0, y0)
    mouse(page, "mouseMoved", (x0 + x1) / 2, (y0 + y1) / 2)
    mouse(page, "mouseMoved", x1, y1)
    mouse(page, "mouseReleased", x1, y1)


def click(page: Page, x: float, y: float) -> None:
    mouse(page, "mousePressed", x, y)
    mouse(page, "mouseReleased", x, y)


def tool(page: Page, name: str) -> None:
    page.evaluate(f"document.querySelector('button[data-tool={name}]').click()")


def key(page: Page, name: str, code: int, modifiers: int = 0) -> None:
    named = {"key": name, "code": name, "windowsVirtualKeyCode": code, "modifiers": modifiers}
    page.call("Input.dispatchKeyEvent", type="keyDown", **named)
    page.call("Input.dispatchKeyEvent", type="keyUp", **named)


def save(page: Page) -> str:
    """What the page says of it."""
    page.evaluate("document.querySelector('#save').click()")
    page.until("document.querySelector('#outcome').textContent")
    return page.text("#outcome")


def test_every_kind_is_drawn_with_the_mouse_and_written_into_the_file(page: Page, served: Served) -> None:
    page.until("Number(document.querySelector('#picture').width) === 640")
    assert "shrink" in page.text(".words") and "trained at" in page.text(".words")
    tool(page, "box")
    drag(page, 400, 50, 500, 150)
    tool(page, "tiles")
    drag(page, 20, 320, 620, 470)
    tool(page, "locate")
    drag(page, 320, 160, 630, 310)
    tool(page, "polygon")
    for corner in ((20, 20), (90, 30), (60, 90)):
        click(page, *corner)
    key(page, "Enter", 13)
    page.until("document.querySelectorAll('.shape').length === 5")
    settle(page)
    if folder := os.environ.get("LINEWATCH_SCREENSHOTS"):
        page.screenshot(Path(folder) / "regions.png")
    assert save(page).startswith("written to line.yaml")
    gate, box, tiles, code, polygon = served.regions()
    assert gate == GATE
    assert box == Region("box", box=Box(400, 50, 500, 150))
    assert tiles == Region("tiles", tiles=Tiles(150, 32, Box(20, 320, 620, 470)))
    assert code == Region("code", locate=Locate(75, box=Box(320, 160, 630, 310)))
    assert polygon == Region("polygon", polygon=(Point(20, 20), Point(90, 30), Point(60, 90)))
    text = served.file.read_text()
    for kept in FILE.splitlines():
        assert kept in text, "no line that was there is touched"


def type_into(page: Page, index: int, word: str, value: str) -> None:
    field = f"document.querySelector('[data-key=\"{index}-{word}\"]')"
    page.evaluate(f"({field}.value = {value!r}, {field}.dispatchEvent(new Event('change', {{bubbles: true}})))")


def until_said(page: Page, words: str) -> None:
    page.until(f"document.querySelector('.words').textContent.includes({words!r})")


def test_a_region_is_moved_pulled_nudged_typed_and_deleted(page: Page, served: Served) -> None:
    drag(page, 200, 200, 220, 180)  # its body
    page.until("document.querySelector('.shape.chosen')")
    drag(page, 320, 280, 340, 290)  # its lower right corner
    page.evaluate("document.querySelector('.shape').focus()")
    key(page, "ArrowLeft", 37)
    key(page, "ArrowDown", 40, modifiers=8)  # Shift
    settle(page)
    assert save(page).startswith("written")
    assert served.regions() == (Region("gate", box=Box(119, 90, 339, 300)),)
    text = served.file.read_text()
    assert "   # narrow\n" in text, "its comment stays beside it"

    type_into(page, 0, "right", "9000")
    until_said(page, "outside the picture of 640x480 px")
    assert "outside the picture" in save(page)
    assert served.file.read_text() == text, "what is wrong is not written"
    type_into(page, 0, "right", "639")
    until_said(page, "thin scratches may vanish")
    type_into(page, 0, "name", "a gate")
    until_said(page, "not a region")
    type_into(page, 0, "name", "wide")
    until_said(page, "thin scratches may vanish")
    assert save(page).startswith("written")
    assert served.regions() == (Region("wide", box=Box(119, 90, 639, 300)),)

    page.evaluate("document.querySelector('.shape').focus()")
    key(page, "Delete", 46)
    page.until("document.querySelectorAll('.shape').length === 0")
    assert save(page).startswith("written")
    assert served.regions() == ()
    assert read_line(served.file).camera("other").region == Box(0, 0, 400, 400)


def test_codes_are_found_in_the_picture_shown_and_a_file_changed_meanwhile_is_left(page: Page, served: Served) -> None:
    tool(page, "locate")
    drag(page, 20, 20, 630, 470)
    type_into(page, 1, "length", "200")
    page.until("document.querySelector('.shape .found')")
    if folder := os.environ.get("LINEWATCH_SCREENSHOTS"):
        page.evaluate("document.querySelector('#hold').click()")
        page.screenshot(Path(folder) / "codes.png")
    theirs = FILE.replace("hall 2", "hall 3")
    served.file.write_text(theirs)
    settle(page)
    assert "changed by somebody else" in save(page)
    assert served.file.read_text() == theirs
    assert "code: {locate: {box: [20, 20, 630, 470]}}" in page.text("#yaml"), "it is there to be copied"


REFUSED: list[tuple[str, dict[str, str], int]] = [
    ("/status.json", {}, 401),
    ("/regions/picture", {}, 401),
    ("/regions/save", {}, 401),
    ("/status.json", {"Host": "evil.example"}, 403),
    ("/regions/save", {"Origin": "http://evil.example"}, 403),
]


def test_nobody_gets_in_without_the_token_or_from_another_site(served: Served) -> None:
    for path, headers, status in REFUSED:
        address = served.address.partition("/#")[0] + path
        body = b'{"regions": []}' if path.endswith("save") else None
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(urllib.request.Request(address, body, headers), timeout=30)
        with refused.value as answer:
            assert answer.status == status
    assert served.file.read_text() == FILE


def test_without_a_region_the_page_says_how_to_begin(page: Page) -> None:
    assert page.text("#hint").startswith("Drag a region to move it")
    page.evaluate("[...document.querySelectorAll('.list button')].find((one) => one.textContent === 'Delete').click()")
    page.until("!document.querySelectorAll('.list li').length")
    assert page.text("#hint").startswith("Choose Box, Polygon, Tiles or Code above")
    tool(page, "box")
    assert page.text("#hint").startswith("Drag a rectangle")


def test_what_was_found_in_an_earlier_picture_than_the_one_that_is_shown_fades(page: Page) -> None:
    page.until("document.querySelector('#stage').hasAttribute('data-past')")
    page.evaluate("document.querySelector('#hold').click()")
    tool(page, "locate")
    drag(page, 20, 320, 620, 470)
    page.until("!document.querySelector('#stage').hasAttribute('data-past')")
