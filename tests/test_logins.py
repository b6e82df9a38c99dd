"""Users of the page: who gets in, what each may do, when it ends. A display in its own process, real HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from stream.keeping import evidence_folder
from stream.noting import Noting
from stream.places import SHM, Places
from stream.settings import CameraSettings, DisplaySettings, LineSettings
from stream.web.guard import Refused
from stream.web.logins import Logins
from stream.web.sessions_kept import KEPT
from stream.web.tries import EACH
from tests.line import DEADLINE_S, wait_for
from tests.logged_in import ROLES, basic, cookie_of, log_in, post, write_some
from tests.page_requests import ask, dial
from tests.played_line import displayed

TOKEN = "0123456789abcdef-not-to-be-guessed"
SAID = (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY)
PROTECTED = ("/", "/incidents", "/status.json", "/ws", "/api/me", "/evidence/belt/1/1/frame.png", "/static/app.js")
POSTS = {
    "/api/alarms/acknowledge": "operator",
    "/api/incidents/belt/1/1/review": "operator",
    "/api/recipe": "engineer",
}


@dataclass(frozen=True)
class House:
    """A page with users."""

    address: str
    line: LineSettings

    @property
    def users_file(self) -> Path:
        assert self.line.display.users_file is not None
        return self.line.display.users_file


@contextlib.contextmanager
def house_in(folder: Path, **display: object) -> Iterator[House]:
    if not (folder / "users.txt").exists():
        write_some(folder / "users.txt")
    settings = DisplaySettings(port=0, users_file=folder / "users.txt", **display)  # type: ignore[arg-type]
    line = LineSettings((CameraSettings("belt", "synthetic:"),), folder / "data", display=settings)
    (folder / "data").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="lw-", dir=SHM) as runtime, displayed(line, Places(Path(runtime))) as where:
        yield House(where, line)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("users")
    (folder / "token").write_text(TOKEN)
    with house_in(folder, token_file=folder / "token") as opened:
        yield opened


@pytest.mark.parametrize("path", PROTECTED)
def test_without_a_login_nothing_is_answered_also_on_loopback(house: House, path: str) -> None:
    assert ask(house.address, path)[0] == 401
    assert ask(house.address, path, Cookie="linewatch-session-1=x", Authorization="Basic ???")[0] == 401


@pytest.mark.parametrize("name", ROLES)
def test_a_user_logs_in_and_is_who_the_file_says_whatever_the_header_says(house: House, name: str) -> None:
    status, me, told = log_in(house.address, name)
    assert (status, me) == (200, {"name": name, "role": ROLES[name], "users": True})
    cookie = told["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and "Secure" not in cookie and name not in cookie
    mine = {"Cookie": cookie.partition(";")[0], "X_Linewatch_Name": "somebody else"}
    assert json.loads(ask(house.address, "/api/me", **mine)[1]) == me
    assert ask(house.address, "/", **mine)[0] == 200


def test_behind_tls_the_cookie_is_for_tls_alone(house: House) -> None:
    assert "Secure" in log_in(house.address, "vera", X_Forwarded_Proto="https")[2]["Set-Cookie"]


@pytest.mark.parametrize("name", ROLES)
@pytest.mark.parametrize(("path", "least"), POSTS.items())
def test_each_role_may_do_what_the_table_says(house: House, name: str, path: str, least: str) -> None:
    order = ("viewer", "operator", "engineer")
    allowed = order.index(ROLES[name]) >= order.index(least)
    status, _ = post(house.address, path, Authorization=basic(name))
    assert (status == 403) is not allowed


def test_a_refusal_says_in_words_whose_call_it_is(house: House) -> None:
    status, answer = post(house.address, "/api/recipe", {"recipe": "x"}, Authorization=basic("vera"))
    assert status == 403 and answer["error"].startswith("Refused (no right): vera is viewer here, and this is for")


def test_the_token_names_nobody_so_it_may_look_and_no_more(house: House) -> None:
    bearer = f"Bearer {TOKEN}"
    assert ask(house.address, "/status.json", Authorization=bearer)[0] == 200
    assert post(house.address, "/api/recipe", Authorization=bearer)[0] == 403
    assert json.loads(ask(house.address, "/api/me", Authorization=bearer)[1])["role"] == "viewer"


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("vera", "wrong word"),
        ("nobody", "the word of vera"),
        ("vera\0", "the word of vera"),
        ("<b>", "x"),
        ("vera", "\udc80"),
    ],
    ids=ascii,
)
def test_a_wrong_login_says_no_more_than_that(house: House, name: str, password: str) -> None:
    status, answer, told = log_in(house.address, name, password)
    assert status in (400, 401) and "Set-Cookie" not in told
    assert status == 400 or answer == {"error": "that is not the name and the password of a user"}


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{}", {}, 400),
        (b"not json", {}, 400),
        (b'{"name": "vera", "password": "x", "more": 1}', {}, 400),
        (b'{"name": "vera", "password": "' + b"x" * 5000 + b'"}', {}, 413),
        (b'{"name": "vera", "password": "x"}', {"Content_Type": "text/plain"}, 415),
        (b'{"name": "vera", "password": "x"}', {"Origin": "http://evil.example"}, 403),
        (b'{"name": "vera", "password": "x"}', {"Sec_Fetch_Site": "cross-site"}, 403),
    ],
)
def test_what_is_no_login_is_refused(house: House, body: bytes, headers: dict[str, str], status: int) -> None:
    content = headers.get("Content_Type", "application/json")
    others = {name: said for name, said in headers.items() if name != "Content_Type"}
    assert ask(house.address, "/api/login", "POST", body, Content_Type=content, **others)[0] == status


def test_a_cookie_and_a_form_without_an_origin_change_nothing(house: House) -> None:
    cookie = cookie_of(house.address, "enno")
    form = {"Cookie": cookie, "Content_Type": "application/x-www-form-urlencoded"}
    assert ask(house.address, "/api/trigger/belt", "POST", b'{"part": "A"}', **form)[0] == 403
    assert ask(house.address, "/api/trigger/belt", "POST", b'{"part": "A"}', Origin=house.address, **form)[0] == 404


def test_logging_out_ends_the_session_at_once(house: House) -> None:
    cookie = cookie_of(house.address, "vera")
    assert post(house.address, "/api/logout", Cookie=cookie)[0] == 200
    assert ask(house.address, "/api/me", Cookie=cookie)[0] == 401
    assert post(house.address, "/api/logout", Cookie=cookie)[0] == 401


async def _until_closed(address: str, cookie: str, then: object) -> None:
    async with (
        aiohttp.ClientSession(headers={"Cookie": cookie}) as client,
        client.ws_connect(f"{address}/ws") as opened,
    ):
        await opened.receive()
        await asyncio.to_thread(then)  # type: ignore[arg-type]
        while (await asyncio.wait_for(opened.receive(), DEADLINE_S)).type in SAID:
            pass


def test_a_session_that_ends_closes_its_websocket_and_nobody_elses(house: House) -> None:
    mine, other = cookie_of(house.address, "vera"), cookie_of(house.address, "olaf")

    async def watch() -> None:
        async with (
            aiohttp.ClientSession(headers={"Cookie": other}) as client,
            client.ws_connect(f"{house.address}/ws") as stays,
        ):
            await _until_closed(house.address, mine, lambda: post(house.address, "/api/logout", Cookie=mine))
            for _ in range(5):
                assert (await stays.receive()).type in SAID

    asyncio.run(watch())


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(b"\x82\x83\0\0\0\0abc", id="binary"),
        pytest.param(b"\x81\x83\0\0\0\0abc", id="not-our-language"),
        pytest.param(b"\x81\x82\0\0\0\0\xff\xfe", id="no-text"),
        pytest.param(b"\x81\xfe\x7f\xff\0\0\0\0" + b"x" * 0x7FFF, id="too-large"),
        pytest.param(b"\x83\x80\0\0\0\0", id="no-such-kind"),
        pytest.param(b"\xff" * 64, id="garbage"),
    ],
)
def test_a_broken_websocket_is_closed_and_counted_and_nobody_elses(house: House, frame: bytes) -> None:
    vera = cookie_of(house.address, "vera")
    before = _refused(house, vera).get("malformed", 0)
    head = f"GET /ws HTTP/1.1\r\nHost: localhost\r\nCookie: {vera}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    with dial(house.address) as connection:
        connection.sendall(f"{head}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {'A' * 22}==\r\n\r\n".encode())
        assert b" 101 " in connection.recv(65536)
        connection.sendall(frame)
        with contextlib.suppress(ConnectionError):
            while connection.recv(65536):
                pass  # until the page closes it
    wait_for(lambda: _refused(house, vera).get("malformed", 0) == before + 1, "it counted")


def _refused(house: House, cookie: str) -> dict[str, int]:
    return dict(json.loads(ask(house.address, "/status.json", Cookie=cookie)[1])["page"]["turned_away"])


def test_the_file_of_users_counts_as_it_is_now(tmp_path: Path) -> None:
    with house_in(tmp_path) as house:
        vera, olaf = cookie_of(house.address, "vera"), cookie_of(house.address, "olaf")
        program = basic("olaf")
        assert post(house.address, "/api/recipe", Cookie=vera)[0] == 403
        asyncio.run(
            _until_closed(
                house.address, olaf, lambda: write_some(house.users_file, {"vera": "engineer", "enno": "engineer"})
            )
        )
        assert ask(house.address, "/api/me", Cookie=olaf)[0] == 401
        assert ask(house.address, "/api/me", Authorization=program)[0] == 401, "he is gone"
        # vera's row has another salt by now, as after `stream users … password`: her session has ended, too
        assert ask(house.address, "/api/me", Cookie=vera)[0] == 401
        assert log_in(house.address, "vera")[1]["role"] == "engineer"
        house.users_file.chmod(0o644)
        enno = cookie_of(house.address, "enno")
        wait_for(lambda: _alarms(house, enno), "an alarm that others can read the users")
        assert "those before hold" in _alarms(house, enno)[0]
        assert log_in(house.address, "vera")[0] == 200
        house.users_file.chmod(0o600)
        wait_for(lambda: not _alarms(house, enno), "the alarm gone")


def test_a_role_changes_at_once_and_the_session_stays(tmp_path: Path) -> None:
    with house_in(tmp_path) as house:
        vera = cookie_of(house.address, "vera")
        text = house.users_file.read_text()
        changed = house.users_file.with_name("changed")  # at once, as the command does: half a file has no vera
        changed.write_text(text.replace("vera:viewer", "vera:engineer"))
        changed.chmod(0o600)
        changed.replace(house.users_file)
        wait_for(lambda: json.loads(ask(house.address, "/api/me", Cookie=vera)[1])["role"] == "engineer", "her role")


def _is_in(house: House, cookie: str) -> bool:
    return ask(house.address, "/api/me", Cookie=cookie)[0] == 200


def _alarms(house: House, cookie: str) -> list[str]:
    return list(json.loads(ask(house.address, "/status.json", Cookie=cookie)[1])["alarms"])


def test_a_display_that_comes_back_knows_who_is_logged_in_and_keeps_no_id(tmp_path: Path) -> None:
    os.umask(0o077)  # as private.py has it
    with house_in(tmp_path) as house:
        stays, ended = cookie_of(house.address, "vera"), cookie_of(house.address, "olaf")
        assert post(house.address, "/api/logout", Cookie=ended)[0] == 200
    kept = tmp_path / "data" / KEPT
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stays.partition("=")[2] not in kept.read_text()
    with house_in(tmp_path) as house:
        port = house.address.rpartition(":")[2]
        assert _is_in(house, f"linewatch-session-{port}={stays.partition('=')[2]}")
        assert not _is_in(house, f"linewatch-session-{port}={ended.partition('=')[2]}")


def test_guessing_is_slowed_down_and_keeps_nobody_out(tmp_path: Path) -> None:
    with house_in(tmp_path) as house:
        assert log_in(house.address, "vera")[0] == 200
        answers = [log_in(house.address, "enno", f"guess {number}") for number in range(EACH.at_once + 2)]
        assert [status for status, _, _ in answers] == [401] * EACH.at_once + [429] * 2
        assert "too many wrong passwords" in answers[-1][1]["error"] and int(answers[-1][2]["Retry-After"]) >= 1
        assert log_in(house.address, "vera")[0] == 200 == log_in(house.address, "olaf")[0]
        assert ask(house.address, "/api/me", Authorization=basic("enno"))[0] == 429


def test_a_thousand_guesses_at_once_take_two_threads(tmp_path: Path) -> None:
    async def guess(client: aiohttp.ClientSession, address: str, number: int) -> int:
        wish = {"name": f"user{number}", "password": "x" * 200}
        async with client.post(f"{address}/api/login", json=wish) as answer:
            return answer.status

    async def flood(address: str) -> list[int]:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=50)) as client:
            return list(await asyncio.gather(*(guess(client, address, number) for number in range(300))))

    with house_in(tmp_path) as house:
        statuses = asyncio.run(flood(house.address))
        assert set(statuses) <= {401, 429, 503} and statuses.count(401) <= 60
        assert ask(house.address, "/live")[0] == 200


def test_a_name_that_nobody_has_is_compared_at_the_same_cost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is timed is the comparison, so what is counted here is what each login asks of scrypt."""
    asked: list[tuple[object, ...]] = []
    scrypt = hashlib.scrypt

    def counted(password: bytes, **cost: Any) -> bytes:
        asked.append((cost["n"], cost["r"], cost["p"], cost["dklen"], len(cost["salt"])))
        return scrypt(password, **cost)

    async def guess() -> None:
        logins = Logins(tmp_path / "users.txt", tmp_path, Noting())
        async with logins.minding():
            for name in ("vera", "nobody", "no\0name", "x" * 5000):
                assert isinstance(await logins.log_in(name, "wrong", "10.0.0.7"), Refused)

    write_some(tmp_path / "users.txt")
    monkeypatch.setattr(hashlib, "scrypt", counted)
    asyncio.run(guess())
    assert len(asked) == 4 and len(set(asked)) == 1


def test_a_picture_of_evidence_is_kept_by_the_browser_and_by_nobody_in_between(house: House) -> None:
    folder = house.line.data_dir / evidence_folder("belt", 1, 2)
    folder.mkdir(parents=True)
    (folder / "frame.png").write_bytes(b"a picture")
    vera = cookie_of(house.address, "vera")
    status, picture, told = ask(house.address, "/evidence/belt/1/2/frame.png", Cookie=vera)
    assert (status, picture) == (200, b"a picture")
    assert told["Cache-Control"] == "private, max-age=86400, immutable"
    status, _, told = ask(house.address, "/evidence/belt/1/3/frame.png", Cookie=vera)
    assert (status, told["Cache-Control"]) == (404, "private, no-cache")
    assert ask(house.address, "/status.json", Cookie=vera)[2]["Cache-Control"] == "private, no-cache"
