"""The body of a motion-JPEG answer (multipart/x-mixed-replace) to its pictures as bytes. Pure; knows no socket.

Cameras announce boundaries that they do not use, leave lengths away or get them wrong. So a part begins behind the
first delimiter that really comes, and it ends where its JPEG ends, or at the next delimiter, whichever is sooner: no
picture waits for the next one. Memory is bounded whatever is fed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

HEADERS_MAX = 16 << 10  # bytes of a part's headers; the same for what stands before the first delimiter
PART_MAX = 32 << 20  # bytes of a picture; the next delimiter is within so many
LINE_MAX = 256  # bytes of a delimiter
UTC_LEAST_S = 1_000_000_000  # September 2001: a smaller stamp counts from somewhere else than 1970
STEPS_MOST = 20_000  # markers and fill bytes of a picture: more are no camera's, and its end is left to the delimiter
SOI, EOI, SOS = b"\xff\xd8", 0xD9, 0xDA
BARE = frozenset((0x01, 0xD8, *range(0xD0, 0xD8)))  # markers without a length (ITU-T T.81, B.1.1.3)
# In coded data 0xFF is followed by 0, by a restart marker, by another 0xFF, or by the marker that ends it.
ENDS_CODED = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]", re.DOTALL)
STAMP = re.compile(r"x-timestamp: *([0-9]{1,10})(?:\.([0-9]{1,9}))? *")


class MultipartError(ValueError):
    """That is no sequence of pictures; the text says why."""


@dataclass(frozen=True)
class Part:
    """A picture as it was sent."""

    body: bytes
    taken_utc_ns: int | None = None  # by the camera's clock, where it says so


class JpegEnd:
    """Finds where a JPEG ends while it grows; goes on from where it came to."""

    def __init__(self) -> None:
        self._at = len(SOI)
        self._coded = False  # within coded data, behind a start of scan
        self._steps = 0

    def find(self, grown: bytes | bytearray) -> int | None:
        """The length of the picture that begins `grown`; None where its end is not there yet, or cannot be told."""
        while True:
            if self._coded:
                marker = ENDS_CODED.search(grown, self._at)
                if marker is None:
                    self._at = max(self._at, len(grown) - 1)
                    return None
                self._at, self._coded = marker.start(), False
            if len(grown) < self._at + 4:
                return self._at + 2 if grown[self._at : self._at + 2] == bytes((0xFF, EOI)) else None
            if not self._step(grown):
                return self._at + 2 if grown[self._at + 1] == EOI else None

    def _step(self, grown: bytes | bytearray) -> bool:
        """Over one marker and what belongs to it; False at the end, and where there is no marker."""
        fill, kind = grown[self._at], grown[self._at + 1]
        self._steps += 1
        if fill != 0xFF or kind == EOI or self._steps > STEPS_MOST:
            return False
        if kind == 0xFF:
            self._at += 1
        elif kind in BARE:
            self._at += 2
        else:
            self._at += 2 + max(2, int.from_bytes(grown[self._at + 2 : self._at + 4], "big"))
            self._coded = kind == SOS
        return True


class Parts:
    """Fed with what arrives, it gives each picture as soon as its last byte is there."""

    def __init__(self, announced: str = "") -> None:
        self._announced = announced.encode("latin-1", "replace")
        self._delimiter: bytes | None = None  # as the body has it
        self._grown = bytearray()
        self._looked = 0  # bytes of `_grown` in which no delimiter begins
        self._headers: str | None = None  # of the part whose body is growing
        self._end = JpegEnd()

    def feed(self, arrived: bytes) -> Iterator[Part]:
        """The pictures that these bytes end. Raises MultipartError."""
        self._grown += arrived
        while True:
            if self._headers is None:
                if not self._begin():
                    return
            elif (part := self._finish()) is None:
                return
            elif part.body:
                yield part

    def _begin(self) -> bool:
        """Takes a delimiter and the headers behind it; False where they are not all there."""
        begin = self._after_delimiter()
        if begin is None:
            return False
        blank = re.compile(rb"\r?\n\r?\n").search(self._grown, max(0, begin - 2), begin + HEADERS_MAX)
        if blank is None:
            if len(self._grown) > begin + HEADERS_MAX:
                raise MultipartError(f"headers of a picture longer than {HEADERS_MAX} bytes")
            return False
        self._headers = self._grown[begin : blank.end()].decode("latin-1").lower()
        self._drop(blank.end())
        self._end = JpegEnd()
        return True

    def _after_delimiter(self) -> int | None:
        """Where the line of the next delimiter ends, what stands in front of it let go."""
        return self._first_delimiter() if self._delimiter is None else self._next_delimiter(self._delimiter)

    def _first_delimiter(self) -> int | None:
        while (end := self._grown.find(b"\n", 0, PART_MAX)) >= 0:
            line = bytes(self._grown[: min(end, LINE_MAX)]).strip()
            if self._delimits(line):
                self._delimiter = line
                return end + 1
            self._skipped(end + 1)
        if len(self._grown) > HEADERS_MAX:
            raise MultipartError("no boundary at the beginning")
        return None

    def _next_delimiter(self, delimiter: bytes) -> int | None:
        """Not line by line: a megabyte of empty ones would take a second."""
        at = -1
        while (at := self._grown.find(delimiter, at + 1)) >= 0:
            end = self._grown.find(b"\n", at, at + LINE_MAX)
            if end < 0 and len(self._grown) < at + LINE_MAX:
                self._skipped(at)
                return None
            if end >= 0 and self._grown[at:end].strip() == delimiter:
                return end + 1
        self._skipped(max(0, len(self._grown) - len(delimiter)))
        return None

    def _delimits(self, line: bytes) -> bool:
        return (line.startswith(b"--") and len(line) > 2) or (line == self._announced and bool(line))

    def _skipped(self, count: int) -> None:
        self._looked += count
        del self._grown[:count]
        if self._looked > (HEADERS_MAX if self._delimiter is None else PART_MAX):
            raise MultipartError(f"no boundary within {self._looked} bytes")

    def _finish(self) -> Part | None:
        """The part whose end is there, without what is no picture; None where it is not there yet."""
        assert self._delimiter is not None and self._headers is not None
        delimiter = b"\n" + self._delimiter
        end = self._grown.find(delimiter, self._looked)
        jpeg = self._end.find(self._grown) if self._grown.startswith(SOI) else None
        if jpeg is not None and (end < 0 or jpeg <= end):
            end = jpeg
        if end < 0:
            if len(self._grown) > PART_MAX:
                raise MultipartError(f"a picture longer than {PART_MAX >> 20} MB")
            self._looked = max(0, len(self._grown) - len(delimiter))
            return None
        part = Part(bytes(self._grown[:end]).rstrip(b"\r\n"), _stamp(self._headers))
        self._drop(end)
        told = re.search(r"content-type: *([a-z]+)/", self._headers)
        self._headers = None
        return Part(b"") if told is not None and told[1] != "image" else part

    def _drop(self, count: int) -> None:
        del self._grown[:count]
        self._looked = 0


def _stamp(headers: str) -> int | None:
    """When the camera says that the picture was taken (`X-Timestamp: 1700000000.250000`), in ns since 1970."""
    for line in headers.splitlines():
        if (said := STAMP.fullmatch(line)) is not None:
            taken_ns = int(said[1]) * 10**9 + int((said[2] or "").ljust(9, "0"))
            return taken_ns if int(said[1]) > UTC_LEAST_S else None
    return None
