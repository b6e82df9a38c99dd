"""The page of one camera, in a real browser; the line is played, so that each frame's number is known."""

from __future__ import annotations

import base64
import itertools
import json
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
from msgspec.structs import replace

from detector.regions import Region
from detector.verdict import Box
from stream.messages import VerdictRecord
from stream.places import SHM, Places
from stream.settings import CameraSettings, DisplaySettings, LineSettings
from stream.web.layers import mask_png
from stream.wire import pack_mask
from tests.browser import Browser, Page, browser
from tests.page_requests import ask
from tests.played_line import PlayedLine, Running, displayed, running
from tests.recordings import read_number

WIDTH, HEIGHT = 640, 480
BOX = (300, 200, 360, 260)  # of the defect: on plain grey; its mask is the diagonal, 60 pixels
STAGE = "document.querySelector('#stage')"
SHOWN = "document.querySelector('#picture').dataset"
GATE = Region("<i>gate", box=Box(40, 120, 400, 400))


class Marked(PlayedLine):
    """Its defects lie where the picture is grey, so that the mask's red is seen."""

    def verdict(self, state: str, reason: str | None) -> VerdictRecord:
        verdict = super().verdict(state, reason)
        if state != "BAD":
            return verdict
        defect = replace(verdict.defects[0], box=BOX)
        return replace(verdict, mask=pack_mask(diagonal().astype(np.uint8)), defects=(defect,))


def diagonal() -> np.ndarray:
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[BOX[1] : BOX[3], BOX[0] : BOX[2]] = np.eye(60, dtype=bool)
    return mask


@dataclass(frozen=True)
class House:
    """A display that runs, and where."""

    address: str
    places: Places


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    line = LineSettings(
        cameras=(CameraSettings("belt", "synthetic:", regions=(GATE,)),),
        data_dir=tmp_path_factory.mktemp("data"),
        display=DisplaySettings(port=0, width_px=320),
    )
    with tempfile.TemporaryDirectory(prefix="lw-", dir=SHM) as folder:
        places = Places(Path(folder))
        with displayed(line, places) as address:
            yield House(address, places)


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("browser")) as opened:
        yield opened


@pytest.fixture
def playing(house: House) -> Iterator[Running]:
    with closing(Marked(house.places)) as played, running(played) as going_on:
        yield going_on


@pytest.fixture
def page(chromium: Browser, house: House, playing: Running) -> Iterator[Page]:
    opened = chromium.open(house.address + "/camera/belt", width=1280, height=900)
    opened.until("document.querySelector('#one')?.dataset.kind === 'good'")
    yield opened
    opened.call("Page.close")


def canvas(page: Page) -> tuple[int, np.ndarray]:
    """The number that is named, and the pixels (H, W, 3) BGR, of one moment."""
    seq, data = page.evaluate(f"[{SHOWN}.seq, document.querySelector('#picture').toDataURL('image/png')]")
    picture = cv2.imdecode(np.frombuffer(base64.b64decode(data.partition(",")[2]), np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return int(seq), picture


def set_mask(page: Page, percent: int) -> None:
    field = "document.querySelector('#mask')"
    drawn = page.evaluate(f"{SHOWN}.drawn")
    page.evaluate(f"({field}.value = {percent}, {field}.dispatchEvent(new Event('input', {{bubbles: true}})))")
    page.until(f"{SHOWN}.drawn > {drawn}")


def press(page: Page, key: str) -> None:
    """A key that has the held picture drawn anew."""
    drawn = page.evaluate(f"{SHOWN}.drawn")
    page.press(key)
    page.until(f"{SHOWN}.drawn > {drawn}")


def hold_a_bad_one(page: Page, playing: Running) -> None:
    """Zoomed in a little, so that the picture comes as wide as it is, then held."""
    playing.become("BAD")
    page.press("+")
    page.until(f"{SHOWN}.state === 'BAD' && document.querySelector('#picture').width === {WIDTH}")
    page.press(" ")
    page.until(f"{STAGE}.dataset.frozen === 'true'")


def test_the_canvas_shows_the_frame_that_it_names_and_zooming_in_brings_every_pixel(
    page: Page, playing: Running
) -> None:
    named, picture = canvas(page)
    assert named == read_number(picture) and picture.shape == (HEIGHT // 2, WIDTH // 2, 3)
    hold_a_bad_one(page, playing)
    named, picture = canvas(page)
    assert named == read_number(picture) and picture.shape == (HEIGHT, WIDTH, 3)
    assert page.text("#zoom") == "125%"
    assert "scale(1.25)" in page.evaluate("document.querySelector('#picture').style.transform")


def test_the_mask_is_as_strong_as_somebody_wants_and_lies_where_it_was_judged(page: Page, playing: Running) -> None:
    hold_a_bad_one(page, playing)
    for key in ("b", "r"):
        press(page, key)
    seen = {}
    for percent in (0, 50, 100):
        set_mask(page, percent)
        seen[percent] = canvas(page)[1].astype(int)
    clean, half, full = seen[0], seen[50], seen[100]
    changed = np.argwhere(np.abs(full - clean).max(axis=2) > 0)
    assert changed.size and diagonal()[tuple(changed.T)].all(), "nothing beside the mask changes"
    assert (full[diagonal()] == (0, 0, 255)).all(), "wholly opaque it is the mask's red alone"
    assert np.abs(half - (clean + full) / 2).max() <= 2
    set_mask(page, 40)
    press(page, "b")
    yellow = np.argwhere((canvas(page)[1] == (0, 255, 255)).all(axis=2))
    assert yellow.min(axis=0) == pytest.approx((BOX[1], BOX[0]), abs=6), "the box lies around the defect"
    assert yellow.max(axis=0) == pytest.approx((BOX[3], BOX[2]), abs=6)


def test_a_held_picture_says_so_grows_old_and_one_key_leads_back_to_live(page: Page, playing: Running) -> None:
    hold_a_bad_one(page, playing)
    assert page.evaluate("document.querySelector('#frozen').checkVisibility()")
    held = int(page.evaluate(f"{SHOWN}.seq"))
    text = page.text("#frozen")
    assert text.startswith("FROZEN BY YOU") and f"BAD · frame {held} · " in text and text.endswith("not live")
    playing.become("GOOD")
    page.until("document.querySelector('.word').textContent === 'GOOD'")  # the plate goes on being live
    page.until(f"document.querySelector('#frozen-text').textContent !== {text!r}")
    assert canvas(page)[0] == held == read_number(canvas(page)[1])
    playing.judging = False
    page.until("document.querySelector('.word').textContent === 'STALE'")
    assert not page.evaluate("document.querySelector('.cover').checkVisibility()")
    playing.judging = True
    page.press(" ")
    page.until(f"{STAGE}.dataset.frozen === 'false' && Number({SHOWN}.seq) > {held} + 5")
    assert not page.evaluate("document.querySelector('#frozen').checkVisibility()")


def test_arrows_step_back_through_the_last_pictures_and_on_again(page: Page, playing: Running) -> None:
    for _ in range(7):  # pictures that this page has shown, however slow it is
        page.until(f"Number({SHOWN}.seq) > {page.evaluate(f'{SHOWN}.seq')}")
    page.press("ArrowLeft")
    page.until(f"{STAGE}.dataset.frozen === 'true'")
    seqs = [settled(page)]
    for _ in range(3):
        page.press("ArrowLeft")
        page.until(f"Number({SHOWN}.seq) < {seqs[-1]}")
        seqs.append(settled(page))
    assert all(older < newer for newer, older in itertools.pairwise(seqs))
    page.press("ArrowRight")
    page.until(f"Number({SHOWN}.seq) === {seqs[-2]}")
    assert settled(page) == seqs[-2]
    page.press("l")
    page.until(f"{STAGE}.dataset.frozen === 'false'")


def settled(page: Page) -> int:
    named, picture = canvas(page)
    assert named == read_number(picture)
    return named


def test_wheel_and_double_click_zoom_at_the_pointer_and_dragging_moves(page: Page) -> None:
    box = page.evaluate(
        f"(({{left, top, width, height}}) => [left, top, width, height])({STAGE}.getBoundingClientRect())"
    )
    left, top, width, height = (float(value) for value in box)
    x, y = left + width / 4, top + height / 4
    page.call("Input.dispatchMouseEvent", type="mouseWheel", x=x, y=y, deltaX=0, deltaY=-100)
    page.until("document.querySelector('#zoom').textContent === '140%'")
    page.press("0")
    page.until("document.querySelector('#zoom').textContent === '100%'")
    for count in (1, 2):
        for kind in ("mousePressed", "mouseReleased"):
            page.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=count)
    page.until("document.querySelector('#zoom').textContent === '300%'")
    until_moved(page, -width / 2, -height / 2)  # what was under the pointer stays there
    for kind, at in (("mousePressed", (x, y)), ("mouseMoved", (x - 50, y - 30)), ("mouseReleased", (x - 50, y - 30))):
        page.call("Input.dispatchMouseEvent", type=kind, x=at[0], y=at[1], button="left", buttons=1, clickCount=1)
    until_moved(page, -width / 2 - 50, -height / 2 - 30)


def until_moved(page: Page, x: float, y: float) -> None:
    """Until the canvas lies there, in pixels of the screen."""
    place = "new DOMMatrix(getComputedStyle(document.querySelector('#picture')).transform)"
    page.until(f"(({{e, f}}) => Math.abs(e - {x}) <= 2 && Math.abs(f - {y}) <= 2)({place})")


def test_the_page_works_with_keys_alone_says_them_and_fits_a_phone(page: Page) -> None:
    page.press("?")
    page.until("document.querySelector('dialog.keys').open")
    assert "freeze, or back to live" in page.text("dialog.keys")
    page.press("Escape")
    page.until("!document.querySelector('dialog.keys').open")
    assert page.evaluate("location.pathname") == "/camera/belt", "Escape closed the list, and nothing else"
    page.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.resize(360, 740)
    page.until("innerWidth === 360 && document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_light_and_dark_follow_the_system_and_then_the_person(page: Page) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.set_dark(True)
    page.until(f"{ground} !== '{light}'")
    button = "document.querySelector('.nav button.icon')"
    page.evaluate(f"{button}.click()")
    page.until(f"{ground} === '{light}' && document.documentElement.dataset.wish === 'light'")
    page.evaluate(f"({button}.click(), {button}.click())")
    page.until(f"{ground} !== '{light}' && document.documentElement.dataset.wish === 'system'")


def test_a_region_with_a_hostile_name_is_text_in_the_picture_and_a_strange_camera_is_none(
    page: Page, house: House
) -> None:
    assert page.evaluate("document.querySelectorAll('main i').length") == 0
    assert ask(house.address, "/camera/%3Cimg%20src=x%3E")[0] == 404
    page.go(house.address + "/camera/nobody")
    page.until("document.querySelector('.cover-text').textContent === 'this line has no camera nobody'")


PIXELS = """
(async (texts, direct) => {
  if (!direct) globalThis.ImageDecoder = undefined;
  const { pixels, sizeOf } = await import(`/static/pixels.js?${Math.random()}`);
  const canvas = new OffscreenCanvas(64, 48);
  const context = canvas.getContext("2d");
  const drawn = [];
  for (const [text, type] of texts) {
    const picture = await pixels(Uint8Array.from(atob(text), (one) => one.charCodeAt(0)), type).catch(() => null);
    if (picture === null) { drawn.push(["no picture"]); continue; }
    context.clearRect(0, 0, 64, 48);
    context.drawImage(picture, 0, 0);
    drawn.push([picture.constructor.name, sizeOf(picture), [...context.getImageData(0, 0, 64, 48).data]]);
    picture.close();
  }
  return drawn;
})"""


def test_either_way_from_bytes_to_the_canvas_gives_the_same_picture_and_the_same_mask(page: Page) -> None:
    jpeg = cv2.imencode(".jpg", cv2.resize(np.arange(36, dtype=np.uint8).reshape(3, 4, 3) * 7, (64, 48)))[1].tobytes()
    kinds = [(jpeg, "image/jpeg"), (mask_png(np.eye(48, 64, dtype=np.uint8)), "image/png"), (b"none", "image/jpeg")]
    texts = json.dumps([(base64.b64encode(content).decode(), kind) for content, kind in [*kinds, kinds[0]]])
    directly, by_blob = (page.evaluate(f"{PIXELS}({texts}, {direct})") for direct in ("true", "false"))
    assert [one[0] for one in directly] == ["VideoFrame", "VideoFrame", "no picture", "ImageBitmap"]
    assert [one[0] for one in by_blob] == ["ImageBitmap", "ImageBitmap", "no picture", "ImageBitmap"]
    for one, other in zip(directly, by_blob, strict=True):
        assert one[1:2] == other[1:2]
    assert np.abs(np.subtract(directly[0][2], by_blob[0][2])).max() <= 3, "colours may be rounded otherwise"
    assert directly[1][2] == by_blob[1][2], "the mask is the same to the bit"
