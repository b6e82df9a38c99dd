"""What the world must hold before a line starts: one function a look, settings → findings.

Live sources are not looked at: a camera that is away now is tried again while the line runs.
"""

from __future__ import annotations

import errno
import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from detector.bundle import SHIPPED, Bundle, open_bundle
from detector.errors import OpenError
from detector.refusals import why_size_refused
from detector.verdict import Box
from stream.judge import open_judge
from stream.live_bundle import settled
from stream.places import SHM
from stream.probe import PictureSize, first_picture_size
from stream.problem import ERROR, WARNING, Finding
from stream.secrets import SAFER_PASSWORD, SecretError, has_password, is_address, read_secret, readable_by_others
from stream.settings import CameraSettings, DisplaySettings, LineSettings, RecorderSettings
from stream.sources.source import SourceError
from stream.web.guard import GuardError, read_token

MB = 1_000_000


@dataclass(frozen=True)
class SeenDetector:
    """The bundle that would judge; None where it cannot be opened, or checkpoints take its place."""

    bundle: Bundle | None
    findings: tuple[Finding, ...]


def look_at_detector(line: LineSettings) -> SeenDetector:
    """Opens what would judge, on its device: every hash verified, golden samples judged."""
    try:
        inspector = settled(line).inspector
        bundle = None if inspector.classifier else open_bundle(inspector.bundle or SHIPPED)
    except OpenError as error:
        return SeenDetector(None, (Finding(ERROR, "inspector.bundle", str(error)),))
    try:
        open_judge(inspector)
    except OpenError as error:
        return SeenDetector(bundle, (Finding(ERROR, "inspector", str(error)),))
    return SeenDetector(bundle, ())


@dataclass(frozen=True)
class SeenSource:
    """The size of the camera's pictures; None where it cannot be known before the start."""

    size: PictureSize | None
    findings: tuple[Finding, ...]


def look_at_source(camera: CameraSettings) -> SeenSource:
    """Decodes the first picture of a file or a folder."""
    if camera.live:
        asked = camera.width and camera.height
        return SeenSource(PictureSize(camera.width or 0, camera.height or 0) if asked else None, ())
    try:
        return SeenSource(first_picture_size(camera), ())
    except SourceError as error:
        return SeenSource(None, (Finding(ERROR, f"cameras.{camera.name}.source", str(error)),))


def look_at_region(camera: CameraSettings, size: PictureSize | None, bundle: Bundle | None) -> Iterator[Finding]:
    """Whether the region lies in the picture, can be judged, and is not shrunk until scratches vanish."""
    path = f"cameras.{camera.name}.region"
    region = camera.region or (Box(0, 0, size.width, size.height) if size else None)
    if region is None:
        return
    got = f"[{region.x0}, {region.y0}, {region.x1}, {region.y1}]"
    if size is not None and (region.x1 > size.width or region.y1 > size.height):
        text = f"reaches outside the picture of {size.width}x{size.height} px, got {got}; make it smaller"
        yield Finding(ERROR, path, text)
    refusal = why_size_refused(region.height, region.width)
    if refusal is not None:
        yield Finding(ERROR, path, f"{refusal}, got {got}")
    elif bundle is not None and (shrunk := _too_much_shrunk(region, bundle)):
        yield Finding(WARNING, path, shrunk)


def _too_much_shrunk(region: Box, bundle: Bundle) -> str | None:
    wanted = bundle.classifier.input
    scale = min(wanted.width / region.width, wanted.height / region.height)
    least = bundle.trained_scale / 2
    if scale >= least:
        return None
    return (
        f"{region.width}x{region.height} px shrink to {scale:.2f} of their size before they are judged, the bundle was "
        f"trained at {bundle.trained_scale:.2f}, so thin scratches may vanish; set a region of at most "
        f"{int(wanted.width / least)}x{int(wanted.height / least)} px around the part"
    )


def look_at_password(camera: CameraSettings) -> Iterator[Finding]:
    """Whether the password can be read, by whom, and that it does not stand in the address."""
    if has_password(camera.source):
        yield Finding(WARNING, f"cameras.{camera.name}.source", SAFER_PASSWORD)
    if is_address(camera.source) and camera.password_file is not None:
        yield from _secret_file(f"cameras.{camera.name}.password_file", camera.password_file, read_secret)


def look_at_page(display: DisplaySettings) -> Iterator[Finding]:
    """Whether the token can be read and the port is free."""
    if not display.enabled:
        return
    if display.token_file is not None:
        yield from _secret_file("display.token_file", display.token_file, read_token)
    if display.port != 0:
        yield from _port(display)


def _secret_file(path: str, file: Path, read: Callable[[Path], str]) -> Iterator[Finding]:
    try:
        read(file)
    except (SecretError, GuardError) as error:
        yield Finding(ERROR, path, str(error).removeprefix(f"{path}: "))
    if (warning := readable_by_others(file)) is not None:
        yield Finding(WARNING, path, warning)


def _port(display: DisplaySettings) -> Iterator[Finding]:
    host = display.host.strip("[]")
    try:
        family, _, _, _, address = socket.getaddrinfo(host, display.port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, socket.SOCK_STREAM) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
    except OSError as error:
        what, way_out = {
            errno.EADDRINUSE: ("port", f"taken by another program, got {display.port}; take another, or 0 for any"),
            errno.EACCES: ("port", f"needs rights that you lack, got {display.port}; take one above 1023"),
        }.get(error.errno or 0, ("host", f"not an address of this computer, got {host}; 127.0.0.1 is always one"))
        yield Finding(ERROR, f"display.{what}", way_out)


def look_at_data_dir(folder: Path, recorder: RecorderSettings) -> Iterator[Finding]:
    """Whether a file can be written there, or where the folder would be made; and the free space."""
    standing = next(path for path in (folder, *folder.parents) if path.exists())
    if not standing.is_dir():
        yield Finding(ERROR, "data_dir", f"is a file, got {standing}; name a folder")
        return
    try:
        with tempfile.TemporaryFile(dir=standing) as trial:
            trial.write(b"linewatch")
    except OSError as error:
        text = f"cannot be written ({error.strerror}), got {standing}; change its rights or name another folder"
        yield Finding(ERROR, "data_dir", text)
        return
    free_mb = shutil.disk_usage(standing).free // MB
    if free_mb < recorder.evidence_min_free_mb:
        text = (
            f"{free_mb} MB are free, evidence needs {recorder.evidence_min_free_mb}; make room or name another folder"
        )
        yield Finding(WARNING, "data_dir", text)


def look_at_memory(line: LineSettings, sizes: dict[str, PictureSize | None]) -> Iterator[Finding]:
    """Whether the rings of the cameras whose size is known fit into shared memory."""
    known = [(camera.slots, size) for camera in line.cameras if (size := sizes.get(camera.name))]
    needed_mb = sum(slots * size.width * size.height * 3 for slots, size in known) // MB
    free_mb = os.statvfs(SHM).f_bavail * os.statvfs(SHM).f_frsize // MB
    if needed_mb > free_mb:
        text = (
            f"the rings need {needed_mb} MB of {SHM}, {free_mb} are free; lower slots or enlarge it (docker --shm-size)"
        )
        yield Finding(WARNING, "cameras", text)
