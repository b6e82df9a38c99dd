"""The bytes of a message, and back: pure. Knows no socket.

A message is one part: four bytes of magic with the format's number, then MessagePack of a tagged struct. msgspec checks
every type on the way in, so a decoded message is what its class says, or `WireError`.
"""

from __future__ import annotations

import zlib

import msgspec
import numpy as np

from detector.verdict import RegionVerdict, Verdict
from stream.messages import DefectRecord, Message, PackedMask, RegionRecord, VerdictRecord

MAGIC = b"LW01"
MAX_BYTES = 8 * 1024 * 1024  # the largest message: a BAD verdict with the mask of a 4K frame stays far below
PICTURES_MAX_BYTES = 64 * 1024 * 1024  # the same where a picture travels along: 21 million pixels raw; 4K are 25 MB
MAX_MASK_PIXELS = 64_000_000  # a deflated mask may not unfold to more than this

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Message] = msgspec.msgpack.Decoder(Message)


class WireError(ValueError):
    """The bytes are not a message of ours; the text says why."""


def encode(message: Message) -> bytes:
    """The message's bytes."""
    return MAGIC + _encoder.encode(message)


def decode(data: bytes, most: int = MAX_BYTES) -> Message:
    """The message in the bytes, at most `most` of them. Raises WireError, and nothing else, whatever the bytes."""
    if len(data) > most:
        raise WireError(f"message of {len(data)} bytes; {most} is the most")
    if data[: len(MAGIC)] != MAGIC:
        raise WireError(f"not a message of this line: starts with {data[:8]!r}")
    try:
        return _decoder.decode(data[len(MAGIC) :])
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise WireError(f"malformed message: {error}") from error


def pack_mask(mask: np.ndarray) -> PackedMask | None:
    """A mask (H, W) uint8 0/1 as its bounding box and deflated bits; None where no pixel is set."""
    rows = np.flatnonzero(mask.any(axis=1))
    if rows.size == 0:
        return None
    columns = np.flatnonzero(mask.any(axis=0))
    x0, y0, x1, y1 = int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
    return PackedMask((x0, y0, x1, y1), zlib.compress(np.packbits(mask[y0:y1, x0:x1]).tobytes(), 1))


def unpack_mask(packed: PackedMask, height: int, width: int) -> np.ndarray:
    """The mask (height, width) uint8 0/1. Raises WireError where box or bits do not fit."""
    x0, y0, x1, y1 = packed.box
    if not (0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height) or (x1 - x0) * (y1 - y0) > MAX_MASK_PIXELS:
        raise WireError(f"mask box {packed.box} does not lie in a frame of {width} x {height} px")
    count = (x1 - x0) * (y1 - y0)
    try:
        bits = zlib.decompressobj().decompress(packed.bits, (count + 7) // 8)
    except zlib.error as error:
        raise WireError(f"mask bits do not unfold: {error}") from error
    if len(bits) != (count + 7) // 8:
        raise WireError(f"mask of {count} pixels has {len(bits)} bytes")
    mask = np.zeros((height, width), np.uint8)
    mask[y0:y1, x0:x1] = np.unpackbits(np.frombuffer(bits, np.uint8), count=count).reshape(y1 - y0, x1 - x0)
    return mask


def to_record(verdict: Verdict) -> VerdictRecord:
    """A verdict in the form that travels."""
    times = verdict.times
    return VerdictRecord(
        state=verdict.state.value,
        score=verdict.score,
        reason=verdict.reason,
        defects=tuple(
            DefectRecord(
                d.kind, d.score, (d.box.x0, d.box.y0, d.box.x1, d.box.y1), d.area_px, d.length_px, d.width_px, d.region
            )
            for d in verdict.defects
        ),
        mask=None if verdict.mask is None else pack_mask(verdict.mask),
        mask_sha256=verdict.mask_sha256,
        bundle_id=verdict.bundle_id,
        settings_id=verdict.settings_id,
        stages_ms=(times.preprocess_ms, times.classify_ms, times.segment_ms, times.postprocess_ms),
        regions=tuple(_region(one) for one in verdict.regions),
    )


def _region(one: RegionVerdict) -> RegionRecord:
    found = tuple((*a, *b, *c, *d) for a, b, c, d in one.found)
    return RegionRecord(one.name, one.state.value, one.score, one.reason, found)
