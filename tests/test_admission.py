"""Who gets into the page, and who does not: a display in its own process, asked as an attacker would ask."""

from __future__ import annotations

import asyncio
import http.server
import json
import socket
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from stream.page_guard import guard_of
from stream.places import SHM, Places
from stream.settings import CameraSettings, DisplaySettings, LineSettings
from stream.web.audience import Audience
from stream.web.board import Board
from stream.web.guard import ANSWER_HEADERS
from stream.web.page import Page
from stream.web.server import serving
from stream.web.talk import PageCounts
from stream.web.turned_away import TurnedAway
from tests.browser import Browser, browser
from tests.line import wait_for
from tests.page_requests import ask, dial, send_token
from tests.played_line import displayed

TOKEN = "0123456789abcdef-not-to-be-guessed"
PROTECTED = ("/", "/status.json", "/ws", "/static/app.js", "/evidence/belt/1/1/frame.png", "/nothing")


@dataclass(frozen=True)
class Guarded:
    """A page with a token, and where."""

    address: str
    cookie: str

    def refused(self) -> dict[str, int]:
        """How many requests were refused so far, by kind."""
        counts = json.loads(ask(self.address, "/status.json", Cookie=self.cookie)[1])["page"]["turned_away"]
        return dict(counts)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    folder = tmp_path_factory.mktemp("guarded")
    (folder / "token").write_text(TOKEN)
    display = DisplaySettings(port=0, token_file=folder / "token", host_names="line7.factory")
    line = LineSettings((CameraSettings("belt", "synthetic:"),), folder / "data", display=display)
    with tempfile.TemporaryDirectory(prefix="lw-", dir=SHM) as runtime, displayed(line, Places(Path(runtime))) as where:
        yield Guarded(where, f"linewatch-{where.rpartition(':')[2]}={guard_of(display).cookie()}")


@pytest.mark.parametrize("path", PROTECTED)
def test_without_the_token_nothing_is_answered(guarded: Guarded, path: str) -> None:
    assert ask(guarded.address, path)[0] == 401
    assert ask(guarded.address, f"{path}?token={TOKEN}")[0] == 401, "a token in an address would stand in logs"


def test_what_asks_for_the_token_and_says_that_the_loop_works_needs_none(guarded: Guarded) -> None:
    for path in ("/live", "/static/open.js", "/static/open.css", "/static/tokens.css", "/static/theme.js"):
        assert ask(guarded.address, path)[0] == 200
    assert b'<form method="post" action="/open">' in ask(guarded.address, "/")[1]


def test_a_form_is_a_form_and_a_refused_call_is_json(guarded: Guarded) -> None:
    for path in ("/", "/api"):
        code, form, headers = ask(guarded.address, path)
        assert (code, headers["Content-Type"].partition(";")[0]) == (401, "text/html") and form.startswith(b"<!doctype")
    code, said, headers = ask(guarded.address, "/api/status")
    assert (code, headers["Content-Type"]) == (401, "application/json") and b"needs its token" in said


def test_the_form_gives_a_cookie_that_is_not_the_token_and_that_no_script_or_other_site_gets(guarded: Guarded) -> None:
    code, _, headers = send_token(guarded.address, TOKEN, Origin=guarded.address)
    cookie = headers["Set-Cookie"]
    assert code == 303 and headers["Location"] == "/"
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and TOKEN not in cookie
    assert cookie.partition(";")[0] == guarded.cookie
    assert ask(guarded.address, "/", Cookie=guarded.cookie)[0] == 200
    assert ask(guarded.address, "/", Cookie=f"{guarded.cookie.partition('=')[0]}={TOKEN}")[0] == 401


def test_a_program_sends_the_token_in_a_header(guarded: Guarded) -> None:
    assert ask(guarded.address, "/status.json", Authorization=f"Bearer {TOKEN}")[0] == 200


@pytest.mark.parametrize(
    ("kind", "path", "method", "headers", "expected"),
    [
        ("wrong host", "/", "GET", {"Host": "evil.example"}, 403),
        ("wrong host", "/live", "GET", {"Host": "127.0.0.1.evil.example"}, 403),
        ("wrong host", "/", "GET", {"Host": ""}, 403),
        ("cross-site", "/ws", "GET", {"Origin": "http://evil.example"}, 403),
        ("cross-site", "/status.json", "GET", {"Origin": "null"}, 403),
        ("cross-site", "/status.json", "GET", {"Sec_Fetch_Site": "cross-site"}, 403),
        ("cross-site", "/status.json", "GET", {"Sec_Fetch_Site": "same-site"}, 403),
        ("cross-site", "/", "GET", {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "no-cors"}, 403),
        ("cross-site", "/open", "POST", {"Origin": "http://evil.example"}, 403),
        ("method", "/status.json", "DELETE", {}, 405),
        ("method", "/open", "GET", {}, 405),
        ("no token", "/ws", "GET", {}, 401),
    ],
)
def test_what_is_refused_is_counted_by_kind_whoever_has_the_cookie(
    guarded: Guarded, kind: str, path: str, method: str, headers: dict[str, str], expected: int
) -> None:
    before = guarded.refused().get(kind, 0)
    cookie = {} if kind == "no token" else {"Cookie": guarded.cookie}
    assert ask(guarded.address, path, method, **cookie, **headers)[0] == expected
    assert guarded.refused()[kind] == before + 1


def test_names_that_the_settings_list_are_answered(guarded: Guarded) -> None:
    assert ask(guarded.address, "/", Host="Line7.factory:443", Cookie=guarded.cookie)[0] == 200


def test_two_host_headers_are_none(guarded: Guarded) -> None:
    with dial(guarded.address) as connection:
        connection.sendall(b"GET /live HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n")
        assert connection.recv(1000).split()[1] in (b"400", b"403")


def test_what_is_no_request_is_counted(guarded: Guarded) -> None:
    before = guarded.refused().get("malformed", 0)
    for garbage in (b"\x16\x03\x01\x02\x00\x01\x00", b"GET / HTTP/9.9\r\n\r\n", b"\0" * 5000):
        with dial(guarded.address) as connection:
            connection.sendall(garbage + b"\r\n\r\n")
            while connection.recv(1000):
                pass
    assert guarded.refused()["malformed"] == before + 3


def test_a_body_that_never_comes_and_one_that_is_too_large_are_refused(guarded: Guarded) -> None:
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    assert ask(guarded.address, "/open", "POST", b"token=" + b"x" * 100_000, **form)[0] == 413
    with dial(guarded.address) as connection:
        head = "POST /open HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        connection.sendall(f"{head}Content-Length: 100\r\n\r\ntoken=".encode())
        assert connection.recv(1000).split()[1] == b"408"


@pytest.mark.parametrize(
    ("form", "answer"),
    [
        pytest.param({"Content_Type": "application/x-www-form-urlencoded; charset=none"}, 401, id="no-such-charset"),
        pytest.param({"Content_Type": "multipart/form-data; boundary=x"}, 401, id="parts-without-a-boundary"),
        pytest.param({"Content_Encoding": "deflate"}, 400, id="not-deflated"),
    ],
)
def test_a_form_that_cannot_be_read_is_refused(
    tmp_path: Path, form: dict[str, str], answer: int, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "token").write_text(TOKEN)
    display = DisplaySettings(port=0, token_file=tmp_path / "token")
    board = Board(LineSettings((CameraSettings("belt", "synthetic:"),), tmp_path), "s")
    status = partial(board.status, PageCounts(0, 0, 0, 0), 0)
    page = Page(guard_of(display), Audience(), tmp_path, status, TurnedAway())

    async def answered(listening: socket.socket) -> int:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        async with serving(page, listening):
            return (await asyncio.to_thread(ask, address, "/open", "POST", b"token=\xff", **form))[0]

    with socket.create_server(("127.0.0.1", 0)) as listening:
        assert asyncio.run(answered(listening)) == answer
    assert not caplog.records, "what a stranger sends is no error of ours"


def test_every_answer_carries_the_headers_also_a_refusal(guarded: Guarded) -> None:
    for path, headers in (("/", {}), ("/status.json", {"Host": "evil.example"}), ("/live", {})):
        answered = ask(guarded.address, path, **headers)[2]
        assert {name: answered[name] for name in ANSWER_HEADERS} == ANSWER_HEADERS


def test_guessing_is_slowed_down_and_whoever_is_in_stays_in(places: Places, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN)
    display = DisplaySettings(port=0, token_file=tmp_path / "token")
    line = LineSettings((CameraSettings("belt", "synthetic:"),), tmp_path / "data", display=display)
    with displayed(line, places) as address:
        codes = [send_token(address, f"guess-{number}")[0] for number in range(7)]
        assert codes == [401] * 5 + [429] * 2
        assert send_token(address, TOKEN)[0] == 429, "or the answer would tell a right guess"
        assert ask(address, "/status.json", Authorization=f"Bearer {TOKEN}")[0] == 429
        cookie = f"linewatch-{address.rpartition(':')[2]}={guard_of(display).cookie()}"
        assert ask(address, "/", Cookie=cookie)[0] == 200


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("browser")) as opened:
        yield opened


def test_a_browser_gets_in_by_the_form_and_by_the_address_and_forgets_the_token(
    guarded: Guarded, chromium: Browser
) -> None:
    there = "document.querySelector('#wall')"
    page = chromium.open(f"{guarded.address}/")
    page.until("document.querySelector('form')")
    page.evaluate("document.querySelector('input').value = 'not the token'; document.querySelector('form').submit()")
    page.until("document.querySelector('.wrong[data-for=\"wrong token\"]')?.checkVisibility()")
    page.evaluate(f"document.querySelector('input').value = '{TOKEN}'; document.querySelector('form').submit()")
    page.until(there)
    page.until("document.querySelector('#link')?.dataset.on === 'true'")  # the WebSocket is open
    page.call("Network.clearBrowserCookies")
    page.go(f"{guarded.address}/#token={TOKEN}")
    page.call("Page.reload")
    page.until(f"{there} && location.href === '{guarded.address}/'")
    history = page.call("Page.getNavigationHistory")["entries"]
    assert not [entry for entry in history if TOKEN in entry["url"]]


class _Evil(http.server.BaseHTTPRequestHandler):
    """A site of somebody else."""

    timeout = 5.0  # a browser opens connections that it may never use

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<title>evil</title>")

    def log_message(self, *_: object) -> None: ...


@pytest.fixture(scope="module")
def evil() -> Iterator[str]:
    """`localhost` is another site than 127.0.0.1, on which the page is opened."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Evil) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://localhost:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_a_page_of_another_site_gets_nothing_in_a_real_browser(guarded: Guarded, chromium: Browser, evil: str) -> None:
    """Each way in which a page can ask another site without being asked itself."""
    refused = guarded.refused().get("cross-site", 0)
    page = chromium.open(evil)
    address = json.dumps(guarded.address)
    fetched = page.evaluate(f"fetch({address} + '/status.json').then(() => 'read', () => 'refused')")
    blind = page.evaluate(f"fetch({address} + '/live', {{mode: 'no-cors'}}).then(a => a.type, () => 'refused')")
    posted = page.evaluate(
        f"fetch({address} + '/open', {{method: 'POST', mode: 'no-cors', body: new URLSearchParams({{token: 'x'}})}})"
        ".then(a => a.type, () => 'refused')"
    )
    socket = page.evaluate(
        f"new Promise(done => {{ const s = new WebSocket({address}.replace('http', 'ws') + '/ws');"
        "s.onopen = () => done('open'); s.onerror = () => done('refused'); })"
    )
    assert (fetched, socket) == ("refused", "refused")
    assert {blind, posted} <= {"refused", "opaque"}
    for element in ("img", "script", "iframe"):
        page.evaluate(
            f"new Promise(done => {{ const e = document.createElement('{element}');"
            f"e.onload = e.onerror = done; e.src = {address} + '/status.json'; document.body.append(e); }})"
        )
    wait_for(lambda: guarded.refused()["cross-site"] >= refused + 6, "all six refused")
