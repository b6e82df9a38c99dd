"""The page, in a real browser, of a display in its own process; the rest of the line is played with real rings."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import cv2
import numpy as np
import pytest
from msgspec.structs import replace

from stream.ear import published
from stream.heart import last_beat
from stream.messages import CameraCounts, HouseStatus, LineStatus, RoleStatus, SentPicture
from stream.page_address import address_of, open_socket
from stream.page_guard import guard_of
from stream.places import SHM, Places
from stream.settings import CameraSettings, DisplaySettings, InspectorSettings, LineSettings
from stream.web.api.pictures import evidence_file
from stream.web.guard import GuardError
from stream.web.pictures import PictureHeader, split_picture
from tests.browser import Browser, Page, browser
from tests.page_requests import ask
from tests.played_line import PlayedLine, displayed, running, start_display
from tests.recordings import read_number

CARD = "document.querySelector('.camera')"
WORD = "document.querySelector('.word').textContent"
SHAPE = f"{CARD}.querySelector('.shape').dataset.kind"
COVERED = f"{CARD}.querySelector('.cover').checkVisibility()"
COVER = "document.querySelector('.cover-text').textContent"
WITHIN_S = 120.0
PAGES_OWN = (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY)


@dataclass(frozen=True)
class House:
    """A display that runs, and where."""

    line: LineSettings
    places: Places
    address: str


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    line = LineSettings(
        cameras=(CameraSettings("belt", "synthetic:"),),
        data_dir=tmp_path_factory.mktemp("data"),
        name="hall <b>2</b>",
        display=DisplaySettings(port=0, width_px=320),
    )
    with tempfile.TemporaryDirectory(prefix="lw-", dir=SHM) as folder:
        places = Places(Path(folder))
        with displayed(line, places) as address:
            yield House(line, places, address)


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("browser")) as opened:
        yield opened


@pytest.fixture
def played(house: House) -> Iterator[PlayedLine]:
    with closing(PlayedLine(house.places)) as line:
        yield line


@pytest.fixture
def page(chromium: Browser, house: House) -> Iterator[Page]:
    opened = chromium.open(house.address + "/")
    yield opened
    opened.call("Page.close")


def until_kind(page: Page, kind: str, also: str = "true") -> None:
    """Until the camera is of that kind and, in the same moment, the other is true: the next may be another kind."""
    page.until(f"{CARD}?.dataset.kind === '{kind}' && {also}", WITHIN_S)


def shown_number(page: Page) -> tuple[int, int]:
    """The number that the page names and the one that is burnt into what it shows, of one moment."""
    seq, data = page.evaluate(f"[{CARD}.dataset.seq, {CARD}.querySelector('canvas').toDataURL('image/png')]")
    picture = cv2.imdecode(np.frombuffer(base64.b64decode(data.partition(",")[2]), np.uint8), cv2.IMREAD_COLOR)
    return int(seq), read_number(picture)


# --- in the browser --------------------------------------------------------------------------------------------------


def test_the_page_names_the_state_of_the_very_frame_that_it_shows(page: Page, played: PlayedLine) -> None:
    with running(played) as playing:
        for state, reason in (("GOOD", None), ("BAD", None), ("UNKNOWN", "picture is black")):
            playing.become(state, reason)
            until_kind(page, state.lower(), f"{WORD} === '{state}' && {SHAPE} === '{state.lower()}'")
            named, burnt = shown_number(page)
            assert named == burnt
        page.until("document.querySelector('.why').textContent === 'picture is black'")
        page.until("document.title === 'UNKNOWN · Linewatch'")


def test_silence_of_the_inspector_covers_the_picture_with_stale(page: Page, played: PlayedLine) -> None:
    with running(played) as playing:
        until_kind(page, "good", f"!{COVERED}")
        playing.judging = False
        until_kind(page, "stale", f"{COVERED} && {WORD} === 'STALE' && {COVER}.startsWith('no picture for')")
        assert page.text(".cover-word") == "STALE"
        playing.judging = True
        until_kind(page, "good")


@pytest.mark.parametrize(
    ("state", "text", "word", "means"),
    [
        ("ended", "end of the recording", "ENDED", ""),
        ("retrying", "no answer; trying again", "RETRYING", "not inspected · "),
        ("waiting", "no picture to take now", "WAITING", ""),
    ],
)
def test_a_camera_that_ended_or_retries_says_so(
    page: Page, played: PlayedLine, state: str, text: str, word: str, means: str
) -> None:
    with running(played) as playing:
        until_kind(page, "good")
        playing.judging, playing.camera_state, playing.text = False, state, text
        until_kind(page, state, f"{WORD} === '{word}' && {COVER} === '{means}{text}'")
        playing.saying = False
        until_kind(page, "ended" if state == "ended" else "stale")


def test_words_from_outside_are_shown_as_text(page: Page, played: PlayedLine) -> None:
    nasty = "<img src=x onerror=document.title='broken'>"
    counts = CameraCounts("belt", 7, 1, 2, 3, {nasty: 1}, True, 0)
    until_told(page, played, LineStatus("s", nasty, nasty, (counts,), (), None, None, (nasty,)), nasty)
    assert page.text("#line") == "hall <b>2</b>"
    for selector in ("#roles", ".ledger", "#about"):
        page.until(f"document.querySelector('{selector}').textContent.includes({json.dumps(nasty)})")
    assert page.evaluate("document.querySelectorAll('img:not(#evidence-picture), b').length") == 0
    assert [page.text(f".ledger div:nth-child({n}) dd") for n in range(1, 5)] == ["7", "1", "2", "3"]


def until_told(page: Page, played: PlayedLine, status: LineStatus, alarm: str) -> None:
    """Says it again until it is shown: a listener that has just come back to a socket may have missed it."""
    deadline = time.monotonic() + WITHIN_S
    while page.text("#alarms .alarm-text") != alarm:
        assert time.monotonic() < deadline, "the alarm is not shown"
        played.say_line(status)
        played.say_house(HouseStatus((RoleStatus("inspect 1", "backing off", 2, alarm),), ()))
        time.sleep(0.05)


def test_an_incident_opens_its_evidence_and_escape_closes_it(page: Page, played: PlayedLine, house: House) -> None:
    for _ in range(2):
        played.keep(house.line.data_dir, played.judge("BAD"))
    with running(played):
        page.until("document.querySelectorAll('.incidents li').length === 2")
        page.until("[...document.querySelectorAll('.incidents img')].every(i => i.complete && i.naturalWidth > 0)")
        page.evaluate("document.querySelector('.incidents a').click()")
        page.until("document.querySelector('.verdict')")
        assert page.text("#evidence-title") == "belt · frame 1"
        for word in ("BAD", "0.9700", "scratch", "84.9", "codes-1", "a1b2c3d4e5f6", "12.5", "640 × 480"):
            assert word in page.text("#evidence-facts")
        for key, name in (("2", "frame.png"), ("3", "mask.png"), ("1", "overlay.jpg")):
            page.press(key)
            page.until(f"document.querySelector('#evidence-picture').src.endsWith('/{name}')")
            page.until("document.querySelector('#evidence-picture').naturalWidth === 640")
        page.press("ArrowRight")
        page.until("document.querySelector('#evidence-title').textContent === 'belt · frame 0'")
        page.evaluate("document.querySelectorAll('#evidence-choice label')[2].click()")
        page.until("document.querySelector('#evidence-picture').src.endsWith('/mask.png')")
        page.press("Escape")
        page.until("!document.querySelector('#evidence').open && location.hash === '#/'")


def test_a_picture_that_was_judged_as_jpeg_is_shown_as_those_very_bytes(
    chromium: Browser, played: PlayedLine, house: House
) -> None:
    sent = SentPicture("jpeg", cv2.imencode(".jpg", np.full((480, 640, 3), 90, np.uint8))[1].tobytes())
    incident = played.keep(house.line.data_dir, replace(played.judge("BAD"), picture=sent))
    page = chromium.open(f"{house.address}/#/incident/belt/{incident.run}/{incident.worst_seq}")
    page.until("document.querySelector('.verdict')")
    page.press("2")
    page.until("document.querySelector('#evidence-picture').src.endsWith('/frame.jpg')")
    page.until("document.querySelector('#evidence-picture').naturalWidth === 640")
    page.call("Page.close")


def test_an_incidents_address_can_be_kept_and_says_when_it_is_gone(
    chromium: Browser, played: PlayedLine, house: House
) -> None:
    incident = played.keep(house.line.data_dir, played.judge("BAD"))
    kept = chromium.open(f"{house.address}/#/incident/belt/{incident.run}/{incident.worst_seq}")
    kept.until("document.querySelector('#evidence').open && document.querySelector('.verdict')")
    kept.call("Page.close")
    gone = chromium.open(f"{house.address}/#/incident/belt/{incident.run}/12345")
    gone.until("document.querySelector('#evidence-facts').textContent.includes('not here')")
    gone.call("Page.close")


def test_evidence_that_gave_way_leads_to_the_worse_frame(page: Page, played: PlayedLine, house: House) -> None:
    first, worse = (played.keep(house.line.data_dir, played.judge("BAD")) for _ in range(2))
    played.incidents = (replace(worse, first_seq=first.worst_seq),)
    page.evaluate(f"location.hash = '#/incident/belt/{first.run}/{first.worst_seq}'")
    page.until("document.querySelector('.verdict')")
    page.press("Escape")
    shutil.rmtree(house.line.data_dir / str(first.evidence))
    page.until("location.hash === '#/'")
    page.evaluate(f"location.hash = '#/incident/belt/{first.run}/{first.worst_seq}'")
    with running(played):
        page.until(f"document.querySelector('.verdict') && location.hash.endsWith('/{worse.worst_seq}')")


def test_a_killed_display_looks_dead_and_comes_back_at_its_address(
    chromium: Browser, places: Places, tmp_path: Path
) -> None:
    line = LineSettings((CameraSettings("belt", "synthetic:"),), tmp_path / "data", display=DisplaySettings(port=0))
    with open_socket(line.display) as listening, closing(PlayedLine(places)) as played, running(played):
        first = start_display(line, places, listening)
        page = chromium.open(address_of(listening))
        until_kind(page, "good")
        first.kill()
        first.join(WITHIN_S)
        until_kind(page, "stale")
        page.until("document.querySelector('#link')?.dataset.on === 'false'")
        second = start_display(line, places, listening)
        until_kind(page, "good")
        page.call("Page.close")
        second.terminate()
        second.join(WITHIN_S)
        assert second.exitcode == 0


def test_a_stopped_display_looks_dead(page: Page, house: House, places: Places) -> None:
    """A display that hangs keeps its connections open: only the browser's own clock can tell."""
    with open_socket(house.line.display) as listening, closing(PlayedLine(places)) as played, running(played):
        hanging = start_display(house.line, places, listening)
        page.go(address_of(listening))
        until_kind(page, "good")
        assert hanging.pid is not None
        os.kill(hanging.pid, signal.SIGSTOP)
        until_kind(page, "stale", f"{COVER}.includes('no word from the line')")
        os.kill(hanging.pid, signal.SIGCONT)
        until_kind(page, "good")
        hanging.terminate()
        hanging.join(WITHIN_S)


# --- without a browser -----------------------------------------------------------------------------------------------


def watch(address: str, count: int, on_open: Any = None) -> list[tuple[PictureHeader, np.ndarray]]:
    """The first `count` pictures that a viewer gets."""

    async def take() -> list[tuple[PictureHeader, np.ndarray]]:
        pictures: list[tuple[PictureHeader, np.ndarray]] = []
        async with aiohttp.ClientSession() as session, session.ws_connect(f"{address}/ws") as opened:
            while len(pictures) < count:
                message = await opened.receive(timeout=WITHIN_S)
                if message.type is aiohttp.WSMsgType.BINARY:
                    came = split_picture(message.data)
                    picture = cv2.imdecode(np.frombuffer(came.jpeg, np.uint8), cv2.IMREAD_COLOR)
                    pictures.append((came.header, picture))
                    await opened.send_json({"kind": "got", "camera": came.header.camera})
        return pictures

    return asyncio.run(take())


def status(address: str) -> dict[str, Any]:
    return dict(json.loads(ask(address, "/status.json")[1]))


def until(true: Any, what: str) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not true():
        assert time.monotonic() < deadline, f"not within {WITHIN_S} s: {what}"
        time.sleep(0.02)


def test_each_picture_carries_the_number_that_its_header_names(house: House, played: PlayedLine) -> None:
    with running(played) as playing:
        playing.become("BAD")
        pictures = watch(house.address, 11)
    assert [read_number(picture) for _, picture in pictures] == [header.seq for header, _ in pictures]
    assert all(picture.shape == (240, 320, 3) for _, picture in pictures[1:]), "the first is as others had it"


def test_a_slot_that_was_overwritten_is_skipped_and_never_shows_its_neighbour(house: House, played: PlayedLine) -> None:
    torn = status(house.address)["page"]["torn"]
    late = played.judge("BAD")
    for _ in range(played.ring.slots):
        played.judge("GOOD")
    with running(played, late):
        pictures = [(header, picture) for header, picture in watch(house.address, 20) if header.run == played.run]
        until(
            lambda: watch(house.address, 1) and status(house.address)["page"]["torn"] > torn, "a slot found overwritten"
        )
    assert pictures and all(header.seq != late.frame.seq for header, _ in pictures)
    assert [read_number(picture) for _, picture in pictures] == [header.seq for header, _ in pictures]


def test_nobody_looks_and_nothing_is_painted(house: House, played: PlayedLine) -> None:
    with running(played):
        first = played.next_seq
        watch(house.address, 11)
        until(lambda: status(house.address)["page"]["viewers"] == 0, "all viewers gone")
        painted, last = status(house.address)["page"]["painted"], played.next_seq
        assert painted >= 10, "to somebody it paints"
        until(lambda: played.next_seq > last + max(100, last - first), "as many frames judged as were enough for that")
        more = status(house.address)["page"]["painted"] - painted
    assert more <= 1, "as the last viewer goes, one may be under way"


def test_garbage_on_the_wire_is_dropped_and_the_page_goes_on(house: House, played: PlayedLine) -> None:
    for data in (b"", b"LW01", b"\xff" * 1000, b"LW01" + b"\x91" * 5000):
        played.garbage(data)
    judged = played.judge("GOOD")
    played.publish(replace(judged, frame=replace(judged.frame, camera="no-such-camera")))
    with running(played):
        assert len(watch(house.address, 2)) == 2


def test_a_page_that_talks_nonsense_is_put_out_and_the_others_stay(house: House) -> None:
    async def talk(said: str | bytes) -> int | None:
        async with aiohttp.ClientSession() as session, session.ws_connect(f"{house.address}/ws") as opened:
            await (opened.send_bytes(said) if isinstance(said, bytes) else opened.send_str(said))
            while (message := await opened.receive(timeout=WITHIN_S)).type in PAGES_OWN:
                pass
            assert message.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)
            return opened.close_code

    for said in ("nonsense", "[" * 1000, '{"kind":"stop"}', b"bytes", "x" * 100_000):
        asyncio.run(talk(said))
    until(lambda: status(house.address)["page"]["viewers"] == 0, "all viewers gone")


@pytest.mark.parametrize(
    ("path", "headers", "expected"),
    [
        ("/", {}, 200),
        ("/live", {}, 200),
        ("/status.json", {}, 200),
        ("/static/app.js", {}, 200),
        ("/static/", {}, 403),
        ("/static/../server.py", {}, 404),
        ("/static/%2e%2e/server.py", {}, 404),
        ("/static/..%2fserver.py", {}, 404),
        ("/nothing", {}, 404),
        ("/evidence/belt/1/00000001/frame.png", {}, 404),
        ("/evidence/../../../../etc/passwd", {}, 404),
        ("/evidence/belt/1/1/..%2f..%2fline.db", {}, 404),
        ("/", {"Host": "evil.example"}, 403),
        ("/ws", {"Host": "evil.example"}, 403),
        ("/live", {"Host": "evil.example"}, 403),
        ("/ws", {"Origin": "http://evil.example"}, 403),
        ("/" + "x" * 10_000, {}, 400),
        ("/", {"X": "x" * 10_000}, 400),
    ],
)
def test_what_is_answered(house: House, path: str, headers: dict[str, str], expected: int) -> None:
    assert ask(house.address, path, **headers)[0] == expected


def test_only_reading_is_possible(house: House) -> None:
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        assert ask(house.address, "/status.json", method, b"x" * 100_000)[0] == 405


def test_every_answer_says_what_the_browser_may_do(house: House) -> None:
    for path in ("/", "/status.json", "/static/style.css", "/nothing"):
        headers = ask(house.address, path)[2]
        assert headers["Content-Security-Policy"].startswith("default-src 'self'; img-src 'self' blob: data:;")
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Server"] == "linewatch"


def test_the_heart_beats_in_the_loop_that_serves(house: House) -> None:
    heart = house.places.heart("display")
    before = last_beat(heart)[0]
    until(lambda: last_beat(heart)[0] > before, "a further beat")


@pytest.mark.parametrize(
    "words",
    [
        ("..", "1", "1", "frame.png"),
        ("belt", "..", "1", "frame.png"),
        ("belt", "1", "..", "frame.png"),
        ("belt", "1", "1", "../evidence.json"),
        ("belt", "1", "1", "line.db"),
        ("belt\n", "1", "1", "frame.png"),
        ("belt", "1\n", "1", "frame.png"),
        ("belt", "-1", "1", "frame.png"),
        ("belt", "١", "1", "frame.png"),
        ("", "1", "1", "frame.png"),
        ("belt", "1", "2", "frame.png"),
    ],
)
def test_only_evidence_is_handed_out(tmp_path: Path, words: tuple[str, str, str, str]) -> None:
    kept = tmp_path / "evidence" / "belt" / "1" / "00000001"
    kept.mkdir(parents=True)
    for name in ("frame.jpg", "frame.png", "line.db", "../evidence.json"):
        (kept / name).write_bytes(b"x")
    (kept.parent / "00000002").mkdir()
    (kept.parent / "00000002" / "frame.png").symlink_to("/etc/hostname")
    for name in ("frame.jpg", "frame.png"):
        assert evidence_file(tmp_path, "belt", "1", "1", name) == kept / name
    assert evidence_file(tmp_path, *words) is None


def test_an_open_address_without_a_token_is_refused() -> None:
    with pytest.raises(GuardError, match="token_file"):
        guard_of(DisplaySettings(host="0.0.0.0"))


def test_everybody_who_publishes_is_heard() -> None:
    line = LineSettings(
        (CameraSettings("a", "x.mp4"), CameraSettings("b", "y.mp4")), inspector=InspectorSettings(count=2)
    )
    assert published(line) == [
        "inspect-1-live",
        "inspect-2-live",
        "capture-a-live",
        "capture-b-live",
        "record-live",
        "house-live",
    ]
