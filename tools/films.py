"""H.264 in and out of files and memory, for drawn recordings. The only place in tools that knows PyAV."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

REPEATABLE = {"x264-params": "mbtree=0"}  # x264's macroblock tree now and then encodes the same pictures differently


def encode(
    pictures: Iterable[np.ndarray], target: Path | io.BytesIO, *, fps: float, crf: int, preset: str = "veryfast"
) -> None:
    """Write the pictures, (H, W, 3) BGR uint8 of one even size, as H.264 in MP4, a key frame each second."""
    with av.open(str(target) if isinstance(target, Path) else target, "w", format="mp4") as film:
        stream = None
        for picture in pictures:
            if stream is None:
                stream = film.add_stream("libx264", rate=Fraction(fps).limit_denominator(1001))
                stream.height, stream.width = picture.shape[:2]
                stream.pix_fmt = "yuv420p"
                stream.codec_context.thread_count = 1
                stream.options = {"crf": str(crf), "preset": preset, "g": str(round(fps)), "threads": "1", **REPEATABLE}
            film.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        if stream is not None:
            film.mux(stream.encode(None))


def decode(source: Path | io.BytesIO) -> Iterator[np.ndarray]:
    """The pictures of a film, (H, W, 3) BGR uint8, in order."""
    with av.open(str(source) if isinstance(source, Path) else source) as film:
        for frame in film.decode(video=0):
            yield frame.to_ndarray(format="bgr24")


def coded_places(path: Path) -> list[tuple[int, int]]:
    """Where each picture of a film lies in its file: the first byte and how many, in the order of coding."""
    with av.open(str(path)) as film:
        return [(packet.pos, packet.size) for packet in film.demux(video=0) if packet.size and packet.pos is not None]
