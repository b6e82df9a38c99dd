"""The evidence of a defect: a folder with the very picture that was judged. Written whole or not at all.

Knows no log and no socket: it gets a picture and a verdict and gives a folder.
"""

from __future__ import annotations

import hashlib
import shutil
from datetime import datetime, timezone
from pathlib import Path

import cv2
import msgspec
import numpy as np

from detector.verdict import Box
from stream.durable import sync_folder, write_file
from stream.keeping import EVIDENCE_FOLDER, evidence_folder
from stream.messages import Judged
from stream.overlay import draw_overlay, scale_to_width

THUMB_WIDTH_PX = 320
_FAST_PNG = [cv2.IMWRITE_PNG_COMPRESSION, 1]  # lossless at any level; 1 costs a third of the time of 3
_PARTIAL = ".partial-"


def write_evidence(
    data_dir: Path, judged: Judged, picture: np.ndarray, mask: np.ndarray | None, region: Box | None
) -> str:
    """Writes a frame's evidence and returns its folder, relative to data_dir.

    `picture` (H, W, 3) BGR uint8 is what was judged; `mask` (H, W) uint8 0/1. The folder appears under its name only
    when every file in it is on disk. A folder that is there already stands. Raises OSError where the disk refuses.
    """
    frame = judged.frame
    name = evidence_folder(frame.camera, frame.run, frame.seq)
    target = data_dir / name
    if target.is_dir():
        return name
    partial = target.with_name(_PARTIAL + target.name)
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    hashes = {file: _write(partial / file, content) for file, content in _pictures(judged, picture, mask, region)}
    _write(partial / "evidence.json", _describe(judged, hashes))
    sync_folder(partial)
    partial.rename(target)
    sync_folder(target.parent)
    return name


def remove_evidence(data_dir: Path, name: str) -> None:
    """Removes a folder that no row points to; one that is gone already is fine."""
    shutil.rmtree(data_dir / name, ignore_errors=True)


def remove_leftovers(data_dir: Path, wanted: set[str], runs: set[tuple[str, str]]) -> int:
    """Removes what a killed recorder left: folders that no row points to, whole or not. Returns how many.

    Only of `runs`, (camera, run), that the log knows: where a log was taken away, its evidence stays.
    """
    removed = 0
    for folder in (data_dir / EVIDENCE_FOLDER).glob("*/*/*"):
        camera, run = folder.parts[-3:-1]
        ours = folder.name.startswith(_PARTIAL) or (camera, run) in runs
        if ours and folder.relative_to(data_dir).as_posix() not in wanted:
            shutil.rmtree(folder, ignore_errors=True)
            removed += 1
    return removed


def _pictures(
    judged: Judged, picture: np.ndarray, mask: np.ndarray | None, region: Box | None
) -> list[tuple[str, bytes]]:
    verdict = judged.verdict
    shown = draw_overlay(picture, verdict.state, verdict.defects, mask, region)
    blank = np.zeros(picture.shape[:2], np.uint8) if mask is None else mask * np.uint8(255)
    return [
        ("frame.png", _encoded(".png", picture, _FAST_PNG)),
        ("mask.png", _encoded(".png", blank, _FAST_PNG)),
        ("overlay.jpg", _encoded(".jpg", shown, [cv2.IMWRITE_JPEG_QUALITY, 90])),
        ("thumb.jpg", _encoded(".jpg", scale_to_width(shown, THUMB_WIDTH_PX), [cv2.IMWRITE_JPEG_QUALITY, 80])),
    ]


def _describe(judged: Judged, hashes: dict[str, str]) -> bytes:
    frame, verdict = judged.frame, judged.verdict
    captured = datetime.fromtimestamp(frame.captured_utc_ns / 1e9, timezone.utc)
    document = {
        "camera": frame.camera,
        "run": frame.run,
        "seq": frame.seq,
        "captured_utc": captured.isoformat(timespec="milliseconds"),
        "captured_utc_ns": frame.captured_utc_ns,
        "captured_mono_ns": frame.captured_mono_ns,
        "judged_mono_ns": judged.judged_mono_ns,
        "pts_s": frame.pts_s,
        "host": frame.host,
        "boot_id": frame.boot_id,
        "height": frame.height,
        "width": frame.width,
        "state": verdict.state,
        "score": verdict.score,
        "defects": verdict.defects,
        "mask_sha256": verdict.mask_sha256,
        "bundle_id": verdict.bundle_id,
        "settings_id": verdict.settings_id,
        "inspector": judged.inspector,
        "attempt": frame.attempt,
        "stages_ms": verdict.stages_ms,
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
