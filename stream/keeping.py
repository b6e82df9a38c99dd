"""Where things lie in data_dir. Pure."""

from __future__ import annotations

LOG_FILE = "log.sqlite"
EVIDENCE_FOLDER = "evidence"
VIDEO_FOLDER = "video"
SAMPLES_FOLDER = "samples"
CLIPS_FOLDER = "clips"
SEGMENTS_FOLDER = "segments"


def evidence_folder(camera: str, run: int, seq: int) -> str:
    """Where a frame's evidence lies, relative to data_dir."""
    return f"{EVIDENCE_FOLDER}/{camera}/{run}/{seq:08d}"


def sample_folder(camera: str, run: int, seq: int) -> str:
    """Where a GOOD frame that is kept lies, relative to data_dir; with the same files as evidence."""
    return f"{SAMPLES_FOLDER}/{camera}/{run}/{seq:08d}"


def clip_file(camera: str, run: int, first_seq: int, part: int = 1) -> str:
    """Where the clip of an incident lies, relative to data_dir; beside it the same name with .json.

    An incident that is too long for one has several parts, numbered from 1.
    """
    return f"{CLIPS_FOLDER}/{camera}/{run}/{first_seq}{'' if part == 1 else f'.{part}'}.mp4"


def film_file(camera: str, run: int, part: int = 1) -> str:
    """Where the overlay video of a run lies, relative to data_dir; its parts are numbered from 1."""
    return f"{VIDEO_FOLDER}/{camera}-{run}{'' if part == 1 else f'.{part}'}.mp4"
