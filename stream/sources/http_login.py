"""What a client answers to a web server that asks for a login: basic (RFC 7617) or digest (RFC 7616). Pure."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

STALE_MOST = 3  # refusals in a row, each for its nonce alone
HEADER_MAX = 4096  # characters of a challenge; nothing longer is one
HASHES = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}  # of those that a challenge may name; MD5 where it names none
FIELD = re.compile(r'([A-Za-z0-9-]+) *= *(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')
SCHEME = re.compile(r'"(?:[^"\\]|\\.)*"|(?:^|,) *(basic|digest)(?= |,|$)', re.IGNORECASE)  # not within quotes


@dataclass(frozen=True)
class Challenge:
    """What the server wants to know."""

    scheme: str  # basic | digest
    realm: str = ""
    nonce: str = ""
    opaque: str | None = None
    algorithm: str = ""  # as the server writes it; empty: it names none
    qop: bool = False  # digest with a count, as RFC 7616 has it; without: as RFC 2069 had it
    stale: bool = False  # the answer was right, the server wants it with another nonce


@dataclass
class Login:
    """A user name and a password, and what the server last asked for. Shown nowhere."""

    user: str = field(repr=False)
    password: str = field(repr=False)
    challenge: Challenge | None = None
    _count: int = 0
    _refusals: int = 0  # in a row

    def challenged(self, headers: Sequence[str]) -> bool:
        """Takes the `WWW-Authenticate` headers of a refusal; whether another try makes sense.

        Not where an answer to such a challenge was just refused: each wrong login counts with a camera.
        """
        found = [one for header in headers for one in challenges(header)]
        best = next((one for one in found if one.scheme == "digest"), found[0] if found else None)
        again = best is not None and (self._refusals == 0 or (best.stale and self._refusals < STALE_MOST))
        self.challenge, self._count = best, 0
        self._refusals += 1
        return again

    def accepted(self) -> None:
        """The server took the last answer."""
        self._refusals = 0

    def answer(self, method: str, uri: str, cnonce: str = "") -> str | None:
        """The `Authorization` header of a request; None before the server has asked for one."""
        if self.challenge is None:
            return None
        if self.challenge.scheme == "basic":
            return "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        self._count += 1
        return self._digest(self.challenge, method, uri, cnonce or secrets.token_hex(8))

    def _digest(self, asked: Challenge, method: str, uri: str, cnonce: str) -> str:
        def hashed(*parts: str) -> str:
            return HASHES[(asked.algorithm or "MD5").upper()](":".join(parts).encode()).hexdigest()

        count = f"{self._count:08x}"
        who, what = hashed(self.user, asked.realm, self.password), hashed(method, uri)
        between = (asked.nonce, count, cnonce, "auth") if asked.qop else (asked.nonce,)
        fields = [("username", self.user), ("realm", asked.realm), ("nonce", asked.nonce), ("uri", uri)]
        fields.append(("response", hashed(who, *between, what)))
        fields += [("opaque", asked.opaque)] if asked.opaque is not None else []
        fields += [("cnonce", cnonce)] if asked.qop else []
        written = [f'{name}="{_escaped(value)}"' for name, value in fields]
        written += [f"algorithm={asked.algorithm}"] if asked.algorithm else []
        written += ["qop=auth", f"nc={count}"] if asked.qop else []
        return "Digest " + ", ".join(written)


def challenges(header: str) -> tuple[Challenge, ...]:
    """What one `WWW-Authenticate` header asks for; nothing that this house cannot answer."""
    if len(header) > HEADER_MAX or not header.isprintable():
        return ()
    begins = [found for found in SCHEME.finditer(header) if found[1] is not None]
    ends = [*(found.start() for found in begins), len(header)][1:]
    read = (_challenge(found[1].lower(), header[found.end() : end]) for found, end in zip(begins, ends, strict=True))
    return tuple(one for one in read if one is not None)


def _challenge(scheme: str, text: str) -> Challenge | None:
    fields = {name.lower(): plain or re.sub(r"\\(.)", r"\1", quoted) for name, quoted, plain in FIELD.findall(text)}
    if scheme == "basic":
        return Challenge(scheme, fields.get("realm", ""))
    qops = [word.strip().lower() for word in fields.get("qop", "").split(",") if word.strip()]
    algorithm = fields.get("algorithm", "")
    if not fields.get("nonce") or (algorithm or "MD5").upper() not in HASHES or (qops and "auth" not in qops):
        return None
    stale = fields.get("stale", "").lower() == "true"
    realm, nonce = fields.get("realm", ""), fields["nonce"]
    return Challenge(scheme, realm, nonce, fields.get("opaque"), algorithm, bool(qops), stale)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
