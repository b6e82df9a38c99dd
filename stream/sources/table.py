"""Every kind of source in one table."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from stream.secrets import is_address, redact
from stream.settings import CameraSettings
from stream.sources.picture_folder import PictureFolder
from stream.sources.rtsp import RtspStream
from stream.sources.source import Source, SourceError
from stream.sources.synthetic_source import SyntheticCamera
from stream.sources.usb import UsbCamera
from stream.sources.video_file import VideoFile

KNOWN = "a file, a folder, rtsp://… or rtsps://…, a camera's index or /dev/video0, synthetic:"
KINDS: dict[str, Callable[[CameraSettings, str], Source]] = {
    "synthetic": lambda camera, address: SyntheticCamera(address),
    "rtsp": RtspStream,
    "usb": UsbCamera,
    "folder": lambda camera, address: PictureFolder(Path(address)),
    "file": lambda camera, address: VideoFile(Path(address)),
}


def kind_of(source: str) -> str:
    """Which kind of source an address names: a key of KINDS. Raises SourceError (final) where it is none of them."""
    if source.startswith("synthetic:"):
        return "synthetic"
    if source.startswith(("rtsp://", "rtsps://")):
        return "rtsp"
    if source.isdigit() or source.startswith("/dev/"):
        return "usb"
    if is_address(source):
        raise SourceError(f"{redact(source)}: no kind of source known here; known: {KNOWN}", final=True)
    return "folder" if Path(source).is_dir() else "file"


def open_source(camera: CameraSettings, address: str) -> Source:
    """The camera's source, opened; `address` with its password in it. Raises SourceError."""
    return KINDS[kind_of(address)](camera, address)
