"""When a picture of a recording is due, for a recording that is played at its own pace. Pure."""

from __future__ import annotations

FALLBACK_FPS = 25.0


def due_s(index: int, pts_s: float | None, fps: float | None) -> float:
    """Seconds from the start of the recording to this picture.

    `fps`, where it is set, rules (a folder, or a recording played faster or slower); else the picture's own time.
    """
    if fps is not None:
        return index / fps
    return index / FALLBACK_FPS if pts_s is None else pts_s
