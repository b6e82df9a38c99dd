"""What a line's sources must hold before it starts: whether they are there, and how large their pictures are.

Live sources are not looked at: a camera that is away now is tried again while the line runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from stream.probe import PictureSize, first_picture_size
from stream.problem import ERROR, WARNING, Finding
from stream.settings import DRAWN_PREFIXES, WATCH_PREFIX, CameraSettings
from stream.sources.source import SourceError
from stream.sources.table import open_source


@dataclass(frozen=True)
class SeenSource:
    """The size of the camera's pictures; None where it cannot be known before the start."""

    size: PictureSize | None
    findings: tuple[Finding, ...]


def look_at_source(camera: CameraSettings) -> SeenSource:
    """Decodes the first picture of a file or a folder, draws that of a drawn line."""
    if camera.watched:
        return SeenSource(None, tuple(_watched(camera)))
    if camera.industrial:
        return _look_at_industrial(camera)
    if camera.live and not camera.source.startswith(DRAWN_PREFIXES):
        asked = camera.width and camera.height
        return SeenSource(PictureSize(camera.width or 0, camera.height or 0) if asked else None, ())
    try:
        return SeenSource(first_picture_size(camera), ())
    except SourceError as error:
        return SeenSource(None, (Finding(ERROR, f"cameras.{camera.name}.source", str(error)),))


def _watched(camera: CameraSettings) -> Iterator[Finding]:
    folder = Path(camera.source.removeprefix(WATCH_PREFIX))
    if folder.exists() and not folder.is_dir():
        text = f"is a file, got {folder}; name the folder in which pictures appear, or leave out {WATCH_PREFIX}"
        yield Finding(ERROR, f"cameras.{camera.name}.source", text)
    elif not folder.is_dir():
        text = f"no such folder now, got {folder}; the line waits until it is there"
        yield Finding(WARNING, f"cameras.{camera.name}.source", text)


def _look_at_industrial(camera: CameraSettings) -> SeenSource:
    """Whether what talks to it is installed; the camera itself is left alone, for a line may have it."""
    roi = camera.control.roi
    size = None if roi is None else PictureSize(roi.width, roi.height)
    try:
        open_source(camera, camera.source).close()
    except SourceError as error:
        return SeenSource(size, (Finding(ERROR, f"cameras.{camera.name}.source", str(error)),))
    return SeenSource(size, ())
