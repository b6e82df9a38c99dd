"""Requests to the page as an attacker would write them: no client tidies them up."""

from __future__ import annotations

import http.client
import socket
from typing import Any
from urllib.parse import urlsplit

ANSWER_S = 60.0


def ask(
    address: str, path: str, method: str = "GET", body: bytes | None = None, **headers: str
) -> tuple[int, bytes, Any]:
    """Status, body and headers of one request; `Sec_Fetch_Site="none"` is the header Sec-Fetch-Site."""
    to = urlsplit(address)
    connection = http.client.HTTPConnection(str(to.hostname), to.port, timeout=ANSWER_S)
    try:
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.headers
    finally:
        connection.close()


def send_token(address: str, token: str, **headers: str) -> tuple[int, bytes, Any]:
    """What the form that asks for the token sends."""
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    return ask(address, "/open", "POST", f"token={token}".encode(), **{**form, **headers})


def dial(address: str) -> socket.socket:
    """A bare connection to the page."""
    to = urlsplit(address)
    return socket.create_connection((str(to.hostname), to.port), timeout=ANSWER_S)
