"""Who may open the page: pure rules over what a request says of itself, and what every answer tells the browser."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from stream.conflicts import is_loopback

TOKEN_MIN, TOKEN_MAX = 8, 1024  # characters; a shorter token can be guessed
PAGE, OPENING, LOGIN = "/", "/open", "/api/login"
REGIONS_LOOK, REGIONS_SAVE = "/regions/look", "/regions/save"
READING = ("GET", "HEAD")  # of every path that nothing answers
# What a browser may have before it has shown anything: what asks for token or password, and what says that we live.
ASKING = ("open.js", "open.css", "login.js", "tokens.css", "theme.js")
UNGUARDED = frozenset({"/live", OPENING, LOGIN, *(f"/static/{name}" for name in ASKING)})
ANSWER_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' blob: data:; media-src 'self'; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",  # for browsers that know no frame-ancestors
    "Referrer-Policy": "same-origin",  # `no-referrer` would make our own form say `Origin: null`
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Server": "linewatch",
}


# Pictures that are never another: a browser may show them again without asking, and nobody in between may keep them.
FOR_EVER = re.compile(r"/(evidence|samples)/[^/]+/[0-9]+/[0-9]+/[a-z]+\.(jpg|png)")
KEPT, ASKED_AGAIN = "private, max-age=86400, immutable", "private, no-cache"


class GuardError(OSError):
    """The page cannot be guarded as it must be; the text says what to do."""


@dataclass(frozen=True)
class Approach:
    """What a request says of itself; `site`, `mode` and `dest` are a browser's Sec-Fetch headers."""

    method: str
    path: str
    host: str | None
    origin: str | None = None
    site: str | None = None
    mode: str | None = None
    dest: str | None = None
    allowed: tuple[str, ...] = READING  # methods, as the router has them from the table of routes
    page: bool = False  # whether it is one of the pages that people open
    form: bool = False  # whether a form of any site could have sent its body: it is no JSON
    cookies: bool = False  # whether it carries any


@dataclass(frozen=True)
class Refused:
    """Why a request is not answered; `kind` for counting, `said` for people, without any secret."""

    status: int
    kind: str
    said: str
    wait_s: float = 0.0  # until it may be tried again


@dataclass(frozen=True)
class Guard:
    """The rules of one page."""

    host: str  # the address it listens on
    own_names: frozenset[str]  # further names of this computer, lower case
    token: str | None

    def refusal(self, approach: Approach) -> Refused | None:
        """Why the request is refused whoever sends it; None where only the token is left to ask for."""
        if not self.host_allowed(approach.host):
            return Refused(403, "wrong host", f"the page does not answer to the name {_shown(approach.host)}")
        if not (self.origin_allowed(approach.origin, approach.host) and site_allowed(approach)):
            return Refused(
                403, "cross-site", f"a page of another site may not open this (Origin: {_shown(approach.origin)})"
            )
        if approach.method not in approach.allowed:
            return Refused(405, "method", f"{_shown(approach.method)} is not possible here")
        if not sent_by_us(approach):
            said = "a cookie, and a body that is no JSON, without an Origin; send Content-Type: application/json"
            return Refused(403, "cross-site", said)
        return None

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
        """Whether it comes from our own page, or from a program or a plain link, which send no Origin."""
        if origin is None:
            return True
        try:
            parts = urlsplit(origin)
        except ValueError:
            return False
        return parts.scheme in ("http", "https") and parts.netloc == host

    def token_right(self, given: str | None) -> bool:
        """Compared in constant time."""
        if self.token is None:
            return True
        return given is not None and hmac.compare_digest(_bytes(given), _bytes(self.token))

    def cookie_right(self, given: str | None) -> bool:
        return self.token is None or (given is not None and hmac.compare_digest(_bytes(given), self.cookie().encode()))

    def cookie(self) -> str:
        """What the browser keeps in place of the token: the same after a restart, and does not give the token away."""
        return hmac.new(_bytes(self.token or ""), b"linewatch page", hashlib.sha256).hexdigest()


def site_allowed(approach: Approach) -> bool:
    """Whether a browser says that our own page asks, or the person at it.

    A link from elsewhere, in a mail or a wiki, may open a page that people look at, and nothing else.
    """
    if approach.site in (None, "same-origin", "none"):
        return True
    return approach.page and (approach.method, approach.mode, approach.dest) == ("GET", "navigate", "document")


def sent_by_us(approach: Approach) -> bool:
    """Whether what changes something, and has a cookie to show, says where it comes from, or is nothing a form sends.

    Each browser of today says so by `Origin`. One that does not must send JSON, which no form can.
    """
    reads = approach.method in READING
    return reads or not approach.cookies or not approach.form or approach.origin is not None


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


def kept_by_browsers(path: str, status: int) -> str:
    """The Cache-Control of an answer. All else is asked for again each time: it may be old, or the login over."""
    return KEPT if status in (200, 206, 304) and FOR_EVER.fullmatch(path) else ASKED_AGAIN


def _bytes(word: str) -> bytes:
    """Headers may carry any byte; such a word is wrong, and no error."""
    return word.encode("utf-8", "surrogateescape")


def _shown(word: str | None) -> str:
    """A stranger's word for the log: short, on one line, no control characters."""
    return "(none)" if word is None else ascii(word[:80])


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
