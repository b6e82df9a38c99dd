"""A camera's http:// or https:// address in its parts, and where a redirect may lead. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import quote, unquote, urljoin

PORTS = {"http": 80, "https": 443}
PARTS = re.compile(r"(https?)://([^/?#]*)([^#]*)(?:#.*)?", re.IGNORECASE | re.DOTALL)
HOST = re.compile(r"(\[[0-9A-Fa-f:.%]+\]|[^\[\]:@\s]+)(?::([0-9]{1,5}))?")
AS_IT_STANDS = "%/:?#[]@!$&'()*+,;=~-._"  # in a path; all else is percent-encoded


@dataclass(frozen=True)
class HttpAddress:
    """Where a camera is asked for its pictures."""

    scheme: str  # http | https
    host: str  # without brackets
    port: int
    path: str  # with its query; may hold a password, so it is shown nowhere
    user: str | None = field(default=None, repr=False)
    password: str = field(default="", repr=False)


def http_address(text: str) -> HttpAddress | None:
    """The address in its parts; None where it is none."""
    found = PARTS.fullmatch(text)
    if found is None:
        return None
    scheme, (login, _, place) = found[1].lower(), found[2].rpartition("@")
    where = HOST.fullmatch(place)
    if where is None or not 0 < (port := int(where[2] or PORTS[scheme])) < 1 << 16:
        return None
    user, _, password = login.partition(":")
    path = found[3] if found[3].startswith("/") else f"/{found[3]}"
    shown = quote(path, safe=AS_IT_STANDS, errors="surrogatepass")
    return HttpAddress(scheme, where[1].strip("[]"), port, shown, unquote(user) if login else None, unquote(password))


def led_to(here: HttpAddress, location: str) -> HttpAddress | None:
    """Where an answer leads from here; None where it may not: another computer, another port, or out of https.

    From http to https on the same computer is a camera's own wish, and a good one.
    """
    base = f"{here.scheme}://{f'[{here.host}]' if ':' in here.host else here.host}:{here.port}{here.path}"
    try:
        there = http_address(urljoin(base, location))
    except ValueError:
        return None
    if there is None or there.host.lower() != here.host.lower():
        return None
    if (there.scheme, there.port) != (here.scheme, here.port) and (here.scheme, there.scheme) != ("http", "https"):
        return None
    return HttpAddress(there.scheme, here.host, there.port, there.path, here.user, here.password)
