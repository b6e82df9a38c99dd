"""Who may open the page: pure rules over what a request says of itself, and what every answer tells the browser."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from stream.limits import is_loopback

TOKEN_MIN, TOKEN_MAX = 8, 1024  # characters; a shorter token can be guessed
ANSWER_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",  # the token stands in an address once
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Server": "linewatch",
}


class GuardError(OSError):
    """The page cannot be guarded as it must be; the text says what to do."""


@dataclass(frozen=True)
class Guard:
    """The rules of one page."""

    host: str  # the address it listens on
    own_names: frozenset[str]  # further names of this computer, lower case
    token: str | None

    def host_allowed(self, header: str | None) -> bool:
        """Whether the Host header names us.

        A page of a stranger can point its own name at us (DNS rebinding), but then the header carries that name. So
        addresses in digits are harmless, and names must be known.
        """
        name = _host_of(header)
        if name is None:
            return False
        if is_loopback(name) or name in self.own_names | {self.host.lower()}:
            return True
        return not is_loopback(self.host) and _is_address(name)

    def origin_allowed(self, origin: str | None, host: str | None) -> bool:
        """Whether a WebSocket may be opened: by our own page, or by a program, which sends no Origin."""
        return origin is None or (urlsplit(origin).scheme in ("http", "https") and urlsplit(origin).netloc == host)

    def token_right(self, given: str | None) -> bool:
        """Compared in constant time."""
        if self.token is None:
            return True
        return given is not None and hmac.compare_digest(given.encode(), self.token.encode())

    def cookie_right(self, given: str | None) -> bool:
        return self.token is None or (given is not None and hmac.compare_digest(given.encode(), self.cookie().encode()))

    def cookie(self) -> str:
        """What the browser keeps in place of the token: the same after a restart, and does not give the token away."""
        return hmac.new((self.token or "").encode(), b"linewatch page", hashlib.sha256).hexdigest()


def bearer(authorization: str | None) -> str | None:
    """The token in an `Authorization: Bearer TOKEN` header."""
    scheme, _, token = (authorization or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def read_token(path: Path) -> str:
    """The first line of the token file. Raises GuardError."""
    try:
        with path.open(encoding="utf-8") as file:
            token = file.readline(TOKEN_MAX + 2).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise GuardError(
            f"display.token_file: cannot be read, got {path} ({error}); write a long random word"
        ) from None
    if not TOKEN_MIN <= len(token) <= TOKEN_MAX:
        raise GuardError(
            f"display.token_file: the first line of {path} has {len(token)} characters; it needs {TOKEN_MIN} to "
            f"{TOKEN_MAX}, such as `openssl rand -hex 16` gives"
        )
    return token


def _host_of(header: str | None) -> str | None:
    """The name in a Host header, lower case, without port; None where it is none."""
    try:
        return urlsplit(f"//{header}").hostname if header else None
    except ValueError:
        return None


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
