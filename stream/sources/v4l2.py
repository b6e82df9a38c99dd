"""What a camera behind Video4Linux can give: formats, sizes and rates, as its driver lists them. Takes no picture.

The numbers and structures are those of the kernel's <linux/videodev2.h>, which never change.
"""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from stream.sources.seen import Seen

CAPABILITY = struct.Struct("<16s32s32sIII12x")
FORMAT = struct.Struct("<III32sII12x")
SIZE = struct.Struct("<III6I8x")
RATE = struct.Struct("<IIIII6I8x")
QUERYCAP, ENUM_FMT, ENUM_SIZES, ENUM_RATES = 0x80685600, 0xC0405602, 0xC02C564A, 0xC034564B
VIDEO_CAPTURE, DEVICE_CAPS = 0x1, 0x80000000
DISCRETE = 1
LISTED_MOST = 128  # of formats, of sizes of one, of rates of one
SYS = Path("/sys/class/video4linux")
Ask = Callable[[int, bytes], "bytes | None"]  # an ioctl's number and its structure → what the driver made of it


@dataclass(frozen=True)
class Sizes:
    """One size of pictures, or all from the least to the most in steps, and the rates that it comes at."""

    least: tuple[int, int]  # width, height
    most: tuple[int, int]
    step: tuple[int, int]
    fps: tuple[float, ...]  # highest first; none: the driver does not say
    between: bool = False  # any rate between the first and the last

    def has(self, width: int | None, height: int | None, fps: float | None) -> bool:
        """Whether pictures of that size come at that rate; None is any."""
        sides = zip((width, height), self.least, self.most, self.step, strict=True)
        if not all(want is None or _in_steps(want, least, most, step) for want, least, most, step in sides):
            return False
        if fps is None or not self.fps:
            return True
        if self.between:
            return self.fps[-1] - 0.5 <= fps <= self.fps[0] + 0.5
        return any(abs(fps - one) <= 0.5 for one in self.fps)

    def __str__(self) -> str:
        size = f"{self.most[0]}x{self.most[1]}"
        if self.least != self.most:
            size = f"{self.least[0]}x{self.least[1]} to {size}"
        rates = " to " if self.between else ", "
        return f"{size} at {rates.join(f'{one:g}' for one in self.fps)} fps" if self.fps else size


@dataclass(frozen=True)
class Format:
    """A way in which the camera gives its pictures."""

    name: str  # four characters, as `pixel_format` takes them
    sizes: tuple[Sizes, ...]


@dataclass(frozen=True)
class Device:
    """A camera, as its driver describes it."""

    path: str
    card: str
    formats: tuple[Format, ...]

    def has(self, format_name: str | None, width: int | None, height: int | None, fps: float | None) -> bool:
        """Whether all of that goes together; None is any."""
        return any(
            sizes.has(width, height, fps)
            for one in self.formats
            if format_name in (None, one.name)
            for sizes in one.sizes
        )

    def __str__(self) -> str:
        return "; ".join(f"{one.name}: {', '.join(map(str, one.sizes)) or 'any size'}" for one in self.formats)


def described(path: str, ask: Ask) -> Device | None:
    """The camera that answers; None where it is none, or another device of one."""
    said = ask(QUERYCAP, bytes(CAPABILITY.size))
    if said is None:
        return None
    _, card, _, _, all_caps, own_caps = CAPABILITY.unpack(said)
    if not (own_caps if all_caps & DEVICE_CAPS else all_caps) & VIDEO_CAPTURE:
        return None
    return Device(path, _text(card), tuple(_formats(ask)))


def look_at(path: str) -> Device | None:
    """The camera at a device; None where none answers. Opening it disturbs nobody who takes pictures."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return described(path, lambda number, given: _ioctl(descriptor, number, given))
    finally:
        os.close(descriptor)


def connected(places: Path = SYS, look: Callable[[str], Device | None] = look_at) -> tuple[Seen, ...]:
    """Every camera that is plugged in; of one with several devices the first, which gives the pictures."""
    numbers = (place.name.removeprefix("video") for place in places.glob("video*") if _word(place / "index") == "0")
    return tuple(_seen(places, number, look) for number in sorted(map(int, filter(str.isdigit, numbers))))


def _seen(places: Path, number: int, look: Callable[[str], Device | None]) -> Seen:
    path, name = f"/dev/video{number}", _word(places / f"video{number}" / "name")
    device = look(path)
    return Seen(path, f"{name}, Video4Linux: {device or 'it does not open; is your user in the group video?'}")


def _word(place: Path) -> str:
    try:
        return _text(place.read_bytes().strip())
    except OSError:
        return ""


def _formats(ask: Ask) -> Iterator[Format]:
    for index in range(LISTED_MOST):
        said = ask(ENUM_FMT, FORMAT.pack(index, VIDEO_CAPTURE, 0, b"", 0, 0))
        if said is None:
            return
        code = FORMAT.unpack(said)[4]
        yield Format(_text(struct.pack("<I", code)), tuple(_sizes(ask, code)))


def _sizes(ask: Ask, code: int) -> Iterator[Sizes]:
    for index in range(LISTED_MOST):
        said = ask(ENUM_SIZES, SIZE.pack(index, code, *[0] * 7))
        if said is None:
            return
        kind, *sides = SIZE.unpack(said)[2:]
        if kind == DISCRETE:
            least = most = (sides[0], sides[1])
            step = (1, 1)
        else:
            least, most, step = (sides[0], sides[3]), (sides[1], sides[4]), (sides[2], sides[5])
        fps, between = _rates(ask, code, most)
        yield Sizes(least, most, step, fps, between)
        if kind != DISCRETE:
            return


def _rates(ask: Ask, code: int, size: tuple[int, int]) -> tuple[tuple[float, ...], bool]:
    """The rates of a size, highest first, and whether any between them will do."""
    found: set[float] = set()
    for index in range(LISTED_MOST):
        said = ask(ENUM_RATES, RATE.pack(index, code, *size, *[0] * 7))
        if said is None:
            break
        kind, *parts = RATE.unpack(said)[4:]
        intervals = [parts[:2]] if kind == DISCRETE else [parts[:2], parts[2:4]]
        found |= {round(whole / part, 2) for part, whole in intervals if part}
        if kind != DISCRETE:
            return tuple(sorted(found, reverse=True)), True
    return tuple(sorted(found, reverse=True)), False


def _ioctl(descriptor: int, number: int, given: bytes) -> bytes | None:
    answer = bytearray(given)
    try:
        fcntl.ioctl(descriptor, number, answer)
    except OSError:  # the list has no such entry, or that is no camera
        return None
    return bytes(answer)


def _in_steps(want: int, least: int, most: int, step: int) -> bool:
    return least <= want <= most and (want - least) % max(1, step) == 0


def _text(raw: bytes) -> str:
    plain = raw.partition(b"\0")[0].decode("ascii", "replace")
    return "".join(sign if sign.isprintable() else "?" for sign in plain)
