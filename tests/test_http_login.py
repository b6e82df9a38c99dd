"""What a camera's web server is answered when it asks for a login."""

from __future__ import annotations

import base64
import urllib.request

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.sources.http_login import HEADER_MAX, Challenge, Login, challenges

RFC_2617 = (
    'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", '
    'opaque="5ccc069c403ebaf9f0171e9517f40e41"'
)


def test_the_example_of_rfc_2617_is_answered_as_it_says() -> None:
    login = Login("Mufasa", "Circle Of Life")
    assert login.answer("GET", "/dir/index.html") is None, "nobody asked"
    assert login.challenged([RFC_2617])
    said = login.answer("GET", "/dir/index.html", cnonce="0a4f113b")
    assert said is not None and 'response="6629fae49393a05397450978507c4ef1"' in said
    assert "nc=00000001" in said and 'opaque="5ccc069c403ebaf9f0171e9517f40e41"' in said
    again = login.answer("GET", "/dir/index.html", cnonce="0a4f113b")
    assert again is not None and "nc=00000002" in again and 'response="6629' not in again


@pytest.mark.parametrize("qop", [True, False], ids=["RFC 7616", "RFC 2069"])
def test_it_answers_as_pythons_own_client_does(monkeypatch: pytest.MonkeyPatch, qop: bool) -> None:
    asked = {"realm": "belt", "nonce": "abc"} | ({"qop": "auth"} if qop else {})
    passwords = urllib.request.HTTPPasswordMgr()
    passwords.add_password("belt", "http://camera/video", "admin", "s3cr:t")
    theirs = urllib.request.HTTPDigestAuthHandler(passwords)
    monkeypatch.setattr(theirs, "get_cnonce", lambda nonce: "0123")
    request = urllib.request.Request("http://camera/video")
    wanted = theirs.get_authorization(request, asked)
    login = Login("admin", "s3cr:t")
    assert login.challenged(["Digest " + ", ".join(f'{name}="{text}"' for name, text in asked.items())])
    said = login.answer("GET", "/video", cnonce="0123")
    assert said is not None
    assert wanted is not None
    (response,) = (word for word in wanted.replace(",", "").split() if word.startswith("response="))
    assert response in said and ("nc=" in said) == qop


def test_basic_is_answered_in_utf_8() -> None:
    login = Login("admin", "s3cr:t ü")
    assert login.challenged(['Basic realm="belt"'])
    assert login.answer("GET", "/") == "Basic " + base64.b64encode("admin:s3cr:t ü".encode()).decode()


def test_digest_is_preferred_where_both_will_do() -> None:
    login = Login("admin", "s3cret")
    assert login.challenged(['Basic realm="belt"', RFC_2617])
    assert (login.answer("GET", "/") or "").startswith("Digest ")


def test_the_same_challenge_again_means_that_the_password_is_wrong() -> None:
    login = Login("admin", "wrong")
    assert login.challenged(['Basic realm="belt"'])
    assert not login.challenged(['Basic realm="belt"'])
    assert not login.challenged([])


def test_a_wrong_password_is_said_once_though_each_challenge_is_new() -> None:
    login = Login("belt", "wrong")
    assert [login.challenged([f'Digest realm="x", nonce="{number}"']) for number in range(3)] == [True, False, False]


def test_a_nonce_that_has_grown_old_is_no_wrong_password() -> None:
    login = Login("belt", "right")
    assert login.challenged(['Digest realm="x", nonce="1"'])
    login.accepted()
    assert login.challenged(['Digest realm="x", nonce="2"'])
    assert login.challenged(['Digest realm="x", nonce="3", stale=true'])
    assert [login.challenged(['Digest realm="x", nonce="4", stale=true']) for _ in range(5)] == [True, *[False] * 4]


def test_neither_name_nor_password_is_shown() -> None:
    assert "s3cret" not in repr(Login("admin", "s3cret")) and "admin" not in repr(Login("admin", "s3cret"))


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ('Basic realm="a, digest nonce=x"', (Challenge("basic", "a, digest nonce=x"),)),
        ('Basic realm="a", Digest nonce=n', (Challenge("basic", "a"), Challenge("digest", nonce="n"))),
        ('Digest realm="a\\"b", nonce="n", algorithm=SHA-256', (Challenge("digest", 'a"b', "n", None, "SHA-256"),)),
        ('Digest realm="a"', ()),  # no nonce
        ('Digest nonce="n", algorithm=MD4', ()),
        ('Digest nonce="n", qop="auth-int"', ()),
        ("Negotiate", ()),
        ("Basic" + " " * HEADER_MAX, ()),
        ("Basic realm=a\r\nSet-Cookie: b", ()),
    ],
)
def test_only_what_can_be_answered_is_a_challenge(header: str, found: tuple[Challenge, ...]) -> None:
    assert challenges(header) == found


@given(st.text(max_size=300))
def test_whatever_is_asked_is_answered_on_one_line_or_not_at_all(text: str) -> None:
    for header in (text, f"Digest nonce=n, {text}", f'Digest nonce="{text}"'):
        login = Login('ad"min', "s3cret")
        if login.challenged([header]):
            said = login.answer("GET", "/video")
            assert said is not None and "\n" not in said and "\r" not in said and "s3cret" not in said
