"""The room that a line needs on its computer before it starts: on the disk of its data, in shared memory."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from stream.places import SHM
from stream.probe import PictureSize
from stream.problem import ERROR, WARNING, Finding
from stream.settings import LineSettings, RecorderSettings

MB = 1_000_000


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
