"""The size of a recording's first picture, as the line itself will open it."""

from __future__ import annotations

from dataclasses import dataclass

from stream.settings import CameraSettings
from stream.sources.source import Picture, SourceError
from stream.sources.table import open_source


@dataclass(frozen=True)
class PictureSize:
    width: int  # pixels
    height: int


def first_picture_size(camera: CameraSettings) -> PictureSize:
    """The size of the first picture of a file or a folder. Raises SourceError where there is none."""
    source = open_source(camera, camera.source)
    try:
        for picture in source.pictures():
            if isinstance(picture, Picture) and picture.problem is None:
                return PictureSize(picture.pixels.shape[1], picture.pixels.shape[0])
    finally:
        source.close()
    raise SourceError(f"{camera.source}: no picture in it can be read", final=True)
