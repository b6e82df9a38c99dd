"""What `check` says of clips: cameras without them though they are wished, recording that nothing bounds. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from stream.clips_cameras import wanted
from stream.clips_places import clipped
from stream.problem import WARNING, Finding
from stream.settings import KeptSettings, LineSettings


def look_at_clips(line: LineSettings) -> Iterator[Finding]:
    """What a person should know before the line runs for weeks."""
    filmed = clipped(line)
    for camera in wanted(line):
        if camera not in filmed:
            where = "its capture or the recorder lives on another host; let both live on the first"
            text = f"{camera.name} has no clips: {where}"
            yield Finding(WARNING, "clips.enabled", text)
    if not line.clips.continuous:
        return
    if not filmed:
        text = "nothing is recorded: auto records rtsp:// cameras alone, and there is none; set clips.enabled: on"
        yield Finding(WARNING, "clips.continuous", text)
    elif line.retention.segments == KeptSettings():
        text = (
            "everything is recorded, and nothing bounds it: the disk fills, whatever its size; `doctor` says when, "
            "once it has run; set retention.segments.gb or retention.segments.days"
        )
        yield Finding(WARNING, "clips.continuous", text)
