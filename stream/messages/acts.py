"""What people and programs did and what befell the line, for the recorder to put on record."""

from __future__ import annotations

from typing import Annotated

import msgspec

from stream.messages.values import Box, CameraOrLine, Count, Name, Text, Who

COMMENT_MAX = 2000  # characters of a review's comment
BOXES_MAX = 64  # that a review marks


class Event(msgspec.Struct, frozen=True, tag="event"):
    """Something a person should be able to read later: a gap, a restart, a refusal."""

    camera: CameraOrLine  # empty: the whole line
    run: Count  # 0: no run
    kind: Name
    text: Text
    utc_ns: Count


class Review(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a person says of a frame; `new` of an act of kind `review`, as JSON."""

    verdict: Annotated[str, msgspec.Meta(pattern=r"\A(defect|false_alarm|unsure|missed|clean|withdrawn)\Z")]
    comment: Annotated[str, msgspec.Meta(max_length=COMMENT_MAX)] = ""
    boxes: Annotated[tuple[Box, ...], msgspec.Meta(max_length=BOXES_MAX)] = ()  # what was missed, half open

    def __post_init__(self) -> None:
        if any(x0 >= x1 or y0 >= y1 for x0, y0, x1, y1 in self.boxes):
            raise ValueError("a box is x0, y0, x1, y1 with x0 < x1 and y0 < y1")


class Act(msgspec.Struct, frozen=True, tag="act"):
    """What a person or a program did, for the audit: to the recorder, said again until it is Noted."""

    id: Name  # the sender's own; a repeat changes nothing
    utc_ns: Count
    who: Who
    role: Annotated[str, msgspec.Meta(pattern=r"\A(viewer|operator|engineer|system)\Z")]
    kind: Name  # one of acts.KINDS
    subject: Text  # what was acted on; of a review or a pin: CAMERA/RUN/SEQ
    old: Text = ""
    new: Text = ""


class Noted(msgspec.Struct, frozen=True, tag="noted"):
    """The act is on disk, or refused; in words which and why."""

    id: Name
    ok: bool
    text: Text
