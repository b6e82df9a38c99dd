"""How a ring lies in memory: its fields, their offsets, and what they say. Pure; maps nothing.

head | runs' entries | slots' headers | parts' entries | pixels of each slot
"""

from __future__ import annotations

import enum
import struct
from dataclasses import dataclass

import numpy as np

MAGIC = 0x4C57_5249_4E47_0002  # "LWRING", format 2
PAGE = 4096
PROBLEM_BYTES = 48
SESSION_BYTES = 48
PART_BYTES = 64

HEAD = np.dtype(
    [
        ("magic", "<u8"),
        ("slots", "<u8"),
        ("slot_bytes", "<u8"),
        ("parts", "<u8"),  # parts that the ring can remember; 0 where the camera is told of none
    ],
    align=True,
)
RUN = np.dtype(
    [
        ("run", "<u8"),  # 0: this entry is free
        ("captured", "<u8"),  # pictures of the run numbered so far
        ("lost", "<u8"),  # pictures of the run lost before capture
        ("ended", "<u8"),  # 1: it has; 2: it is a challenge
        ("session", f"S{SESSION_BYTES}"),  # the start of the line that the run belongs to
    ],
    align=True,
)
ENDED, CHALLENGE = np.uint64(1), np.uint64(2)
RUNS = 16  # runs whose account may be open at once; their entries outlive the process that wrote them
RUNS_AT = 1024  # byte offset of the run entries
SLOT = np.dtype(
    [
        ("state", "<u8"),
        ("lock", "<u8"),
        ("run", "<u8"),
        ("seq", "<u8"),
        ("captured_mono_ns", "<u8"),
        ("captured_utc_ns", "<u8"),
        ("pts_s", "<f8"),  # NaN where the source has none
        ("height", "<u8"),
        ("width", "<u8"),
        ("attempt", "<u8"),
        ("problem", f"S{PROBLEM_BYTES}"),
        ("part", f"S{PART_BYTES}"),  # that the picture is of; empty: of none that was announced
    ],
    align=True,
)
PART = np.dtype(
    [
        ("run", "<u8"),  # 0: this entry is free
        ("number", "<u8"),  # of the part within its run
        ("seq", "<u8"),  # its first frame
        ("told_utc_ns", "<u8"),
        ("part", f"S{PART_BYTES}"),
        ("by", f"S{PART_BYTES}"),  # who announced it
    ],
    align=True,
)
# The same bytes for struct, which reads and writes a row in a tenth of the time that numpy takes for its fields.
WHOLE_ROW = struct.Struct(f"<6Qd3Q{PROBLEM_BYTES}s{PART_BYTES}s")
PICTURE = struct.Struct(f"<4Qd3Q{PROBLEM_BYTES}s{PART_BYTES}s")  # of a row all but its state and lock
PICTURE_AT = 16
ENTRY = struct.Struct(f"<3Q{SESSION_BYTES}s")  # of a run's entry all but its name
ENTRY_AT = 8
PART_ENTRY = struct.Struct(f"<3Q{PART_BYTES}s{PART_BYTES}s")  # of a part's entry all but its run


class SlotState(enum.IntEnum):
    """FREE -> WRITING -> READY -> LEASED -> JUDGED -> FREE."""

    FREE = 0
    WRITING = 1
    READY = 2
    LEASED = 3
    JUDGED = 4


@dataclass(frozen=True)
class RunEntry:
    """How far a run has come, as the ring remembers it."""

    run: int
    captured: int
    lost: int = 0
    ended: bool = False
    session: str = ""
    challenge: bool = False  # its pictures are no product

    @property
    def word(self) -> int:
        """`ended` as the ring has it: a ring of a version without challenges reads as it did."""
        return self.ended | self.challenge << 1


@dataclass(frozen=True)
class SlotHeader:
    """What a slot says of its picture."""

    state: SlotState
    lock: int
    run: int
    seq: int
    captured_mono_ns: int
    captured_utc_ns: int
    pts_s: float | None
    height: int
    width: int
    attempt: int
    problem: str | None
    part: str = ""


def parts_at(slots: int) -> int:
    """Byte offset of the parts' entries."""
    return PAGE + -(-slots * SLOT.itemsize // PAGE) * PAGE


def pixels_at(slots: int, parts: int) -> int:
    """Byte offset of the first slot's pixels."""
    return parts_at(slots) + -(-parts * PART.itemsize // PAGE) * PAGE


def file_size(slots: int, slot_bytes: int, parts: int) -> int:
    """Bytes of the whole."""
    return pixels_at(slots, parts) + slots * slot_bytes
