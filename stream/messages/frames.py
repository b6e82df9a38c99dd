"""A frame: its name, where its pixels lie, and its pixels where they must travel."""

from __future__ import annotations

from typing import Annotated

import msgspec

from stream.messages.values import CameraName, Count, FileName, Finite, Frames, Name, PartName, Pixels, Text


class Key(msgspec.Struct, frozen=True, array_like=True, order=True):
    """The name of a frame within its camera."""

    run: Count
    seq: Frames


class FrameRef(msgspec.Struct, frozen=True):
    """A frame and where its pixels lie."""

    camera: CameraName
    run: Count
    seq: Frames
    captured_mono_ns: Count
    captured_utc_ns: Count
    pts_s: Finite | None  # the source's own time of the picture
    host: Name
    boot_id: Name
    ring: FileName  # file name of the ring, in the runtime folder
    slot: Count
    lock: Count  # the slot's sequence number while it holds this picture
    height: Pixels
    width: Pixels
    attempt: Count = 1  # 1 for the first inspector that gets it
    problem: Text | None = None  # must not be judged: UNKNOWN, with this reason
    deadline_ms: Finite | None = None  # judged later than this after capture is UNKNOWN
    part: PartName = ""  # that it is a picture of; empty: of none that was announced
    challenge: bool = False  # no product, but a stored picture that must be caught

    @property
    def key(self) -> Key:
        return Key(self.run, self.seq)


class SentPicture(msgspec.Struct, frozen=True):
    """The pixels of a frame where they must travel: to another host, or from there to the recorder."""

    kind: Annotated[str, msgspec.Meta(pattern=r"\A(raw|jpeg)\Z")]
    content: bytes
