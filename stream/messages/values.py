"""What a field of a message may be: each kind of value with its limits, once.

msgspec holds every message to them where it arrives; so nothing that is absurd gets past the door.
"""

from __future__ import annotations

import re
from typing import Annotated

import msgspec

FRAMES_MAX = 2**48  # of one run, 8,900 years at 1,000 a second: sums over any number of runs fit into 64 bits
# A part's name goes into a picture, a table and a spreadsheet: printable ASCII, no space at its ends, and nothing in
# front that a spreadsheet would take for a formula.
PART_PATTERN = r"[A-Za-z0-9_#]([ -~]{0,62}[!-~])?"
PART_NAME = re.compile(PART_PATTERN)

Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]  # fits into a column of the log
Frames = Annotated[int, msgspec.Meta(ge=0, le=FRAMES_MAX)]  # a number of frames, or a frame's own
Place = Annotated[int, msgspec.Meta(ge=0, le=1 << 16)]  # in a picture, in pixels
Finite = Annotated[float, msgspec.Meta(ge=-1.7e308, le=1.7e308)]  # never NaN or infinite
Process = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
Credits = Annotated[int, msgspec.Meta(ge=0, le=1024)]  # as many as a ring has slots, at most
CameraName = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9_-]{1,32}\Z")]  # becomes part of paths
RecipeName = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9_-]{0,32}\Z")]
CameraOrLine = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9_-]{0,32}\Z")]
FileName = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9_.-]{0,80}\Z")]  # in one folder, never a path
Name = Annotated[str, msgspec.Meta(max_length=1024)]  # of an inspector, a host, a bundle
Text = Annotated[str, msgspec.Meta(max_length=2**19)]  # in words, or an address; a line's whole YAML is shorter
Fate = Annotated[str, msgspec.Meta(pattern=r"\A(UNKNOWN|dropped:[a-z_]{1,32})\Z")]
Pixels = Annotated[int, msgspec.Meta(ge=1, le=1 << 16)]
Share = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]  # never NaN
Corner = Annotated[int, msgspec.Meta(ge=-(1 << 17), le=1 << 17)]  # in or beside a picture, in pixels
Corners = tuple[Corner, Corner, Corner, Corner, Corner, Corner, Corner, Corner]  # x, y of four, one after the other
Length = Annotated[float, msgspec.Meta(ge=0.0, le=1e9)]  # never NaN or infinite
Box = tuple[Place, Place, Place, Place]  # x0, y0, x1, y1, half open
Who = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"\A[^\x00-\x1f\x7f-\x9f\u2028-\u202e]*\Z")]
Word = Annotated[str, msgspec.Meta(pattern=r"\A(GOOD|BAD|UNKNOWN)\Z")]
PartName = Annotated[str, msgspec.Meta(pattern=rf"\A({PART_PATTERN})?\Z", max_length=64)]  # empty: no part
