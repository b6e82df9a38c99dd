"""The evidence of a defect: a folder with the very picture that was judged. Written whole or not at all.

Knows no log and no socket: it gets a picture and a verdict and gives a folder.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
from datetime import datetime, timezone
from pathlib import Path

import cv2
import msgspec
import numpy as np

from detector.regions import Where
from stream.durable import make_folder, sync_folder, write_file
from stream.keeping import EVIDENCE_FOLDER, SAMPLES_FOLDER, evidence_folder, sample_folder
from stream.messages import Judged
from stream.overlay import draw_overlay, label_of
from stream.thumbnail import thumbnail

# Lossless at any level; 1 costs a third of the time of 3. To try all filters on each row, which is what OpenCV does
# unless it is told one, costs twice the time for 1 % less (1080p; 4 % where the sensor is noisy).
_FAST_PNG = [cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_UP]
DESCRIPTION = "evidence.json"
_PARTIAL = ".partial-"


def write_evidence(
    data_dir: Path,
    judged: Judged,
    picture: np.ndarray,
    mask: np.ndarray | None,
    where: Where,
    mm_per_px: float | None = None,
) -> str:
    """Writes a frame's evidence and returns its folder, relative to data_dir.

    `picture` (H, W, 3) BGR uint8 is what was judged; `mask` (H, W) uint8 0/1. The folder appears under its name only
    when every file in it is on disk. A folder that is there already stands. Raises OSError where the disk refuses.
    """
    frame = judged.frame
    name = evidence_folder(frame.camera, frame.run, frame.seq)
    return _written(data_dir, name, judged, picture, mask, where, mm_per_px)


def write_sample(
    data_dir: Path, judged: Judged, picture: np.ndarray, where: Where, mm_per_px: float | None = None
) -> str:
    """The same for a GOOD frame that is kept as a sample."""
    frame = judged.frame
    name = sample_folder(frame.camera, frame.run, frame.seq)
    return _written(data_dir, name, judged, picture, None, where, mm_per_px)


def _written(
    data_dir: Path,
    name: str,
    judged: Judged,
    picture: np.ndarray,
    mask: np.ndarray | None,
    where: Where,
    mm_per_px: float | None,
) -> str:
    target = data_dir / name
    if target.is_dir():
        sync_folder(target.parent)  # whoever wrote it may have died before its name was on disk
        return name
    make_folder(target.parent)
    partial = target.with_name(_PARTIAL + target.name)
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    hashes = {file: _write(partial / file, content) for file, content in _pictures(judged, picture, mask, where)}
    _write(partial / DESCRIPTION, _describe(judged, hashes, mm_per_px))
    sync_folder(partial)
    partial.rename(target)
    sync_folder(target.parent)
    return name


def description_hash(data_dir: Path, name: str) -> bytes:
    """The SHA-256 of a folder's evidence.json, which holds those of its pictures: the log keeps it. Raises OSError."""
    return hashlib.sha256((data_dir / name / DESCRIPTION).read_bytes()).digest()


def remove_evidence(data_dir: Path, name: str) -> None:
    """Removes a folder that no row points to; one that is gone already is fine."""
    with contextlib.suppress(OSError):
        take_away(data_dir / name)


def keep_folders(data_dir: Path) -> None:
    """The folders that a killed recorder made are on disk: it may have died before their names were. Raises OSError."""
    for top in (data_dir / EVIDENCE_FOLDER, data_dir / SAMPLES_FOLDER):
        if top.is_dir():
            for folder in (data_dir, top, *(path for path in top.iterdir() if path.is_dir())):
                sync_folder(folder)


def remove_leftovers(data_dir: Path, wanted: set[str], runs: set[tuple[str, str]]) -> int:
    """Removes what a killed recorder left: folders that no row points to, whole or not. Returns how many.

    Only of `runs`, (camera, run), that the log knows: where a log was taken away, its evidence stays.
    """
    removed = 0
    tops = (data_dir / EVIDENCE_FOLDER, data_dir / SAMPLES_FOLDER)
    for folder in (folder for top in tops for folder in top.glob("*/*/*")):
        camera, run = folder.parts[-3:-1]
        ours = folder.name.startswith(_PARTIAL) or (camera, run) in runs
        if ours and folder.relative_to(data_dir).as_posix() not in wanted:
            with contextlib.suppress(OSError):
                take_away(folder)
            removed += 1
    return removed


def take_away(folder: Path) -> None:
    """First its name, through to the disk, then what is in it: a power cut leaves no half of it under its own name.

    Raises OSError where its name stays.
    """
    doomed = folder
    if not folder.name.startswith(_PARTIAL):
        doomed = folder.with_name(_PARTIAL + folder.name)
        shutil.rmtree(doomed, ignore_errors=True)
        folder.rename(doomed)
        with contextlib.suppress(OSError):
            sync_folder(folder.parent)
    shutil.rmtree(doomed, ignore_errors=True)


def _pictures(judged: Judged, picture: np.ndarray, mask: np.ndarray | None, where: Where) -> list[tuple[str, bytes]]:
    verdict = judged.verdict
    label = label_of(verdict.state, judged.frame.part)
    shown = draw_overlay(picture, verdict.state, verdict.defects, mask, where, label=label, judged=verdict.regions)
    blank = np.zeros(picture.shape[:2], np.uint8) if mask is None else mask * np.uint8(255)
    sent = judged.picture
    as_judged = [("frame.jpg", sent.content)] if sent is not None and sent.kind == "jpeg" else []
    return [
        *as_judged,  # what travelled and was judged; frame.png holds its pixels
        ("frame.png", _encoded(".png", picture, _FAST_PNG)),
        ("mask.png", _encoded(".png", blank, _FAST_PNG)),
        ("overlay.jpg", _encoded(".jpg", shown, [cv2.IMWRITE_JPEG_QUALITY, 90])),
        ("thumb.jpg", _encoded(".jpg", thumbnail(shown, verdict, where), [cv2.IMWRITE_JPEG_QUALITY, 80])),
    ]


def _describe(judged: Judged, hashes: dict[str, str], mm_per_px: float | None) -> bytes:
    frame, verdict = judged.frame, judged.verdict
    captured = datetime.fromtimestamp(frame.captured_utc_ns / 1e9, timezone.utc)
    document = {
        "camera": frame.camera,
        "run": frame.run,
        "seq": frame.seq,
        "part": frame.part,
        "captured_utc": captured.isoformat(timespec="milliseconds"),
        "captured_utc_ns": frame.captured_utc_ns,
        "captured_mono_ns": frame.captured_mono_ns,
        "judged_mono_ns": judged.judged_mono_ns,
        "pts_s": frame.pts_s,
        "host": frame.host,
        "boot_id": frame.boot_id,
        "height": frame.height,
        "width": frame.width,
        "mm_per_px": mm_per_px,
        "state": verdict.state,
        "score": verdict.score,
        "reason": verdict.reason,
        "regions": verdict.regions,
        "defects": verdict.defects,
        "mask_sha256": verdict.mask_sha256,
        "bundle_id": verdict.bundle_id,
        "settings_id": verdict.settings_id,
        "recipe": verdict.recipe,
        "inspector": judged.inspector,
        "attempt": frame.attempt,
        "threshold": verdict.threshold,
        "stages_ms": verdict.stages_ms,
        "judged_as": "pixels" if judged.picture is None or judged.picture.kind == "raw" else "jpeg",
        "files_sha256": hashes,
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n"


def _encoded(kind: str, picture: np.ndarray, options: list[int]) -> bytes:
    done, content = cv2.imencode(kind, picture, options)
    if not done:
        raise OSError(f"a picture of shape {picture.shape} could not be written as {kind}")
    return content.tobytes()


def _write(path: Path, content: bytes) -> str:
    """Writes a file through to the disk; returns its SHA-256."""
    write_file(path, content)
    return hashlib.sha256(content).hexdigest()
