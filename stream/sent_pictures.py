"""Pictures as they travel to another host, raw or JPEG, and back to pixels. Pure; knows no socket.

A JPEG that was judged stays that JPEG: `SentPicture` is handed on as it came, never encoded again.
"""

from __future__ import annotations

import cv2
import numpy as np

from stream.messages import SentPicture
from stream.wire import PICTURES_MAX_BYTES, WireError

RAW, JPEG = "raw", "jpeg"
BESIDE_BYTES = 1024 * 1024  # what a message holds beside its picture, at most: references, and the mask of a verdict
FALLBACK_QUALITY = 95


def may_travel_raw(size_bytes: int) -> bool:
    """Whether so many bytes of pixels fit into one message."""
    return size_bytes <= PICTURES_MAX_BYTES - BESIDE_BYTES


def pack(picture: np.ndarray, kind: str, quality: int) -> SentPicture:
    """A picture (H, W, 3) BGR uint8. One too large to travel raw goes as JPEG, and says so by its kind."""
    if kind == RAW and may_travel_raw(picture.nbytes):
        return SentPicture(RAW, picture.tobytes())
    done, content = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ValueError(f"a picture of shape {picture.shape} could not be written as JPEG")
    return SentPicture(JPEG, content.tobytes())


def unpack(sent: SentPicture, height: int, width: int) -> np.ndarray:
    """The pixels (height, width, 3), read-only. Raises WireError where the bytes are not such a picture."""
    if sent.kind == RAW:
        if len(sent.content) != height * width * 3:
            raise WireError(f"{len(sent.content)} bytes are no raw picture of {width} x {height} px")
        return np.frombuffer(sent.content, np.uint8).reshape(height, width, 3)
    if jpeg_size(sent.content) != (width, height):  # looked at first: a small JPEG may claim to be a huge picture
        raise WireError(f"not a JPEG of {width} x {height} px: it says {jpeg_size(sent.content)}")
    picture = cv2.imdecode(np.frombuffer(sent.content, np.uint8), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    if picture is None or picture.shape != (height, width, 3):
        raise WireError(f"not a whole JPEG of {width} x {height} px")
    picture.flags.writeable = False
    return picture


def jpeg_size(content: bytes) -> tuple[int, int] | None:
    """Width and height as the JPEG's own header says (ITU-T T.81, B.2.2); None where it has none."""
    at = 2
    while content[:2] == b"\xff\xd8" and at + 9 <= len(content) and content[at] == 0xFF:
        marker, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4], "big")
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return int.from_bytes(content[at + 7 : at + 9], "big"), int.from_bytes(content[at + 5 : at + 7], "big")
        at += 2 + max(2, length)
    return None
