"""When a picture of a recording is due, for a recording that is played at its own pace. Pure."""

from __future__ import annotations

FALLBACK_FPS = 25.0
SPACING_MOST_S = 0.05  # so much later than due at most is a picture that comes sooner behind the last than expected


def due_s(index: int, pts_s: float | None, fps: float | None) -> float:
    """Seconds from the start of the recording to this picture.

    `fps`, where it is set, rules (a folder, or a recording played faster or slower); else the picture's own time.
    """
    if fps is not None:
        return index / fps
    return index / FALLBACK_FPS if pts_s is None else pts_s


def read_s(before_s: float | None, due_s: float) -> float:
    """When to read the picture behind one that was due at `due_s`; `before_s`: when the one before that was due.

    When it should be due itself, by the last spacing: as a live camera's picture is decoded when it comes. A recording
    that was read on at once would have its next picture decoded while the last is judged, and take a processor from it.
    """
    return due_s + (0.0 if before_s is None else min(max(0.0, due_s - before_s), SPACING_MOST_S))
