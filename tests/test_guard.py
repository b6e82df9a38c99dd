"""Who may open the page."""

from __future__ import annotations

from pathlib import Path

import pytest

from stream.web.credentials import basic, bearer
from stream.web.guard import Approach, Guard, GuardError, kept_by_browsers, read_token

TOKEN = "0123456789abcdef"
HOST, OURS = "127.0.0.1:8080", "http://127.0.0.1:8080"
LOOPBACK = Guard("127.0.0.1", frozenset({"belt-pc"}), None)
OPEN = Guard("0.0.0.0", frozenset({"belt-pc"}), TOKEN)


@pytest.mark.parametrize(
    ("guard", "host", "allowed"),
    [
        (LOOPBACK, "127.0.0.1:8080", True),
        (LOOPBACK, "localhost:8080", True),
        (LOOPBACK, "LOCALHOST", True),
        (LOOPBACK, "[::1]:8080", True),
        (LOOPBACK, "belt-pc:8080", True),
        (LOOPBACK, "evil.example:8080", False),
        (LOOPBACK, "127.0.0.1.evil.example", False),
        (LOOPBACK, "localhost.evil.example", False),
        (LOOPBACK, "192.168.1.7:8080", False),
        (LOOPBACK, "[::1", False),
        (LOOPBACK, "", False),
        (LOOPBACK, None, False),
        (OPEN, "192.168.1.7:8080", True),
        (OPEN, "evil.example", False),
        (Guard("line7.factory", frozenset(), TOKEN), "Line7.factory:8080", True),
    ],
)
def test_only_our_own_names_are_answered(guard: Guard, host: str | None, allowed: bool) -> None:
    assert guard.host_allowed(host) is allowed


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        (None, True),
        ("http://127.0.0.1:8080", True),
        ("http://127.0.0.1:8081", False),
        ("http://evil.example", False),
        ("null", False),
        ("file://127.0.0.1:8080", False),
    ],
)
def test_a_websocket_is_opened_by_our_own_page_or_by_a_program(origin: str | None, allowed: bool) -> None:
    assert LOOPBACK.origin_allowed(origin, "127.0.0.1:8080") is allowed


def test_the_token_opens_and_nothing_else_does() -> None:
    assert OPEN.token_right(TOKEN)
    assert not any(OPEN.token_right(wrong) for wrong in (None, "", "ü", TOKEN[:-1], TOKEN + "0"))
    assert LOOPBACK.token_right(None)


def test_the_cookie_opens_and_is_not_the_token() -> None:
    assert OPEN.cookie_right(OPEN.cookie())
    assert not any(OPEN.cookie_right(wrong) for wrong in (None, "", TOKEN))
    assert TOKEN not in OPEN.cookie()


@pytest.mark.parametrize(
    ("header", "token"),
    [("Bearer abc", "abc"), ("bearer  abc ", "abc"), ("Basic abc", None), ("Bearer", None), ("", None), (None, None)],
)
def test_a_bearer_header_is_taken_apart(header: str | None, token: str | None) -> None:
    assert bearer(header) == token


def test_the_token_is_the_first_line_of_its_file(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\nsecond line\n")
    assert read_token(file) == TOKEN


@pytest.mark.parametrize("content", [b"", b"short\n", b"\xff\xfe" * 20, b"x" * 5000], ids=lambda c: f"{len(c)} bytes")
def test_a_token_that_guards_nothing_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "token"
    file.write_bytes(content)
    with pytest.raises(GuardError, match=r"display\.token_file"):
        read_token(file)


def test_a_missing_token_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GuardError, match=r"display\.token_file"):
        read_token(tmp_path / "none")


@pytest.mark.parametrize(
    ("approach", "allowed"),
    [
        (Approach("GET", "/incidents", HOST, site="cross-site", mode="navigate", dest="document", page=True), True),
        (Approach("GET", "/status.json", HOST, site="cross-site", mode="navigate", dest="document"), False),
        (Approach("GET", "/incidents", HOST, site="cross-site", mode="navigate", dest="iframe", page=True), False),
        (Approach("GET", "/incidents", HOST, site="cross-site", mode="no-cors", dest="image", page=True), False),
        (Approach("HEAD", "/incidents", HOST, site="cross-site", mode="navigate", dest="document", page=True), False),
        (Approach("GET", "/incidents", HOST, site="same-site", mode="cors", dest="empty", page=True), False),
        (Approach("POST", "/api/x", HOST, cookies=True, form=True, allowed=("POST",)), False),
        (Approach("POST", "/api/x", HOST, cookies=True, form=True, origin=OURS, allowed=("POST",)), True),
        (Approach("POST", "/api/x", HOST, cookies=True, form=False, allowed=("POST",)), True),
        (Approach("POST", "/api/x", HOST, cookies=False, form=True, allowed=("POST",)), True),
        (Approach("POST", "/api/x", HOST, cookies=True, origin="http://evil.example", allowed=("POST",)), False),
        (Approach("POST", "/api/x", HOST, site="cross-site", allowed=("POST",)), False),
        (Approach("GET", "/api/x", HOST, cookies=True, form=True), True),
    ],
)
def test_a_link_opens_pages_alone_and_a_form_of_another_site_changes_nothing(approach: Approach, allowed: bool) -> None:
    assert (LOOPBACK.refusal(approach) is None) is allowed


@pytest.mark.parametrize(
    ("path", "status", "kept"),
    [
        ("/evidence/belt/1/2/frame.png", 200, True),
        ("/samples/belt/1/2/thumb.jpg", 200, True),
        ("/evidence/belt/1/2/frame.png", 404, False),
        ("/evidence/belt/1/2/frame.png", 401, False),
        ("/evidence/belt/1/2/evidence.json", 200, False),
        ("/status.json", 200, False),
        ("/", 200, False),
        ("/clips/belt/1/2.mp4", 206, False),
    ],
)
def test_a_browser_keeps_pictures_that_are_never_another_and_nobody_in_between(
    path: str, status: int, kept: bool
) -> None:
    said = kept_by_browsers(path, status)
    assert said.startswith("private") and ("immutable" in said) is kept


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("Basic dmVyYTp3b3Jk", ("vera", "word")),
        ("basic dmVyYTp3OnI6ZA==", ("vera", "w:r:d")),
        ("Basic asO2cmc6w7w=", ("jörg", "ü")),
        ("Basic dmVyYQ==", None),
        ("Basic ????", None),
        ("Basic /w==", None),
        ("Basic " + "A" * 5000, None),
        ("Bearer dmVyYTp3b3Jk", None),
        (None, None),
    ],
)
def test_a_basic_header_is_taken_apart(header: str | None, found: tuple[str, str] | None) -> None:
    assert basic(header) == found
