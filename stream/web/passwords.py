"""Passwords as they are kept: scrypt (RFC 7914) with a salt and parameters of each one's own. Knows no file."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import re
from dataclasses import dataclass

PASSWORD_MIN, PASSWORD_MAX = 8, 256  # characters
SALT_BYTES, HASH_BYTES = 16, 32
MEMORY_MAX = 256 * 1024 * 1024  # bytes that one comparison may take, whatever a file asks for
LONG_MAX = 16  # times over
_ROW = re.compile(r"scrypt\$([0-9]{1,2})\$([0-9]{1,2})\$([0-9]{1,2})\$([A-Za-z0-9+/=]{4,128})\$([A-Za-z0-9+/=]{4,128})")


class PasswordError(ValueError):
    """No password, or no row of one; the text says why and what to do, and carries no password."""


@dataclass(frozen=True)
class Cost:
    """What one comparison costs: 128 · 2**log2_n · r bytes, p times over."""

    log2_n: int = 15  # 32 MiB: a page has little memory of its own, so the time is made longer instead
    r: int = 8
    p: int = 3

    @property
    def memory(self) -> int:
        return 128 * self.r * (2**self.log2_n)

    @property
    def bearable(self) -> bool:
        least, most = Cost(10, 1, 1), LONG_MAX
        return least.memory <= self.memory <= MEMORY_MAX and self.log2_n >= least.log2_n and 1 <= self.p <= most


@dataclass(frozen=True)
class Kept:
    """A password as it stands in a file."""

    cost: Cost
    salt: bytes
    hash: bytes

    def __str__(self) -> str:
        return "$".join(
            ("scrypt", str(self.cost.log2_n), str(self.cost.r), str(self.cost.p), _text(self.salt), _text(self.hash))
        )

    def right(self, password: str) -> bool:
        """Whether it is this password; takes the time and the memory of its cost, and as long where it is wrong."""
        return hmac.compare_digest(_hash(password, self.salt, self.cost), self.hash)


def keep(password: str, cost: Cost = Cost()) -> Kept:
    """A new row for a password."""
    salt = os.urandom(SALT_BYTES)
    return Kept(cost, salt, _hash(password, salt, cost))


def decoy(cost: Cost) -> Kept:
    """A row that no password fits: whoever is unknown is answered as late as whoever is known."""
    return Kept(cost, bytes(SALT_BYTES), os.urandom(HASH_BYTES))


def kept_of(row: str) -> Kept:
    """What `str` of a row gave. Raises PasswordError."""
    found = _ROW.fullmatch(row)
    if found is None:
        raise PasswordError("no row of a password (scrypt$LOG2N$R$P$SALT$HASH); set it anew: stream users … password")
    cost = Cost(int(found[1]), int(found[2]), int(found[3]))
    try:
        salt, hashed = (base64.b64decode(word, validate=True) for word in found.groups()[3:])
    except binascii.Error:
        raise PasswordError("salt or hash is no base64; set the password anew: stream users … password") from None
    if not cost.bearable or len(hashed) < HASH_BYTES // 2:
        raise PasswordError(
            f"scrypt with 2**{cost.log2_n}, {cost.r}, {cost.p} is too little or too much; set the password anew"
        )
    return Kept(cost, salt, hashed)


def refusal_of(password: str, name: str) -> str:
    """Why this may be nobody's password, in words; empty where it may."""
    if not PASSWORD_MIN <= len(password) <= PASSWORD_MAX:
        signs = "character" if len(password) == 1 else "characters"
        return f"a password of {len(password)} {signs}; it needs {PASSWORD_MIN} to {PASSWORD_MAX}"
    if not password.isprintable():
        return "a password with characters that cannot be typed; take printable ones"
    if len(set(password)) < 4 or password.lower() == name.lower():
        return "a password that is guessed at once; take several words that do not belong together"
    return ""


def _hash(password: str, salt: bytes, cost: Cost) -> bytes:
    word = password.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(
        word, salt=salt, n=2**cost.log2_n, r=cost.r, p=cost.p, maxmem=cost.memory * 2, dklen=HASH_BYTES
    )


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
