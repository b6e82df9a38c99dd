"""Every kind of message there is: what the wire decodes, and refuses all else."""

from __future__ import annotations

from stream.messages.accounts import Challenge, Known, Recall, Release, Report, Reported
from stream.messages.acts import Act, Event, Noted
from stream.messages.asked import Ask, Lease, Look, Shown, Trigger, Triggered, Waiting
from stream.messages.control import Answer, Command
from stream.messages.status import CameraStatus, ClipsStatus, HouseStatus, LineStatus
from stream.messages.verdicts import InspectorUp, Judged, Recorded

Message = (
    Ask
    | Waiting
    | Lease
    | Look
    | Shown
    | Trigger
    | Triggered
    | InspectorUp
    | Judged
    | Recorded
    | Report
    | Reported
    | Release
    | Recall
    | Known
    | Challenge
    | Event
    | Act
    | Noted
    | CameraStatus
    | ClipsStatus
    | LineStatus
    | HouseStatus
    | Command
    | Answer
)
