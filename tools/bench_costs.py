"""What a line costs by the camera, by the frame, by the BAD frame and by the megapixel: the figures of the model.

The model itself, and what it comes to for N cameras, is bench_plan.py.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from detector.opening import open_cascade
from stream.ring import Ring
from stream.settings import CameraSettings
from stream.sources.source import Picture
from stream.sources.table import open_source

from .bench_camera_line import Load, Step
from .bench_recording import BAD_EVERY, draw

WIDTH, HEIGHT = 1920, 1080
FRAMES = 2 * BAD_EVERY
TIMES = 20
COST_MODEL = "cost model"  # the setting of its rows in a record
ROLES = ("capture", "inspect", "record", "display", "supervise")
JUDGING = "inspect"


def costs(rest: tuple[Load, Step], work: tuple[Load, Step], bad: tuple[Load, Step]) -> dict[str, float]:
    """From three lines of as many cameras: at rest, at work on GOOD frames, at work with BAD ones. Pure.

    A role's processors = at rest x cameras + by the frame x frames/s + by the BAD frame x BAD frames/s.
    """
    found: dict[str, float] = {}
    cameras, (slow, fast, worse) = rest[0].cameras, (rest[1], work[1], bad[1])
    for role in ROLES:
        still, busy, marked = (one.cores.get(role, 0.0) for one in (slow, fast, worse))
        frames = fast.judged_per_s - slow.judged_per_s
        by_frame = max(0.0, (busy - still) / frames) if frames > 0 else 0.0
        found[f"{role}: ms a second and camera, at rest"] = (
            1000 * max(0.0, still - by_frame * slow.judged_per_s) / cameras
        )
        found[f"{role}: ms a frame"] = 1000 * by_frame
        more = marked - busy - by_frame * (worse.judged_per_s - fast.judged_per_s)
        if role != JUDGING:  # with the shipped networks a BAD frame costs it something else: parts()
            found[f"{role}: ms a BAD frame"] = 1000 * max(0.0, more / worse.bad_per_s if worse.bad_per_s else 0.0)
    for role in (*ROLES, "spare"):
        each = cameras if role == "capture" else work[0].inspectors if role == JUDGING else 1
        found[f"{role}: MB"] = fast.pss_mb.get(role, 0.0) / each
    return found


def parts(threads: int) -> dict[str, float]:
    """What a picture costs by its size, and by its verdict, in ms of one processor: measured alone, in this process."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "belt.mp4"
        region = draw(path, WIDTH, HEIGHT, FRAMES)
        camera = CameraSettings("belt", str(path))
        megapixels = WIDTH * HEIGHT / 1e6
        pictures: list[np.ndarray] = []
        with _Counted() as decoding:
            source = open_source(camera, str(path))
            pictures.extend(taken.pixels for taken in source.pictures(0) if isinstance(taken, Picture))
            source.close()
        good, bad = pictures[0], pictures[BAD_EVERY - 1]
        cascade = open_cascade(clock=time.perf_counter, engine="onnxruntime", device="cpu", threads=threads)
        return {
            "decode: ms a megapixel": decoding.ms / len(pictures) / megapixels,
            "copy: ms a megapixel": _copied_ms(Path(name), good) / megapixels,
            "evidence: ms a megapixel": _each_ms(lambda: _kept(good)) / megapixels,
            "judge: ms a GOOD frame": _each_ms(lambda: cascade.judge(good, region)),
            "judge: ms a BAD frame": _each_ms(lambda: cascade.judge(bad, region)),
        }


def _copied_ms(folder: Path, picture: np.ndarray) -> float:
    ring = Ring.create(folder / "belt.1.ring", slots=2, slot_bytes=picture.nbytes)
    try:
        return _each_ms(
            lambda: ring.write(
                0, picture, run=1, seq=0, captured_mono_ns=1, captured_utc_ns=1, pts_s=None, problem=None
            )
        )
    finally:
        ring.close()


def _kept(picture: np.ndarray) -> None:
    """As stream/evidence.py does: the picture, and the picture with its overlay."""
    cv2.imencode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 90])


def _each_ms(do: Callable[[], object]) -> float:
    do()
    with _Counted() as counted:
        for _ in range(TIMES):
            do()
    return counted.ms / TIMES


class _Counted:
    """The processor time of this process, all threads, between two moments."""

    ms = 0.0

    def __enter__(self) -> _Counted:
        self._began_s = time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.ms = 1000 * (time.process_time() - self._began_s)
