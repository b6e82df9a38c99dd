"""A camera's web address in its parts, and where it may lead."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.sources.http_address import HttpAddress, http_address, led_to


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("http://camera", HttpAddress("http", "camera", 80, "/")),
        ("HTTPS://camera/a b?c=ü#d", HttpAddress("https", "camera", 443, "/a%20b?c=%C3%BC")),
        ("http://camera:8080?action=stream", HttpAddress("http", "camera", 8080, "/?action=stream")),
        ("http://[::1]:81/x", HttpAddress("http", "::1", 81, "/x")),
        ("http://ad%40min:p%2Fw@camera/x", HttpAddress("http", "camera", 80, "/x", "ad@min", "p/w")),
        ("http://admin:p@w@camera/x", HttpAddress("http", "camera", 80, "/x", "admin", "p@w")),
        ("http://camera/x%2Fy", HttpAddress("http", "camera", 80, "/x%2Fy")),
        ("http://camera/x\r\nHost: other", HttpAddress("http", "camera", 80, "/x%0D%0AHost:%20other")),
        ("rtsp://camera/x", None),
        ("http://", None),
        ("http://camera:0/", None),
        ("http://camera:99999/", None),
        ("http://camera:port/", None),
        ("http://cam era/", None),
        ("http://camera\r\nX: y/", None),
    ],
)
def test_an_address_is_read_in_its_parts(text: str, parts: HttpAddress | None) -> None:
    assert http_address(text) == parts


def test_login_is_not_shown() -> None:
    assert "s3cret" not in repr(http_address("http://admin:s3cret@camera/"))


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ("/video/", "/video/"),
        ("stream?x=1", "/a/stream?x=1"),
        ("http://CAMERA:8080/other", "/other"),
        ("https://camera/other", "/other"),
        ("https://camera:8443/other", "/other"),
        ("http://user:guess@camera:8080/other", "/other"),
        ("http://elsewhere:8080/other", None),
        ("//elsewhere/other", None),
        ("http://camera:6379/other", None),
        ("http://camera.elsewhere:8080/", None),
        ("file:///etc/passwd", None),
        ("gopher://camera:8080/", None),
        ("http://[bad", None),
        ("", "/a/b"),
    ],
)
def test_it_leads_only_to_the_same_camera(location: str, path: str | None) -> None:
    here = http_address("http://admin:s3cret@camera:8080/a/b")
    assert here is not None
    there = led_to(here, location)
    assert (there and there.path) == path
    if there is not None:
        assert (there.host, there.user, there.password) == ("camera", "admin", "s3cret")


def test_it_never_leads_out_of_tls() -> None:
    here = http_address("https://camera:8443/a")
    assert here is not None and led_to(here, "http://camera:8443/a") is None and led_to(here, "/b") is not None


@given(st.text(max_size=200))
def test_whatever_is_said_it_is_the_same_camera_or_none(location: str) -> None:
    here = http_address("http://camera:8080/a/b")
    assert here is not None
    there = led_to(here, location)
    assert there is None or (there.host == "camera" and there.path.isprintable() and " " not in there.path)
