"""Where things lie in data_dir. Pure."""

from __future__ import annotations

EVIDENCE_FOLDER = "evidence"
VIDEO_FOLDER = "video"


def evidence_folder(camera: str, run: int, seq: int) -> str:
    """Where a frame's evidence lies, relative to data_dir."""
    return f"{EVIDENCE_FOLDER}/{camera}/{run}/{seq:08d}"


def film_file(camera: str, run: int, part: int = 1) -> str:
    """Where the overlay video of a run lies, relative to data_dir; its parts are numbered from 1."""
    return f"{VIDEO_FOLDER}/{camera}-{run}{'' if part == 1 else f'.{part}'}.mp4"
