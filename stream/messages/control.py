"""What goes over the control socket: a person's wish, and the supervisor's answer."""

from __future__ import annotations

import msgspec

from stream.messages.status import CameraStatus, HouseStatus
from stream.messages.values import CameraOrLine, Count, Name, PartName, RecipeName


class Command(msgspec.Struct, frozen=True, tag="command"):
    """A person's wish to the supervisor: status | stop | trigger | recipe | promote (take the live bundle)."""

    name: Name
    who: Name
    camera: CameraOrLine = ""  # trigger: which one
    part: PartName = ""  # trigger: what is before it
    serial: Count = 0  # comes back with the answer
    recipe: RecipeName = ""  # recipe: which one is wanted; `none` for the line's own settings


class Answer(msgspec.Struct, frozen=True, tag="answer"):
    """The supervisor's answer, in plain words, with the state of the house."""

    ok: bool
    text: str
    house: HouseStatus | None = None
    serial: Count = 0  # as the command said
    cameras: tuple[CameraStatus, ...] = ()  # to status: what the captures said last
