"""What clips say and show, for tests: the numbers that are burnt into their pictures, read back."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np

from tests.line import RunningLine, rows

ReadNumber = Callable[[np.ndarray], int]


@dataclass(frozen=True)
class Film:
    """A clip, as it lies on the disk."""

    path: Path
    said: dict[str, Any]  # its JSON

    @property
    def listed(self) -> dict[float, int]:
        """The seq that is said to be shown, by its time in milliseconds."""
        return {round(time_s * 1000, 1): seq for seq, time_s in self.said["frames"]}

    def burnt(self, read: ReadNumber) -> dict[float, int]:
        """The number that is shown, by its time in milliseconds."""
        with av.open(str(self.path)) as film:
            return {
                round(float(frame.pts * frame.time_base) * 1000, 1): read(frame.to_ndarray(format="bgr24"))
                for frame in film.decode(video=0)
                if frame.pts is not None and frame.time_base is not None
            }


def films(data_dir: Path, camera: str = "*") -> dict[tuple[str, int, int], Film]:
    """Every clip by camera, run and first frame."""
    found = {}
    for path in sorted((data_dir / "clips").glob(f"{camera}/*/*.mp4")):
        said = json.loads(path.with_suffix(".json").read_text())
        found[said["camera"], said["run"], said["first_seq"]] = Film(path, said)
    return found


def incidents(line: RunningLine, camera: str) -> list[tuple[str, int, int]]:
    """Those in the log, by the name that their clip must have."""
    asked = f"SELECT camera, run, first_seq FROM incidents WHERE camera='{camera}' ORDER BY run, first_seq"
    return [tuple(row) for row in rows(line.data_dir, asked)]
