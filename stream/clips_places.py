"""Which cameras have clips, as the hosts of the line are, and where their segments lie. Pure."""

from __future__ import annotations

from stream.clips_cameras import wanted
from stream.hosts import home, host_of
from stream.segments import Shelf
from stream.settings import CameraSettings, LineSettings

ROOM = 2  # times the free disk below which no evidence is begun: clips give way long before


def clipped(line: LineSettings) -> tuple[CameraSettings, ...]:
    """The cameras that have clips. Segments and log must lie in one data_dir, so captures elsewhere have none."""
    return tuple(c for c in wanted(line) if host_of(line, f"capture {c.name}") == host_of(line, "record") == home(line))


def shelf_of(line: LineSettings, camera: CameraSettings) -> Shelf | None:
    """Where segments of that camera go; None where it has no clips."""
    if camera.name not in {one.name for one in clipped(line)}:
        return None
    least_free = ROOM * line.recorder.evidence_min_free_mb * 1_000_000
    return Shelf(line.data_dir, camera.name, line.clips.segment_s, least_free)
