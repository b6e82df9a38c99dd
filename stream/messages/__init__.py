"""What travels between the roles: frozen, typed, small. Knows neither its bytes (wire.py) nor any socket (links.py).

A frame is named for ever by `(camera, run, seq)`. On one host its pixels do not travel: a `FrameRef` says in which slot
of which ring they lie, and with which sequence number, so that a reader can tell a picture from its successor. To
another host they go along as a `SentPicture`.
"""

# The names are for those who import them: which of its modules a message stands in is the package's own affair.
# ruff: noqa: F401
from stream.messages.accounts import (
    CHALLENGE_SOURCE,
    OUTCOMES_MAX,
    PARTS_MAX,
    UNKNOWN_MOST,
    Challenge,
    Known,
    Outcome,
    PartBegin,
    Recall,
    Release,
    Report,
    Reported,
)
from stream.messages.acts import Act, Event, Noted, Review
from stream.messages.asked import Ask, Lease, Look, Shown, Trigger, Triggered, Waiting
from stream.messages.control import Answer, Command
from stream.messages.every import Message
from stream.messages.frames import FrameRef, Key, SentPicture
from stream.messages.status import (
    CameraAlarm,
    CameraCounts,
    CameraFigures,
    CameraStatus,
    ChallengeStatus,
    ClipsStatus,
    ClockStatus,
    HouseStatus,
    IncidentRecord,
    LineStatus,
    PartRecord,
    RecorderFigures,
    RoleStatus,
)
from stream.messages.values import (
    FRAMES_MAX,
    PART_NAME,
    Box,
    CameraName,
    Count,
    Name,
    PartName,
    Pixels,
    RecipeName,
    Share,
    Text,
)
from stream.messages.verdicts import (
    DefectRecord,
    InspectorUp,
    Judged,
    PackedMask,
    Recorded,
    RegionRecord,
    VerdictRecord,
)
