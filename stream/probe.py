"""The size of a recording's first picture, found by decoding it. Knows only files and folders of pictures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import av

PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp")


class ProbeError(Exception):
    """There is no first picture; the text says why and what to do."""


@dataclass(frozen=True)
class PictureSize:
    width: int  # pixels
    height: int


def first_picture_size(source: Path) -> PictureSize:
    """The size of the first picture of a video file or a folder. Raises ProbeError."""
    if source.is_dir():
        return _decode(_first_picture(source))
    if not source.exists():
        raise ProbeError(f"no such file or folder, got {source}; check the path, or use synthetic: to try the line")
    if not source.is_file():
        raise ProbeError(f"neither a file nor a folder, got {source}; a camera is /dev/video0, or its index")
    if source.stat().st_size == 0:
        raise ProbeError(f"the file is empty, got {source}; record or copy it again")
    return _decode(source)


def _first_picture(folder: Path) -> Path:
    try:
        names = sorted(path for path in folder.iterdir() if path.suffix.lower() in PICTURES)
    except OSError as error:
        raise ProbeError(f"the folder cannot be read ({error.strerror}), got {folder}") from None
    if not names:
        raise ProbeError(f"no pictures in the folder, got {folder}; it needs {', '.join(PICTURES)}")
    return names[0]


def _decode(file: Path) -> PictureSize:
    try:
        with av.open(str(file), metadata_errors="replace") as container:
            if not container.streams.video:
                raise ProbeError(f"no pictures in the file, got {file}; name a video or a folder of pictures")
            for frame in container.decode(video=0):
                return PictureSize(frame.width, frame.height)
    except (av.error.FFmpegError, OSError) as error:
        reason = error.strerror or type(error).__name__
        raise ProbeError(f"not a video or picture that can be read ({reason}), got {file}") from None
    raise ProbeError(f"not one picture can be decoded, got {file}; record or copy it again")
