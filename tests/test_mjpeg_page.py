"""A camera's motion JPEG, as other systems read it, from a display in its own process."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import itertools
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import av
import cv2
import numpy as np
import pytest
from msgspec.structs import replace

from stream.places import SHM, Places
from stream.settings import CameraSettings, DisplaySettings, LineSettings
from stream.web.audience import PROGRAMS_MAX, Audience
from stream.web.board import Board
from stream.web.guard import Guard
from stream.web.page import Page
from stream.web.pictures import Picture, Wish
from stream.web.server import serving
from stream.web.stale import GROUND, saying
from stream.web.talk import PageCounts, PageStatus
from stream.web.turned_away import TurnedAway
from tests.frames import judged
from tests.page_requests import ask
from tests.played_line import PlayedLine, displayed, running
from tests.recordings import read_number

ANSWER_S = 60.0


@dataclass(frozen=True)
class Part:
    """One picture of a stream, with what is said of it."""

    headers: dict[str, str]
    picture: np.ndarray

    @property
    def stale(self) -> bool:
        return "x-linewatch-frame" not in self.headers


@dataclass(frozen=True)
class House:
    """A display that runs, and the line that is played to it."""

    address: str
    played: PlayedLine


@pytest.fixture(scope="module")
def display(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Places]]:
    line = LineSettings(
        cameras=(CameraSettings("belt", "synthetic:"),),
        data_dir=tmp_path_factory.mktemp("data"),
        display=DisplaySettings(port=0),
    )
    with tempfile.TemporaryDirectory(prefix="lw-", dir=SHM) as folder:
        places = Places(Path(folder))
        with displayed(line, places) as address:
            yield address, places


@pytest.fixture
def house(display: tuple[str, Places]) -> Iterator[House]:
    with closing(PlayedLine(display[1])) as played:
        yield House(display[0], played)


@contextlib.contextmanager
def reading(address: str, words: str = "") -> Iterator[http.client.HTTPResponse]:
    connection, answer = opened(address, words)
    with closing(connection), closing(answer):
        yield answer


def opened(
    address: str, words: str = "", buffer_bytes: int = 0
) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
    to = urlsplit(address)
    connection = http.client.HTTPConnection(str(to.hostname), to.port, timeout=ANSWER_S)
    if buffer_bytes:
        connection.sock = socket.socket()
        connection.sock.settimeout(ANSWER_S)
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
        connection.sock.connect((to.hostname, to.port))
    connection.request("GET", f"/mjpeg/belt{words}")
    return connection, connection.getresponse()


def part(answer: Any) -> Part:
    """The next one, by its own length, as a program reads it that believes the headers."""
    while answer.readline().strip() != b"--linewatch":
        pass
    headers = {}
    while (line := answer.readline().strip()) != b"":
        name, _, value = line.decode().partition(":")
        headers[name.lower()] = value.strip()
    return Part(headers, decoded(answer.read(int(headers["content-length"]))))


def decoded(jpeg: bytes) -> np.ndarray:
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return picture


def test_each_picture_is_the_frame_that_its_header_names_with_the_overlay_drawn_in(
    house: House,
) -> None:
    address, played = house.address, house.played
    with running(played) as playing:
        playing.become("BAD")
        with reading(address, "?width=640") as answer:
            assert answer.getheader("Content-Type") == "multipart/x-mixed-replace; boundary=linewatch"
            parts = [part(answer) for _ in range(5)]
    for one in parts:
        run, _, seq = one.headers["x-linewatch-frame"].partition("/")
        assert (int(run), int(seq)) == (played.run, read_number(one.picture))
        assert one.headers["x-linewatch-state"] == "BAD" and one.picture.shape == (480, 640, 3)
        blue, green, red = (int(value) for value in one.picture[475, 5])
        assert red > 150 and green < 90 and blue < 90, "the state is written in the corner"


def test_ffmpeg_reads_the_stream(house: House) -> None:
    address, played = house.address, house.played
    with running(played), av.open(f"{address}/mjpeg/belt?width=320", format="mpjpeg", timeout=ANSWER_S) as container:
        numbers = []
        for frame in container.decode(video=0):
            assert (frame.width, frame.height) == (320, 240)
            numbers.append(read_number(frame.to_ndarray(format="bgr24")))
            if len(numbers) == 5:
                break
    assert numbers == sorted(set(numbers))


def test_a_camera_that_falls_silent_says_stale_and_comes_back(house: House) -> None:
    address, played = house.address, house.played
    with running(played) as playing, reading(address) as answer:
        while part(answer).stale:
            pass
        playing.judging = False
        while not (one := part(answer)).stale:
            pass
        assert one.picture.shape == (480, 640, 3)
        assert np.abs(one.picture[:20].reshape(-1, 3).mean(axis=0) - GROUND).max() < 20
        playing.judging = True
        while part(answer).stale:
            pass


def test_who_reads_slowly_skips_and_never_gets_what_is_old(house: House) -> None:
    """The reader takes nothing until many pictures have passed; what comes after the buffers is new again."""
    address, played = house.address, house.played
    with running(played):
        connection, answer = opened(address, "", 32 * 1024)
        with closing(connection), closing(answer):
            part(answer)
            seen = list[int]()
            for stalled in (80, 160, 320, 640):  # frames; a slow display fills the buffers later
                until = played.next_seq + stalled
                while played.next_seq < until:
                    time.sleep(0.02)
                seqs = (seq_of(part(answer)) for _ in range(70))
                seen += [seq for seq in seqs if seq is not None]
                if skipped := max(b - a for a, b in itertools.pairwise(seen)) > 20:
                    break
    assert skipped and seen == sorted(seen)


def seq_of(one: Part) -> int | None:
    return None if one.stale else int(one.headers["x-linewatch-frame"].partition("/")[2])


def test_there_is_a_most_of_them_and_those_that_ended_make_room(house: House) -> None:
    address, played = house.address, house.played
    with running(played):
        deadline = time.monotonic() + ANSWER_S
        with contextlib.ExitStack() as all_of_them:
            taken = 0
            while taken < PROGRAMS_MAX:  # those of the tests before may still be leaving
                connection, answer = opened(address, "?width=160&fps=2")
                all_of_them.enter_context(closing(connection))
                taken += answer.status == 200
                assert time.monotonic() < deadline
            connection, answer = opened(address)
            with closing(connection):
                assert (answer.status, b"programs take pictures already" in answer.read()) == (503, True)
        while True:
            with reading(address) as answer:
                if answer.status == 200:
                    break
            assert time.monotonic() < deadline


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/mjpeg/nobody", 404, b"there are belt"),
        ("/mjpeg/..%2fbelt", 404, b""),
        ("/mjpeg/belt?width=1", 400, b"width"),
        ("/mjpeg/belt?fps=nan", 400, b""),
        ("/mjpeg/belt?fps=0", 400, b"fps"),
        ("/mjpeg/belt?height=3", 400, b"height"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_words(house: House, path: str, status: int, words: bytes) -> None:
    answered, body, _ = ask(house.address, path)
    assert answered == status and words in body


@pytest.mark.parametrize("size", [(1, 1), (160, 90), (960, 540), (90, 900)])
def test_a_picture_that_says_stale_has_the_size_that_was_asked_for_or_can_be_read_at_all(size: tuple[int, int]) -> None:
    picture = decoded(saying(size, "STALE", "belt: no picture for 3 s"))
    assert picture.shape[1::-1] == (max(32, size[0]), max(32, size[1]))


def test_a_picture_costs_no_status_of_the_whole_line(tmp_path: Path) -> None:
    """Readers take 25 pictures a second each; a status names every camera, alarm and process."""
    board, asked = Board(LineSettings((CameraSettings("belt", "synthetic:"),), tmp_path), "s"), 0

    def status() -> PageStatus:
        nonlocal asked
        asked += 1
        return board.status(PageCounts(0, 0, 0, 0), time.monotonic_ns())

    async def read(listening: socket.socket) -> int:
        """How many pictures said STALE, until ten did not: a machine may be slow."""
        audience, stale, fresh = Audience(), 0, 0
        page = Page(Guard("127.0.0.1", frozenset(), None), audience, tmp_path, status, TurnedAway())
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/mjpeg/belt?fps=100"
        async with serving(page, listening), aiohttp.ClientSession() as session, session.get(address) as answer:
            await answer.content.readuntil(b"--linewatch\r\n")
            while fresh < 10:
                now = replace(judged(fresh), judged_mono_ns=time.monotonic_ns())
                audience.show([Picture(now, Wish(audience.usual.width_px, drawn=True), saying((64, 64), "", ""))])
                got = b"X-Linewatch-Frame" in await answer.content.readuntil(b"--linewatch\r\n")
                fresh, stale = fresh + got, stale + (not got)
        return stale

    with socket.create_server(("127.0.0.1", 0)) as listening:
        stale = asyncio.run(read(listening))
    assert asked <= 1 + stale + 1  # one may say so after the last that was read
