"""H.264 as a stream sends it (Annex B: start codes) to H.264 as MP4 keeps it (ISO/IEC 14496-15: lengths). Pure."""

from __future__ import annotations

import re

START = re.compile(rb"\x00\x00\x01")


def with_lengths(picture: bytes) -> bytes:
    """The units of a picture, each behind its length in four bytes. Zeros before a start code belong to no unit."""
    first = START.search(picture)
    if first is None:
        return b""
    units = START.split(picture[first.start() :])[1:]
    trimmed = (unit.rstrip(b"\0") for unit in units)
    return b"".join(len(unit).to_bytes(4, "big") + unit for unit in trimmed if unit)


def keeps_lengths(parameters: bytes) -> bool:
    """Whether a stream with these parameters (`extradata`) has lengths already: they are then an avcC, version 1."""
    return parameters[:1] == b"\x01"
