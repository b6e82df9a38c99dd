"""What a capture is asked, and its answers: frames by inspectors, pictures by displays, parts by who announces them."""

from __future__ import annotations

import msgspec

from stream.messages.frames import FrameRef, Key, SentPicture
from stream.messages.values import CameraName, Count, Credits, Frames, Name, PartName, Process, Text


class Ask(msgspec.Struct, frozen=True, tag="ask"):
    """An inspector asks for at most `credits` frames, and says which it has judged since it last asked."""

    inspector: Name
    pid: Process
    credits: Credits
    judged: tuple[Key, ...] = ()
    host: Name = ""  # the inspector's, by its name in the settings; empty where the line has one
    life: Count = 0  # of the process: a pid says nothing on another host
    asked_mono_ns: Count = 0  # the inspector's own time, for itself


class Waiting(msgspec.Struct, frozen=True, tag="waiting"):
    """A capture says how much waits in its ring."""

    camera: CameraName
    count: Frames
    oldest_mono_ns: Count  # 0 where nothing waits
    live: bool
    sent_mono_ns: Count = 0  # the capture's own time, for inspectors on other hosts
    alone: bool = False  # an inspector died of the oldest: it is lent alone, and is to be judged alone


class Lease(msgspec.Struct, frozen=True, tag="lease"):
    """Frames handed to the inspector that asked; none if another was faster."""

    frames: tuple[FrameRef, ...]
    waiting: Waiting
    asked_mono_ns: Count = 0  # as the ask said
    pictures: tuple[SentPicture, ...] = ()  # of the frames, in their order, to an inspector on another host


class Look(msgspec.Struct, frozen=True, tag="look"):
    """A display on another host would like to see a frame that was judged."""

    frame: FrameRef
    asked_mono_ns: Count  # the display's own time, for itself


class Shown(msgspec.Struct, frozen=True, tag="shown"):
    """The frame's picture as JPEG; None where its slot holds another by now."""

    camera: CameraName
    key: Key
    picture: SentPicture | None
    asked_mono_ns: Count  # as the display said
    sent_mono_ns: Count  # the capture's own time


class Trigger(msgspec.Struct, frozen=True, tag="trigger"):
    """A part is before the camera now; one that takes its pictures on order takes one of it."""

    camera: CameraName
    part: PartName  # empty: it gets its number as a name
    by: PartName  # who says so
    serial: Count  # of the asker's own


class Triggered(msgspec.Struct, frozen=True, tag="triggered"):
    """Whether the capture has taken the part; in words what is amiss."""

    camera: CameraName
    serial: Count
    ok: bool
    text: Text
