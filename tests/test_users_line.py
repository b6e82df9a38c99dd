"""Users of a line that runs: what they do is on record, what is not theirs is refused, and who dies changes nothing."""

from __future__ import annotations

import http.client
import http.server
import json
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from stream.web.alarm_desk import KEPT
from stream.web.alarms import GONE_S
from tests.browser import Browser, Page, browser
from tests.line import RunningLine, rows, running, wait_for, write_line
from tests.logged_in import basic, cookie_of, log_in, password_of, post, write_some
from tests.page_requests import ask
from tests.recordings import numbered_frames, write_recording

ADDRESS = re.compile(r"^Page +(http://\S+)/$", re.MULTILINE)
FULL_DISK = "recorder:\n  evidence_min_free_mb: 1000000000\n"
TOKEN = "0123456789abcdef-not-to-be-guessed"
SOMEBODY = "document.querySelector('.nav-who')?.textContent"  # whose page it is; a page that is still to come says none
NO_EVIDENCE, EXPOSED = "No evidence can be kept", "Users of the page"


@dataclass(frozen=True)
class Line:
    """A line with users that runs."""

    running: RunningLine
    address: str
    users_file: Path

    def acts(self, kind: str) -> list[tuple[Any, ...]]:
        query = f"SELECT who, role, subject, old, new FROM acts WHERE kind='{kind}' ORDER BY number"
        return rows(self.running.data_dir, query)

    def wait_act(self, kind: str, *words: str) -> tuple[Any, ...]:
        def there() -> Any:
            return next((act for act in self.acts(kind) if all(word in " ".join(act) for word in words)), None)

        return tuple(wait_for(there, f"an act {kind} with {words}"))

    def alarm(self, begins: str, cookie: str) -> dict[str, Any] | None:
        """The alarm that begins so, where it stands; None while the page is away."""
        try:
            alarms = json.loads(ask(self.address, "/api/alarms", Cookie=cookie)[1])["alarms"]
        except (OSError, http.client.HTTPException):
            return None
        return next((alarm for alarm in alarms if alarm["text"].startswith(begins)), None)

    def acknowledged(self, begins: str, cookie: str) -> dict[str, Any] | None:
        alarm = self.alarm(begins, cookie)
        return alarm if alarm and alarm["acknowledged_by"] else None

    def kept(self) -> str:
        """What the page has on disk of its alarms."""
        file = self.running.data_dir / KEPT
        return file.read_text() if file.exists() else ""


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    folder = tmp_path_factory.mktemp("line")
    write_some(folder / "users.txt")
    recording = write_recording(folder / "film.mp4", numbered_frames(12, bad=range(4, 8)))
    file = write_line(folder, "synthetic:", FULL_DISK, camera="fps: 5")
    text = file.read_text().replace("port: 0", "port: 0\n  users_file: users.txt\n  token_file: token")
    (folder / "token").write_text(TOKEN)
    file.write_text(text.replace("cameras:\n", f"cameras:\n  film: {{source: {recording}}}\n"))
    with running(file) as started:
        address = wait_for(lambda: ADDRESS.search(started.said()), "the page's address")[1]
        wait_for(lambda: started.judged() > 3, "frames on record")
        yield Line(started, address, folder / "users.txt")


def test_logins_wrong_ones_and_refused_calls_are_on_record(line: Line) -> None:
    vera = cookie_of(line.address, "vera")
    assert line.wait_act("login", "vera")[:3] == ("vera", "viewer", "page")
    assert log_in(line.address, "vera", "a wrong word")[0] == 401
    assert log_in(line.address, "a password typed here", "x")[0] == 401
    assert line.wait_act("refused", "login as vera")[:2] == ("somebody", "system")
    line.wait_act("refused", "login by a name that nobody has")
    assert post(line.address, "/api/recipe", {"recipe": "x"}, Cookie=vera)[0] == 403
    who, role, subject, _, new = line.wait_act("refused", "POST /api/recipe")
    assert (who, role, subject) == ("vera", "viewer", "POST /api/recipe") and "engineer" in new
    assert post(line.address, "/api/logout", Cookie=vera)[0] == 200
    line.wait_act("logout", "vera")
    on_record = str(rows(line.running.data_dir, "SELECT * FROM acts"))
    assert "a password typed here" not in on_record and "a wrong word" not in on_record


def test_a_flood_of_refused_calls_is_counted_and_fills_nothing(line: Line) -> None:
    olaf = basic("olaf")
    before = len(line.acts("refused"))
    for _ in range(60):
        assert post(line.address, "/api/recipe", {"recipe": "x"}, Authorization=olaf)[0] == 403
    line.wait_act("refused", "olaf")
    assert len(line.acts("refused")) <= before + 2
    counts = json.loads(ask(line.address, "/status.json", Authorization=olaf)[1])["page"]["turned_away"]
    assert counts["no right"] >= 60


def test_a_recorder_that_dies_keeps_nobody_from_logging_in_and_hears_of_it_when_it_is_back(line: Line) -> None:
    line.running.kill("record")
    assert log_in(line.address, "enno")[0] == 200
    line.wait_act("login", "enno")


def test_an_alarm_is_acknowledged_by_name_and_a_killed_page_knows_it_still(line: Line) -> None:
    vera, olaf = cookie_of(line.address, "vera"), cookie_of(line.address, "olaf")
    alarm = wait_for(lambda: line.alarm(NO_EVIDENCE, vera), "the alarm that no evidence can be kept")
    assert alarm["acknowledged_by"] == "" and alarm["camera"] == "" and alarm["utc"].startswith("20")
    wish = {"alarm": alarm["text"]}
    assert post(line.address, "/api/alarms/acknowledge", wish, Cookie=vera)[0] == 403
    assert post(line.address, "/api/alarms/acknowledge", {"alarm": "no such"}, Cookie=olaf)[0] == 404
    status, answer = post(line.address, "/api/alarms/acknowledge", wish, Cookie=olaf)
    # The free megabytes in its text may be others by now, and a slow machine may have other alarms.
    by = [one["acknowledged_by"] for one in answer["alarms"] if one["text"].startswith(NO_EVIDENCE)]
    assert status == 200 and by == ["olaf"]
    assert line.wait_act("acknowledge")[:2] == ("olaf", "operator")
    wait_for(lambda: str(alarm["since_utc_ns"]) in line.kept(), "since when, on disk")
    before = line.running.kill("display")
    line.running.wait_beating("display", other_than=before)
    again = wait_for(lambda: line.acknowledged(NO_EVIDENCE, vera), "the alarm, and who knows of it")
    assert (again["acknowledged_by"], again["since_utc_ns"]) == ("olaf", alarm["since_utc_ns"])
    assert ask(line.address, "/api/me", Cookie=olaf)[0] == 200, "nobody is logged out by it"


def test_an_alarm_that_goes_and_comes_again_is_a_new_one(line: Line) -> None:
    olaf = cookie_of(line.address, "olaf")
    line.users_file.chmod(0o644)
    alarm = wait_for(lambda: line.alarm(EXPOSED, olaf), "the alarm that others can read the users")
    assert post(line.address, "/api/alarms/acknowledge", {"alarm": alarm["text"]}, Cookie=olaf)[0] == 200
    assert line.acknowledged(EXPOSED, olaf)
    line.users_file.chmod(0o600)
    wait_for(lambda: not line.alarm(EXPOSED, olaf), "the alarm gone")
    time.sleep(GONE_S)  # nothing shows when it is forgotten: an alarm that only flickers stays the same one
    line.users_file.chmod(0o644)
    anew = wait_for(lambda: line.alarm(EXPOSED, olaf), "the alarm again")
    assert anew["acknowledged_by"] == "" and anew["since_utc_ns"] > alarm["since_utc_ns"]
    line.users_file.chmod(0o600)
    wait_for(lambda: not line.alarm(EXPOSED, olaf), "the alarm gone")


# --- in the browser --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("browser")) as opened:
        yield opened


def fill(page: Page, name: str, password: str) -> None:
    page.until("document.querySelector('#login button:not([disabled])')")  # not before the page's own script is there
    words = json.dumps([name, password])
    page.evaluate(
        f"(([name, password]) => {{ const form = document.querySelector('#login'); form.elements.name.value = name;"
        f"form.elements.password.value = password; form.requestSubmit(); }})({words})"
    )


def test_a_browser_logs_in_where_it_wanted_to_go_and_out_again(line: Line, chromium: Browser, tmp_path: Path) -> None:
    page = chromium.open(f"{line.address}/incidents?camera=belt")
    page.until("document.querySelector('#login')")
    fill(page, "vera", "<img src=x onerror=alert(1)>")
    page.until("!document.querySelector('#wrong').hidden")
    assert page.text("#wrong") == "that is not the name and the password of a user"
    fill(page, "vera", password_of("vera"))
    page.until(SOMEBODY)
    assert page.evaluate("location.pathname + location.search") == "/incidents?camera=belt"
    assert page.evaluate("fetch('/api/me').then(a => a.json())") == {"name": "vera", "role": "viewer", "users": True}
    refused = page.evaluate(
        "fetch('/api/recipe', {method: 'POST', headers: {'Content-Type': 'application/json'}, body: '{}'})"
        ".then(a => a.status)"
    )
    assert refused == 403
    assert page.evaluate("document.cookie") == "", "no script has the session"
    page.go(f"{line.address}/")
    page.until(SOMEBODY)
    page.evaluate(
        "void fetch('/api/logout', {method: 'POST', headers: {'Content-Type': 'application/json'}, body: '{}'})"
    )
    page.until("document.querySelector('#login')")  # by itself: the WebSocket is cut, and the page asks who is there
    fill(page, "olaf", password_of("olaf"))
    page.until("document.querySelector('.nav-who')?.textContent.startsWith('olaf · operator')")
    page.screenshot(tmp_path / "wall.png")
    page.evaluate("document.querySelector('.nav-who button').click()")
    page.until("document.querySelector('#login')")


def test_a_screen_on_the_wall_looks_by_the_token_in_its_address_and_forgets_it(line: Line, chromium: Browser) -> None:
    page = chromium.open(f"{line.address}/incidents#token={TOKEN}")
    page.until(SOMEBODY)
    assert page.evaluate("location.href") == f"{line.address}/incidents"
    assert page.evaluate("fetch('/api/me').then(a => a.json())") == {"name": "token", "role": "viewer", "users": True}
    history = page.call("Page.getNavigationHistory")["entries"]
    assert not [entry for entry in history if TOKEN in entry["url"]]
    page.call("Network.clearBrowserCookies")


def test_an_operator_acknowledges_at_the_wall_and_everybody_sees_by_whom(
    line: Line, chromium: Browser, tmp_path: Path
) -> None:
    page = chromium.open(f"{line.address}/", width=1920, height=1080, dark=True)
    page.until("document.querySelector('#login')")
    fill(page, "olaf", password_of("olaf"))
    line.users_file.chmod(0o644)
    row = "[...document.querySelectorAll('#alarms li')].find(one => one.textContent.includes('Users of the page'))"
    page.until(f"{row}?.querySelector('button.acknowledge:not([hidden])')")
    page.screenshot(tmp_path / "alarm.png")
    page.evaluate(f"{row}.querySelector('button.acknowledge').click()")
    page.until(f"{row}?.textContent.includes('acknowledged by olaf')")
    page.resize(360, 640)
    page.screenshot(tmp_path / "acknowledged.png")
    line.users_file.chmod(0o600)
    page.until(f"!{row}")
    page.call("Network.clearBrowserCookies")


class _Elsewhere(http.server.BaseHTTPRequestHandler):
    """A wiki with a link to the line."""

    timeout = 5.0  # a browser opens connections that it may never use

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(f'<a href="{self.path[1:]}">the incidents</a>'.encode())

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """`localhost` is another site than 127.0.0.1."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Elsewhere) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://localhost:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_a_link_from_elsewhere_opens_a_page_for_whoever_is_logged_in(
    line: Line, chromium: Browser, elsewhere: str
) -> None:
    page = chromium.open(f"{line.address}/")
    page.until("document.querySelector('#login')")
    fill(page, "olaf", password_of("olaf"))
    page.until(SOMEBODY)
    for path in ("/incidents?camera=belt", "/audit"):
        page.go(f"{elsewhere}{line.address}{path}")
        page.until("document.querySelector('a')")
        page.evaluate("document.querySelector('a').click()")
        page.until(f"location.href === '{line.address}{path}'")
        page.until(SOMEBODY)


def test_a_password_that_is_given_before_the_pages_script_is_there_stands_in_no_address(
    line: Line, chromium: Browser
) -> None:
    page = chromium.open("about:blank")
    page.call("Network.clearBrowserCookies")
    page.call("Network.enable")
    page.call("Network.setBlockedURLs", urls=["*/static/login.js"])
    page.go(f"{line.address}/figures")
    assert page.evaluate("document.querySelector('#login button').disabled"), "so that Enter sends nothing"
    page.evaluate(
        "(form => { form.elements.name.value = 'vera'; form.elements.password.value = 'secret'; form.submit() })"
        "(document.querySelector('#login'))"
    )
    page.until("document.body.innerText.trim() && !document.querySelector('#login')")
    assert page.evaluate("location.href") == f"{line.address}/figures"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_login_fits_a_phone(line: Line, chromium: Browser, dark: bool, tmp_path: Path) -> None:
    page = chromium.open(f"{line.address}/", width=360, height=640, dark=dark)
    page.call("Network.clearBrowserCookies")
    page.go(f"{line.address}/figures")
    page.until("document.querySelector('#login') && document.activeElement.id === 'name'")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.screenshot(tmp_path / "login.png")
