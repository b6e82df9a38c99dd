"""What a request carries to show who sends it: cookies, `Authorization`. Pure."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

CARRIED_MAX = 1024  # characters of name and password


@dataclass(frozen=True)
class Credentials:
    """Of one request; None: it carries none of that kind."""

    token: str | None  # Authorization: Bearer
    token_cookie: str | None
    session: str | None
    program: tuple[str, str] | None  # name and password, Authorization: Basic


def bearer(authorization: str | None) -> str | None:
    """The token in an `Authorization: Bearer TOKEN` header."""
    scheme, _, token = (authorization or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def basic(authorization: str | None) -> tuple[str, str] | None:
    """Name and password in an `Authorization: Basic …` header (RFC 7617); None where none can be read."""
    scheme, _, word = (authorization or "").partition(" ")
    if scheme.lower() != "basic" or len(word) > 2 * CARRIED_MAX:
        return None
    try:
        name, colon, password = base64.b64decode(word.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeError, ValueError):
        return None
    return (name, password) if colon else None


def token_cookie(port: int) -> str:
    """Browsers share cookies between the ports of a host: two lines on one computer must not take each other's."""
    return f"linewatch-{port}"


def session_cookie(port: int) -> str:
    return f"linewatch-session-{port}"
