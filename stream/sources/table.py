"""Every kind of source in one table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from stream.secrets import is_address, redact
from stream.settings import INDUSTRIAL_PREFIXES, WATCH_PREFIX, CameraSettings
from stream.sources.source import Source, SourceError

KNOWN = (
    "a file, a folder, watch:FOLDER, rtsp://…, http://…, a camera's index or /dev/video0, basler:, genicam:, aravis:, "
    "synthetic:"
)


@dataclass(frozen=True)
class Kind:
    """A kind of source. A capture has one camera, so it loads one of these modules: the others cost it memory."""

    module: str
    opens: Callable[[Any, CameraSettings, str], Source]  # the module, the camera, its address


KINDS: dict[str, Kind] = {
    "synthetic": Kind("stream.sources.synthetic_source", lambda module, _, address: module.SyntheticCamera(address)),
    "numbered": Kind("stream.sources.numbered", lambda module, camera, address: module.NumberedCamera(camera, address)),
    "rtsp": Kind("stream.sources.rtsp", lambda module, camera, address: module.RtspStream(camera, address)),
    "mjpeg": Kind("stream.sources.mjpeg", lambda module, camera, address: module.MjpegCamera(camera, address)),
    "watch": Kind("stream.sources.watched_folder", lambda module, camera, _: module.WatchedFolder(camera)),
    "basler": Kind("stream.sources.basler", lambda module, camera, address: module.open_camera(camera, address)),
    "genicam": Kind("stream.sources.genicam", lambda module, camera, address: module.open_camera(camera, address)),
    "aravis": Kind("stream.sources.aravis", lambda module, camera, address: module.open_camera(camera, address)),
    "usb": Kind("stream.sources.usb", lambda module, camera, address: module.UsbCamera(camera, address)),
    "folder": Kind("stream.sources.picture_folder", lambda module, _, address: module.PictureFolder(Path(address))),
    "file": Kind("stream.sources.video_file", lambda module, _, address: module.VideoFile(Path(address))),
}


def kind_of(source: str) -> str:
    """Which kind of source an address names: a key of KINDS. Raises SourceError (final) where it is none of them."""
    if source.startswith("synthetic:"):
        return "synthetic"
    if source.startswith("numbered:"):
        return "numbered"
    if source.startswith(INDUSTRIAL_PREFIXES):
        return source.partition(":")[0]
    if source.startswith(("rtsp://", "rtsps://")):
        return "rtsp"
    if source.startswith(("http://", "https://")):
        return "mjpeg"
    if source.startswith(WATCH_PREFIX):
        return "watch"
    if source.isdigit() or source.startswith("/dev/"):
        return "usb"
    if is_address(source):
        raise SourceError(f"{redact(source)}: no kind of source known here; known: {KNOWN}", final=True)
    return "folder" if Path(source).is_dir() else "file"


def open_source(camera: CameraSettings, address: str) -> Source:
    """The camera's source, opened; `address` with its password in it. Raises SourceError."""
    kind = KINDS[kind_of(address)]
    return kind.opens(import_module(kind.module), camera, address)
