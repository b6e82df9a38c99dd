"""Calls of the page's API as no program makes them: every route of its table, with words and bodies that lie. Pure."""

from __future__ import annotations

import random
import re

from stream.web.api.openapi import PLACE
from stream.web.api.table import ROUTES

from .fuzz_mutation import Stock, mutated

IN_PATH = {
    "camera": (b"belt", b"belt", b"lid", b"%2e%2e", b"..%2f..", b"%00", b"%3Cb%3E", b"x" * 300, b"%ff"),
    "run": (b"1", b"1", b"1700000000000000", b"-1", b"1e9", b"9" * 40, b"%D9%A1", b""),
    "seq": (b"0", b"2", b"281474976710656", b"9223372036854775808", b"0x10", b"+1", b" "),
    "file": (b"frame.png", b"0.mp4", b"0.json", b"evidence.json", b"..%2fsecret", b"secret", b"%00.png"),
}
WORDS = (
    *(b"belt", b"0", b"1", b"50", b"500", b"501", b"-1", b"nan", b"inf", b"1e400", b"null", b"9" * 40, b"", b"any"),
    *(b"2026-11-22", b"2026-11-22T14:05%2B99:99", b"0001-01-01", b"9999-12-31T23:59:59.999999-23:59"),
    *(b"%27%20OR%201=1--", b"%00", b"%ff%fe", b"%ED%A0%80", b"%F0%9F%98%80" * 30, b"A" * 300, b"WzIwXQ", b"W1tb" * 60),
)
BODIES = (
    b'{"verdict":"defect","comment":"x","boxes":[[1,2,3,4]]}',
    b'{"verdict":"missed","boxes":[[0,0,65537,1]]}',
    b'{"pinned":true}',
    b'{"recipe":"none"}',
    b'{"part":"A-1"}',
    b'{"name":"ann","password":"x"}',
    b'{"alarm":"x"}',
    b"{}",
)
PIECES = (b"[" * 4000, b"\\ud800", b"\\u0000", b"null", b"1e999", b"\xff", b'"', b"{", b"9" * 400, b"x" * 70_000)
JSON = b"Content-Type: application/json"


def call(chance: random.Random) -> bytes:
    """A whole request for one of the routes; its place, words and body may be anything."""
    route = chance.choice(ROUTES)
    path = PLACE.sub(lambda place: f"\0{place[1]}\0", route.path).encode()
    path = re.sub(rb"\0(\w+)\0", lambda place: chance.choice(IN_PATH[place[1].decode()]), path)
    path += _query(chance, getattr(route.query, "__struct_fields__", ()))
    method = (
        route.method.encode() if chance.random() < 0.95 else chance.choice((b"PUT", b"DELETE", b"HEAD", b"OPTIONS"))
    )
    lines = [method + b" " + path + b" HTTP/1.1", b"Host: localhost"]
    if route.method == "GET":
        return b"\r\n".join((*lines, b"", b""))
    body = chance.choice(BODIES) if chance.random() < 0.4 else mutated(chance, Stock(BODIES, PIECES))[:80_000]
    length = len(body) if chance.random() < 0.9 else chance.choice((0, 1, len(body) + 1, 2**31))
    media = JSON if chance.random() < 0.9 else chance.choice((b"Content-Type: text/plain", b"X: y"))
    return b"\r\n".join((*lines, media, b"Content-Length: %d" % length, b"", body))


def _query(chance: random.Random, names: tuple[str, ...]) -> bytes:
    """Some of the words that the call knows, and now and then one that it does not."""
    chosen = [name.encode() for name in names if chance.random() < 0.3] + [b"x"] * (chance.random() < 0.1)
    return b"?" + b"&".join(name + b"=" + chance.choice(WORDS) for name in chosen) if chosen else b""
