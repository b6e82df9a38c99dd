"""Who may come in over the network: the questions that ZeroMQ asks about each connection, and the answers. Pure.

The protocol is ZAP 1.0 (ZeroMQ RFC 27). Knows no socket and no file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

VERSION = b"1.0"
DOMAIN = b"linewatch"
KEY_BYTES = 32
LET_IN = b"200"
# "Temporary", so that a host whose key is added later comes in by itself; it is asked about again after HANDSHAKE_MS.
REFUSED = b"300"


@dataclass(frozen=True)
class Knock:
    """Somebody who has proven to own a key (CURVE), or claims something weaker."""

    serial: bytes
    address: str
    mechanism: str
    key: bytes | None  # 32 bytes, where the mechanism is CURVE


def read_knock(parts: Sequence[bytes]) -> Knock | None:
    """The question, without the asker's envelope; None where it is not one of ZAP 1.0."""
    if len(parts) < 6 or parts[0] != VERSION:
        return None
    _, serial, domain, address, _, mechanism, *credentials = parts
    curve = mechanism == b"CURVE" and domain == DOMAIN and len(credentials) == 1 and len(credentials[0]) == KEY_BYTES
    return Knock(
        serial,
        address.decode("ascii", errors="replace"),
        mechanism.decode("ascii", errors="replace"),
        credentials[0] if curve else None,
    )


def host_let_in(knock: Knock, allowed: Mapping[bytes, str]) -> str | None:
    """The name of the host whose key it is; None: refused."""
    return None if knock.key is None else allowed.get(knock.key)


def answer(knock: Knock, host: str | None) -> list[bytes]:
    """The parts of the reply; `host` None refuses."""
    status, text = (REFUSED, b"unknown key") if host is None else (LET_IN, b"")
    return [VERSION, knock.serial, status, text, (host or "").encode(), b""]
