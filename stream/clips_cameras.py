"""Of which cameras clips are wanted, and how their pictures get there. Pure."""

from __future__ import annotations

from stream.settings import CameraSettings, LineSettings

ROLE = "clips"
RTSP = ("rtsp://", "rtsps://")


def wanted(line: LineSettings) -> tuple[CameraSettings, ...]:
    """The cameras that are to have clips."""
    every, copied = line.clips.enabled == "on", line.clips.enabled == "auto"
    return tuple(c for c in line.cameras if every or (copied and c.source.startswith(RTSP)))


def may_be_copied(camera: CameraSettings) -> bool:
    """Whether its source could give H.264 as it is coded: once it is open, its capture says whether it does."""
    return camera.source.startswith(RTSP) or not (camera.live or camera.watched)


def encoded(line: LineSettings) -> bool:
    """Whether pictures are encoded here where they cannot be copied."""
    return line.clips.enabled == "on"


def unpaced(camera: CameraSettings) -> bool:
    """Whether its pictures come as fast as they are judged: faster, on most computers, than they can be encoded."""
    return not (camera.live or camera.watched) and camera.pace == "fast"
