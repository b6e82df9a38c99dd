"""Passwords of cameras: hidden where an address is shown, put in where it is opened."""

from __future__ import annotations

import re
import string
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.secrets import (
    SecretError,
    has_password,
    hints,
    readable_by_others,
    redact,
    user_of,
    with_credentials,
)
from stream.settings import CameraSettings, DisplaySettings, LineSettings

SHOWN_AS = [
    ("plain", "rtsp://admin:s3cret@cam:554/stream", "rtsp://admin:***@cam:554/stream"),
    ("at sign in the password", "rtsp://admin:s3@cret@cam/x", "rtsp://admin:***@cam/x"),
    ("slash in the password", "rtsp://admin:s3/cret@cam/x", "rtsp://admin:***@cam/x"),
    ("question mark in the password", "rtsp://admin:s3?cret@cam/x", "rtsp://admin:***@cam/x"),
    ("hash in the password", "rtsp://admin:s3#cret@cam/x", "rtsp://admin:***@cam/x"),
    ("colon in the password", "rtsp://admin:s3:cret@cam/x", "rtsp://admin:***@cam/x"),
    ("percent escapes", "rtsp://ad%40min:s3%40cret@cam/x", "rtsp://ad%40min:***@cam/x"),
    ("no user", "rtsp://:s3cret@cam/x", "rtsp://:***@cam/x"),
    ("IPv6", "rtsp://admin:s3cret@[fe80::1]:554/x", "rtsp://admin:***@[fe80::1]:554/x"),
    ("one slash", "rtsp:/admin:s3cret@cam/x", "rtsp:***@cam/x"),
    ("no scheme", "admin:s3cret@cam/x", "admin:***@cam/x"),
    ("leading space", " rtsp://admin:s3cret@cam/x", " rtsp:***@cam/x"),
    ("pwd", "rtsp://cam/x?user=admin&pwd=s3cret&ch=1", "rtsp://cam/x?user=admin&pwd=***&ch=1"),
    ("password first", "http://cam/x?password=s3cret", "http://cam/x?password=***"),
    ("token", "http://cam/x?access_token=s3=cret==", "http://cam/x?access_token=***"),
    ("capitals", "http://cam/x?PassWord=s3cret&a=b", "http://cam/x?PassWord=***&a=b"),
    ("escaped key", "http://cam/x?p%77d=s3cret", "http://cam/x?p%77d=***"),
    ("hash in the value", "http://cam/x?pwd=s3#cret&a=b", "http://cam/x?pwd=***&a=b"),
    ("in the path", "rtsp://cam/user=admin_password=s3cret_channel=1", "rtsp://cam/user=admin_password=***"),
    ("in the fragment", "http://cam/x#token=s3cret", "http://cam/x#token=***"),
    ("both", "rtsp://a:s3cret@cam/x?pwd=s3cret", "rtsp://a:***@cam/x?pwd=***"),
    ("in a sentence", "cannot open rtsp://a:s3cret@cam/x: refused", "cannot open rtsp:***@cam/x: refused"),
    ("user alone", "rtsp://admin@cam/x", "rtsp://admin@cam/x"),
    ("empty password", "rtsp://admin:@cam/x", "rtsp://admin:@cam/x"),
    ("empty value", "rtsp://cam/x?password=&channel=1", "rtsp://cam/x?password=&channel=1"),
    ("nothing secret", "rtsp://cam:554/x?channel=1", "rtsp://cam:554/x?channel=1"),
    ("a file", "/rec/belt@night.mp4", "/rec/belt@night.mp4"),
    ("synthetic", "synthetic:seed=3", "synthetic:seed=3"),
]


@pytest.mark.parametrize(("source", "shown"), [c[1:] for c in SHOWN_AS], ids=[c[0] for c in SHOWN_AS])
def test_an_address_is_shown_without_its_password(source: str, shown: str) -> None:
    assert redact(source) == shown
    assert redact(shown) == shown
    assert has_password(source) == (shown != source and re.match(r"\w+://", source) is not None)


PASSWORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=12)
MARK = "Ω7"  # occurs nowhere else, so that finding it means a leak


@given(before=PASSWORDS, after=PASSWORDS, tail=st.sampled_from(["", "/x", "/x?a=b", "/a@b", "?email=a@b"]))
def test_no_part_of_a_password_before_the_at_sign_is_shown(before: str, after: str, tail: str) -> None:
    assert MARK not in redact(f"rtsp://user:{before}{MARK}{after}@cam{tail}")


@given(before=PASSWORDS.filter(lambda p: "&" not in p), key=st.sampled_from(["pwd", "password", "token", "loginpas"]))
def test_no_part_of_a_password_in_a_query_is_shown(before: str, key: str) -> None:
    assert MARK not in redact(f"rtsp://cam/x?a=b&{key}={before}{MARK}&c=d")


@given(st.text(max_size=80))
def test_hiding_twice_hides_no_more(text: str) -> None:
    assert redact(redact(text)) == redact(text)


def test_what_is_too_long_for_an_address_is_not_shown() -> None:
    assert redact("x" * 3000) == "*** (3000 characters)"


def camera(source: str = "rtsp://cam:554/x", **settings: object) -> CameraSettings:
    return CameraSettings("belt", source, **settings)  # type: ignore[arg-type]


@given(user=PASSWORDS, password=PASSWORDS.filter(lambda p: p.strip() == p and "\ufeff" not in p))
def test_user_and_password_survive_the_address(
    user: str, password: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "password"
    path.write_bytes(password.encode() + b"\r\nsecond line\n")
    address = with_credentials(camera(username=user, password_file=path))
    parts = urlsplit(address)
    assert (unquote(parts.username or ""), unquote(parts.password or "")) == (user, password)
    assert (parts.hostname, parts.port, parts.path) == ("cam", 554, "/x")
    assert set(address) <= set(string.ascii_letters + string.digits + "%:/@._-~")
    assert redact(address) == f"rtsp://{quote(user, safe='')}:***@cam:554/x"


def test_credentials_take_the_place_of_those_in_the_address(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text("new")
    assert (
        with_credentials(camera("rtsp://ann:old@[::1]:8/x?q#f", password_file=path)) == "rtsp://ann:new@[::1]:8/x?q#f"
    )
    assert with_credentials(camera("rtsp://ann@cam", username="bob")) == "rtsp://bob@cam"
    assert with_credentials(camera("rtsp://ann@cam/x")) == "rtsp://ann@cam/x"
    assert with_credentials(camera("rtsp://ann:[℀@cam/x", username="bob")) == "rtsp://bob:[℀@cam/x"
    assert with_credentials(camera("/rec/a.mp4", username="bob", password_file=path)) == "/rec/a.mp4"


REFUSED = [
    ("empty", b"", "first line is empty"),
    ("first line empty", b"\nsecond", "first line is empty"),
    ("not text", b"\xff\xfe\x00", "not UTF-8"),
    ("too long", b"x" * 5000, "longer than 4096"),
]


@pytest.mark.parametrize(("content", "text"), [c[1:] for c in REFUSED], ids=[c[0] for c in REFUSED])
def test_a_password_file_without_a_password_is_refused(content: bytes, text: str, tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_bytes(content)
    with pytest.raises(SecretError, match=text):
        with_credentials(camera(username="ann", password_file=path))


def test_a_missing_password_file_or_a_folder_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(SecretError, match=r"no such file.*/gone"):
        with_credentials(camera(username="ann", password_file=tmp_path / "gone"))
    with pytest.raises(SecretError, match="cannot be read"):
        with_credentials(camera(username="ann", password_file=tmp_path))


def test_a_password_file_that_all_can_read_is_warned_of(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text("s3cret")
    path.chmod(0o644)
    assert "chmod 600" in (readable_by_others(path) or "")
    path.chmod(0o600)
    assert readable_by_others(path) is None
    assert readable_by_others(tmp_path / "gone") is None


def test_a_password_in_an_address_is_hinted_at_and_not_shown() -> None:
    line = LineSettings(cameras=(camera("rtsp://ann:s3cret@cam/x"), camera("rtsp://ann@cam/x")))
    (hint,) = hints(line)
    assert "password_file" in hint
    assert "s3cret" not in hint


def test_a_secret_file_that_all_can_read_is_hinted_at_when_the_line_starts(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("s3cret-and-long")
    path.chmod(0o644)
    cameras = (camera("rtsp://ann@cam/x", password_file=path),)
    said = hints(LineSettings(cameras=cameras, display=DisplaySettings(token_file=path)))
    assert [hint.partition(":")[0] for hint in said] == ["cameras.belt.password_file", "display.token_file"]
    path.chmod(0o600)
    assert hints(LineSettings(cameras=cameras)) == ()


def test_the_user_of_an_address_is_found() -> None:
    assert user_of("rtsp://a%40b:c@cam") == "a@b"
    assert user_of("rtsp://cam/a@b") is None
    assert user_of("/rec/a@b") is None
