"""What may be a part's name, and how one is read from what a stranger sends. Pure."""

from __future__ import annotations

import msgspec

from stream.messages import PART_NAME

PAYLOAD_MAX = 1024  # bytes
RULE = (
    "1 to 64 printable ASCII characters that begin with a letter, a digit, _ or #, without a space at the end; "
    'alone or as {"part": "A-1017"}'
)


class PartError(ValueError):
    """No part's name; the text says what was wrong, and never repeats more of it than a line."""


class _Wish(msgspec.Struct, frozen=True):
    part: str


_wish = msgspec.json.Decoder(_Wish)


def part_in(payload: bytes) -> str:
    """The name in what was sent: as it stands, or in JSON; empty: a part without one. Raises PartError."""
    if len(payload) > PAYLOAD_MAX:
        raise PartError(f"not a part's name, got {len(payload)} bytes; {RULE}")
    text = payload.decode("utf-8", "replace").strip()
    if text.startswith("{"):
        try:
            text = _wish.decode(payload).part
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            raise PartError(f"not a part's name, got {_shown(payload.decode(errors='replace'))}; {RULE}") from None
    return checked(text)


def checked(name: str) -> str:
    """The same name. Raises PartError where it is none; an empty one is a part without a name."""
    if name and not PART_NAME.fullmatch(name):
        raise PartError(f"not a part's name, got {_shown(name)}; {RULE}")
    return name


def _shown(text: str) -> str:
    """The first of it, in quotes; as it was typed where that can be printed."""
    return f"'{text[:80]}'" if text[:80].isprintable() else ascii(text[:80])
