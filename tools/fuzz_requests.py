"""HTTP requests and WebSocket frames that no browser sends. Pure."""

from __future__ import annotations

import random

from .fuzz_calls import call
from .fuzz_mutation import Stock, mutated

PATHS = (
    b"/",
    b"/live",
    b"/status.json",
    b"/ws",
    b"/open",
    b"/api/trigger/belt",
    b"/static/page.js",
    b"/static/tokens.css",
    b"/evidence/belt/1/2/frame.png",
    b"/evidence/../secret",
    b"/evidence/..%2f..%2fsecret",
    b"/evidence/belt/%2e%2e/%2e%2e/secret",
    b"/static/../../../secret",
    b"/static/..%2f..%2f..%2f..%2fetc/passwd",
    b"/static/%2e%2e/server.py",
    b"/static//etc/passwd",
    b"//etc/passwd",
    b"/evidence/belt/1/2/..%00",
    b"/evidence/belt/99999999999999999999/2/frame.png",
    b"/\xff\xfe",
    b"/%ff%fe",
    b"/evidence/a%0d%0ab/1/2/x",
    b"*",
    b"http://evil/",
    b"/?token=" + b"x" * 3000,
    b"/?token=%ff",
    b"/" + b"a/" * 3000,
    b"/static/%",
    b"/evidence/belt/-1/1e9/frame.png",
)
HEADERS = (
    b"Host: localhost",
    b"Host: 127.0.0.1",
    b"Host: evil.example",
    b"Host: \xff",
    b"Host: [::1",
    b"Host:",
    b"Host: a, b",
    b"Authorization: Bearer \xff\xfe",
    b"Authorization: Bearer " + b"x" * 2000,
    b"Authorization: Basic x",
    b"Cookie: linewatch-1=\xff",
    b"Cookie: " + b"a=b; " * 500,
    b"Range: bytes=0-",
    b"Range: bytes=-1",
    b"Range: bytes=9-1,2-",
    b"Range: bytes=" + b"0-1," * 600,
    b"Content-Length: -1",
    b"Content-Length: 99999999999",
    b"Content-Length: 5\r\nContent-Length: 6",
    b"Transfer-Encoding: chunked",
    b"Transfer-Encoding: xchunked",
    b"Origin: http://evil.example",
    b"Origin: null",
    b"Origin: http://[",
    b"Upgrade: websocket",
    b"Connection: Upgrade",
    b"Sec-WebSocket-Version: 13",
    b"Sec-WebSocket-Version: 99",
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    b"Sec-WebSocket-Key: x",
    b"Sec-WebSocket-Extensions: permessage-deflate",
    b"If-None-Match: *",
    b"If-Modified-Since: x",
    b"Expect: 100-continue",
    b"Expect: x",
    b"X: " + b"y" * 9000,
    b" folded: x",
    b"\x00: x",
    b"no colon",
    b"Accept-Encoding: gzip, br, \xff",
    b"Sec-Fetch-Site: cross-site",
)
METHODS = (
    b"GET",
    b"HEAD",
    b"POST",
    b"PUT",
    b"OPTIONS",
    b"TRACE",
    b"CONNECT",
    b"PRI",
    b"get",
    b"G\xffT",
    b"x" * 5000,
    b"",
)
VERSIONS = (b"HTTP/1.1", b"HTTP/1.0", b"HTTP/0.9", b"HTTP/2.0", b"HTTP/9999.1", b"HTTP", b"")
BODIES = (
    b"",
    b"",
    b"token=x",
    b"token=%ff",
    b"5\r\nhello\r\n0\r\n\r\n",
    b"ffffffffffffffff\r\nx",
    b"-1\r\n\r\n",
    b"x" * 6000,
)
OPENING_WEBSOCKET = (
    b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
FORM = b"Content-Type: application/x-www-form-urlencoded"
WHOLE = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET /evidence/belt/1/2/frame.png HTTP/1.1\r\nHost: localhost\r\nRange: bytes=0-9\r\n\r\n",
    b"POST /open HTTP/1.1\r\nHost: localhost\r\n" + FORM + b"\r\nContent-Length: 7\r\n\r\ntoken=x",
    b"POST /open HTTP/1.1\r\nHost: localhost\r\n" + FORM + b"; charset=none\r\nContent-Length: 7\r\n\r\ntoken=x",
    b"POST /open HTTP/1.1\r\nHost: localhost\r\n" + FORM + b"\r\nContent-Length: 15\r\n\r\ntoken=%ed%a0%80",
    b"POST /open HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\n"
    b"Content-Length: 7\r\n\r\ntoken=x",
    b"POST /open HTTP/1.1\r\nHost: localhost\r\n"
    + FORM
    + b"\r\nContent-Encoding: deflate\r\nContent-Length: 7\r\n\r\ntoken=x",
    b"POST /open HTTP/1.1\r\nHost: localhost\r\n" + FORM + b"\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"POST /open HTTP/1.1\r\nHost: localhost\r\n" + FORM + b"\r\nContent-Length: 9000\r\n\r\n" + b"x" * 9000,
    b"GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \xff\xfe\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nOrigin: http://\xed\xa0\x80\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: \xff\xfe\r\n\r\n",
    OPENING_WEBSOCKET,
)
OPEN_TO_ALL = (
    *(b"/live", b"/ready", b"/open", b"/api/login"),
    *(b"/static/open.js", b"/static/open.css", b"/static/tokens.css", b"/static/theme.js"),
)


def request(chance: random.Random, key: bytes) -> bytes:
    """An HTTP request, whole or not. `key`: a header line that opens the page; empty: none."""
    way = chance.random()
    if way < 0.1:
        case = chance.choice(WHOLE)
    elif way < 0.4:
        case = call(chance)
    elif way < 0.5:
        case = b"GET " + chance.choice(PATHS) + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"
    elif way < 0.65:
        case = mutated(chance, Stock(WHOLE, (*PATHS, *HEADERS, b"\r\n", b"\r\n\r\n")))[:20_000]
    else:
        method = chance.choice(METHODS[:4] if chance.random() < 0.8 else METHODS)
        version = VERSIONS[0] if chance.random() < 0.8 else chance.choice(VERSIONS)
        line = b" ".join((method, chance.choice(PATHS), version))
        hosts = [b"Host: localhost"] * (chance.random() < 0.8)
        headers = hosts + chance.choices(HEADERS, k=chance.choice((0, 0, 1, 1, 2, 4)))
        case = b"\r\n".join((line, *headers, b"", chance.choice(BODIES)))
    return case.replace(b"\r\n", b"\r\n" + key + b"\r\n", 1) if key else case


def frames(chance: random.Random, key: bytes) -> bytes:
    """A WebSocket that is opened rightly, and what no page says over it."""
    opening = OPENING_WEBSOCKET.replace(b"\r\n\r\n", b"\r\n" + key + b"\r\n\r\n")
    return opening + b"".join(_frame(chance) for _ in range(chance.randint(1, 6)))


def _frame(chance: random.Random) -> bytes:
    """RFC 6455, 5.2; its length, its mask and its flags may lie."""
    stock = Stock((b'{"kind":"got","camera":"belt"}',), (b"[" * 3000, b"\\ud800", b"\xff"))
    body = mutated(chance, stock)[:5000]
    first = chance.choice((0x81, 0x81, 0x81, 0x82, 0x01, 0x80, 0x88, 0x89, 0x8A, 0xC1, 0xF3, 0x0F))
    length = len(body) if chance.random() < 0.8 else chance.choice((0, 125, 4097, 2**16, 2**31, 2**63, 2**64 - 1))
    masked = 0x80 if chance.random() < 0.9 else 0
    if length < 126:
        head = bytes((first, masked | length))
    elif length < 2**16:
        head = bytes((first, masked | 126)) + length.to_bytes(2, "big")
    else:
        head = bytes((first, masked | 127)) + length.to_bytes(8, "big")
    return head + (bytes(4) if masked else b"") + body  # a mask of zeros changes nothing
