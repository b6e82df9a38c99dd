"""What all areas of the doctor look at: the line, this computer, and what was learnt of its cameras."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from stream.messages import CameraStatus, HouseStatus, LineStatus
from stream.settings import CameraSettings, LineSettings

MB = 1_000_000


@dataclass(frozen=True)
class Running:
    """What a line says that runs on this data_dir already. None: it did not say."""

    house: HouseStatus | None
    recorded: LineStatus | None
    cameras: Mapping[str, CameraStatus]


@dataclass(frozen=True)
class SeenCamera:
    """What came of trying a camera for a moment."""

    pictures: int = 0
    rate: float = 0.0  # pictures a second, between the first and the last; 0 where there were fewer than two
    width: int = 0  # pixels, of the last; 0 where there was none
    height: int = 0
    wire_mb_s: float = 0.0  # megabytes a second that came in at the network interface meanwhile
    interface: str = ""  # at which; empty where none is known
    last: np.ndarray | None = None  # (H, W, 3) BGR uint8


@dataclass(frozen=True)
class Scene:
    """What is looked at. `root` holds /proc, /sys and /run: tests hand in a tree of their own."""

    line: LineSettings
    roles: tuple[str, ...]  # on this computer
    running: Running | None = None  # None: no line runs on this data_dir
    cameras: Mapping[str, SeenCamera] = field(default_factory=dict)  # those that were tried
    root: Path = Path("/")

    @property
    def captured_here(self) -> tuple[CameraSettings, ...]:
        """The cameras whose capture lives on this computer."""
        return tuple(camera for camera in self.line.cameras if f"capture {camera.name}" in self.roles)

    def rate(self, camera: CameraSettings) -> float:
        """Pictures a second that it brings, as far as is known: measured, else asked for, else 0."""
        seen = self.cameras.get(camera.name)
        said = None if self.running is None else self.running.cameras.get(camera.name)
        measured = seen.rate if seen is not None else said.fps if said is not None else 0.0
        return measured or camera.fps or 0.0

    def size(self, camera: CameraSettings) -> tuple[int, int]:
        """Width and height of its pictures, as far as is known: measured, else asked for, else 0."""
        seen = self.cameras.get(camera.name)
        if seen is not None and seen.width:
            return seen.width, seen.height
        return camera.width or 0, camera.height or 0


def read(path: Path) -> str:
    """The text of a file of /proc or /sys without its last line end; empty where there is none to be had."""
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""


def number(path: Path) -> int | None:
    """The whole number in such a file; None where it holds none."""
    text = read(path)
    return int(text) if text.lstrip("-").isdigit() else None
