"""Whether a picture of an H.264 stream is missing before this one, by the numbers that they carry. Pure.

FFmpeg fills such a gap with copies of earlier pictures, shows those as the pictures that follow, and calls none of them
damaged. What is read: of SPS and PPS what leads to `frame_num`, of each picture the head of its first slice (ITU-T
H.264, 7.3.2.1, 7.3.2.2, 7.3.3; the rule is that of 7.4.3).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

SLICE, IDR, SPS, PPS = 1, 5, 7, 8
HEAD = 256  # bytes of a unit that are read
UNITS_MOST = 64  # units before the first slice of a picture
START = re.compile(rb"\x00\x00\x01")
WITH_CHROMA = frozenset((100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135))  # profiles, 7.3.2.1.1


class _TooShort(ValueError):
    """The unit ends before what is read of it."""


class _Bits:
    """The bits of a unit, without the bytes that only keep start codes out of it."""

    def __init__(self, unit: bytes) -> None:
        plain = unit[:HEAD].replace(b"\x00\x00\x03", b"\x00\x00")
        self._bits = "".join(f"{byte:08b}" for byte in plain)
        self._at = 0

    def take(self, count: int) -> int:
        if self._at + count > len(self._bits):
            raise _TooShort
        self._at += count
        return int(self._bits[self._at - count : self._at] or "0", 2)

    def number(self) -> int:
        """ue(v): Exp-Golomb, 9.1."""
        one = self._bits.find("1", self._at)
        if one < 0 or (zeros := one - self._at) > 31:
            raise _TooShort
        self._at = one
        return self.take(zeros + 1) - 1

    def signed(self) -> int:
        coded = self.number()
        return (coded + 1) // 2 if coded % 2 else -coded // 2


@dataclass(frozen=True)
class _Sequence:
    number_bits: int  # of frame_num
    colour_planes: bool
    gaps_allowed: bool  # the encoder leaves numbers out on purpose


class FrameNumbers:
    """Told of each picture as it is coded, it says where one is missing."""

    def __init__(self) -> None:
        self._sequences: dict[int, _Sequence] = {}
        self._sequence_of: dict[int, int] = {}  # by PPS
        self._last: int | None = None  # frame_num of the last picture that others may copy from

    def learn(self, units: bytes) -> None:
        """What a stream says of itself beforehand (Annex B)."""
        self.missing(units)

    def missing(self, picture: bytes) -> bool:
        """Whether a picture is missing before this one (Annex B). What cannot be read is no gap.

        Pictures from which none copies have no number of their own: of those nothing is missed.
        """
        for _, found in zip(range(UNITS_MOST), START.finditer(picture), strict=False):
            if (start := found.end()) >= len(picture):
                break
            kind, kept = picture[start] & 31, bool(picture[start] >> 5 & 3)
            try:
                if kind in (SLICE, IDR):
                    return self._jumps(_Bits(picture[start + 1 : start + HEAD]), kind == IDR, kept)
                self._parameters(kind, picture[start + 1 : start + HEAD])
            except _TooShort:
                continue
        return False

    def _jumps(self, head: _Bits, idr: bool, kept: bool) -> bool:
        head.number()  # first_mb_in_slice
        head.number()  # slice_type
        sequence = self._sequences.get(self._sequence_of.get(head.number(), -1))
        if sequence is None:
            return False
        head.take(2 if sequence.colour_planes else 0)
        number, last = head.take(sequence.number_bits), self._last
        if kept or idr:
            self._last = number
        if idr or last is None or sequence.gaps_allowed:
            return False
        return number not in (last, (last + 1) % (1 << sequence.number_bits))

    def _parameters(self, kind: int, unit: bytes) -> None:
        if kind == SPS:
            name, sequence = _sequence(_Bits(unit))
            self._sequences[name & 31] = sequence
        elif kind == PPS:
            bits = _Bits(unit)
            self._sequence_of[bits.number() & 255] = bits.number()


def _sequence(bits: _Bits) -> tuple[int, _Sequence]:
    profile = bits.take(8)
    bits.take(16)
    name, planes = bits.number(), False
    if profile in WITH_CHROMA:
        chroma = bits.number()
        planes = chroma == 3 and bool(bits.take(1))
        bits.number()
        bits.number()
        bits.take(1)
        if bits.take(1):
            _skip_scaling(bits, 12 if chroma == 3 else 8)
    number_bits = (bits.number() & 15) + 4
    _skip_display_order(bits)
    bits.number()  # max_num_ref_frames
    return name, _Sequence(number_bits, planes, bool(bits.take(1)))


def _skip_scaling(bits: _Bits, lists: int) -> None:
    for one in range(lists):
        if not bits.take(1):
            continue
        last = following = 8
        for _ in range(16 if one < 6 else 64):
            if following:
                following = (last + bits.signed()) % 256
            last = following or last


def _skip_display_order(bits: _Bits) -> None:
    kind = bits.number()
    if kind == 0:
        bits.number()
    elif kind == 1:
        bits.take(1)
        bits.number()
        bits.number()
        for _ in range(min(bits.number(), 255)):
            bits.number()
