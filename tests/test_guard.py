"""Who may open the page."""

from __future__ import annotations

from pathlib import Path

import pytest

from stream.web.guard import Guard, GuardError, bearer, read_token

TOKEN = "0123456789abcdef"
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
