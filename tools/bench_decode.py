"""The suite `decode`: a drawn H.264 recording to pictures, by the line's own source into its ring, by PyAV, by OpenCV.

The floor is decoding alone, nothing converted, with one thread, as the line's source has it (stream/sources/decoding.py
says why); the others' own choice of threads is measured, too.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import islice
from pathlib import Path

import av
import cv2
import numpy as np
from tqdm import tqdm

from stream.places import SHM
from stream.ring import Ring
from stream.sources.synthetic.belt import Belt
from stream.sources.video_file import VideoFile

from .bench_record import Measured
from .bench_rounds import Contender, Row, compare, row_of

FPS, SLOTS = 30, 8
FLOOR, OURS = "decode alone, one thread", "the line's source, into its ring"
PYAV, CV2 = "PyAV to BGR, one thread", "cv2, one thread"
PYAV_FREE, CV2_FREE = "PyAV to BGR, its own threads", "cv2, its own threads"
COMPARED = 30  # pictures, of which the largest difference to PyAV's is said
NOTES = (
    f"the floor is `{FLOOR}`: PyAV, nothing converted",
    f"{OURS}: every picture accounted for, converted, and copied once into a slot of shared memory",
    "a picture of the others is a new array in the process's own memory",
    "largest difference: in grey levels of 0 to 255, to PyAV's own conversion, over the first pictures",
)
Read = Callable[[Path], Iterator[object]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--size", default="1920x1080", help="of the pictures (default: 1920x1080)")
    parser.add_argument("--frames", type=int, default=300, help="of the recording (default: 300)")


def measure(arguments: argparse.Namespace) -> Measured:
    width, height = (int(side) for side in arguments.size.split("x"))
    with tempfile.TemporaryDirectory(prefix="lw-", dir=SHM) as name:
        path = Path(name) / "belt.mp4"
        draw(path, width, height, arguments.frames)
        contenders = [Contender(way, Once(read, path, arguments.frames)) for way, read in WAYS.items()]
        setting = f"H.264, {arguments.size}"
        rows = compare(setting, contenders, arguments.rounds, base=FLOOR)
        rows += differences(setting, path)
    return Measured(tuple(rows), NOTES)


@dataclass(frozen=True)
class Once:
    """One round of one way."""

    read: Read
    path: Path
    frames: int

    def __call__(self) -> dict[str, float]:
        began_s, cpu_s = time.perf_counter(), time.process_time()
        count = sum(1 for _ in self.read(self.path))
        took_s, cpu_s = time.perf_counter() - began_s, time.process_time() - cpu_s
        if count != self.frames:
            raise SystemExit(f"{self.path.name}: {self.frames} pictures were drawn, {count} came out")
        return {"frames/s": count / took_s, "CPU ms a frame": cpu_s / count * 1000}


def draw(path: Path, width: int, height: int, frames: int) -> None:
    """A belt with parts, as the other suites draw it."""
    belt = Belt(width, height, float(FPS), 1, 0.5)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS, options={"preset": "veryfast", "crf": "20"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for index in tqdm(range(frames), desc="drawing", unit="frame", disable=None):
            frame = av.VideoFrame.from_ndarray(belt.frame(index), format="bgr24")
            frame.pts, frame.time_base = index, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def differences(setting: str, path: Path) -> list[Row]:
    right = list(islice(by_pyav(path, 1), COMPARED))
    rows = []
    for name, pictures in ((OURS, by_source(path)), (CV2, by_opencv(path, 1))):
        apart = [np.abs(a.astype(int) - b).max() for a, b in zip(right, islice(pictures, len(right)), strict=True)]
        rows.append(row_of(setting, name, "largest difference", [float(max(apart))]))
    return rows


def decoded(path: Path, threads: int) -> Iterator[av.VideoFrame]:
    """Frames as they are decoded; threads 0: as many as FFmpeg likes, of both kinds."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = threads
        if not threads:
            stream.thread_type = "AUTO"
        yield from container.decode(stream)


def by_pyav(path: Path, threads: int) -> Iterator[np.ndarray]:
    for frame in decoded(path, threads):
        yield frame.to_ndarray(format="bgr24")


def by_source(path: Path) -> Iterator[np.ndarray]:
    """The pixels as they lie in the ring."""
    source, ring = VideoFile(path), None
    with tempfile.TemporaryDirectory(prefix="lw-", dir=SHM) as folder:
        for picture in source.pictures():
            height, width = picture.pixels.shape[:2]
            if ring is None:
                ring = Ring.create(Path(folder) / "bench.1.ring", slots=SLOTS, slot_bytes=picture.pixels.nbytes)
            slot = picture.index % SLOTS
            ring.write(
                slot,
                picture.pixels,
                run=1,
                seq=picture.index,
                captured_mono_ns=1,
                captured_utc_ns=1,
                pts_s=picture.pts_s,
                problem=None,
            )
            yield ring.pixels(slot, ring.header(slot).lock, height, width)
    source.close()


def by_opencv(path: Path, threads: int) -> Iterator[np.ndarray]:
    options = [cv2.CAP_PROP_N_THREADS, threads] if threads else []
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG, options)
    try:
        while True:
            there, picture = capture.read()
            if not there:
                return
            yield np.asarray(picture)
    finally:
        capture.release()


WAYS: dict[str, Read] = {
    FLOOR: partial(decoded, threads=1),
    OURS: by_source,
    PYAV: partial(by_pyav, threads=1),
    CV2: partial(by_opencv, threads=1),
    PYAV_FREE: partial(by_pyav, threads=0),
    CV2_FREE: partial(by_opencv, threads=0),
}
