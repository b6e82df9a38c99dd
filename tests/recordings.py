"""Draws small recordings whose frames a machine can tell apart: each carries its number. Knows no test.

write_recording(path, numbered_frames(60, bad={7, 8}))      60 frames of 320x240, a red square on 7 and 8
read_number(picture)                                        the number of a decoded frame, also after resizing
truncate(path, 0.6); garbage(path); empty(path); damage(path, 0.5); size_changes(path); audio_only(path)
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

SIZE = (320, 240)  # width, height
RED_SIDE_PX = 80
BITS = 16
CELLS_ACROSS = 20  # a cell of the number is 1/20 of the width, so the number survives resizing
GREY, BLACK, WHITE, RED = (128, 128, 128), (0, 0, 0), (255, 255, 255), (0, 0, 255)
PIXELS = {"libx264": "yuv420p", "libx265": "yuv420p", "mpeg4": "yuv420p", "mjpeg": "yuvj420p", "ffv1": "bgr0"}
OPTIONS = {
    "libx264": {"preset": "ultrafast", "crf": "18", "x264-params": "open-gop=0:scenecut=0"},
    "libx265": {"preset": "ultrafast", "x265-params": "log-level=none"},
}


def numbered_frame(number: int, size: tuple[int, int] = SIZE, bad: bool = False) -> np.ndarray:
    """A grey frame, (H, W, 3) BGR uint8, with its number as digits and as bits; bad: with a pure red square.

    The square is 80x80 px, its lower right corner 20 px inside the frame's.
    """
    width, height = size
    if width < 200 or height < 160:
        raise ValueError(f"size: {size} is too small for a number and a square; give at least (200, 160)")
    frame = np.full((height, width, 3), GREY, np.uint8)
    cell = width // CELLS_ACROSS
    for place in range(BITS):
        upper, lower = (WHITE, BLACK) if number >> place & 1 else (BLACK, WHITE)
        x = (2 + place) * cell
        frame[:cell, x : x + cell] = upper
        frame[cell : 2 * cell, x : x + cell] = lower  # the opposite, so that damage is noticed
    at = (cell, int(height * 0.7))
    cv2.putText(frame, str(number), at, cv2.FONT_HERSHEY_SIMPLEX, height / 120, BLACK, 3)
    if bad:
        y1, x1 = height - 20, width - 20
        frame[y1 - RED_SIDE_PX : y1, x1 - RED_SIDE_PX : x1] = RED
    return frame


def numbered_frames(
    count: int, size: tuple[int, int] = SIZE, bad: Collection[int] = (), first: int = 0
) -> Iterator[np.ndarray]:
    """Frames first, first + 1, …: grey and numbered; those in `bad` carry a pure red square."""
    for number in range(first, first + count):
        yield numbered_frame(number, size, number in bad)


def read_number(picture: np.ndarray) -> int:
    """The number that `numbered_frame` drew into the picture. Raises ValueError where it is damaged or absent."""
    number = 0
    for place in range(BITS):
        upper, lower = _brightness(picture, 0, 2 + place), _brightness(picture, 1, 2 + place)
        if abs(upper - lower) < 100:
            raise ValueError(f"bit {place} is unreadable: {upper:.0f} over {lower:.0f}")
        number |= int(upper > lower) << place
    return number


def _brightness(picture: np.ndarray, row: int, column: int) -> float:
    cell = picture.shape[1] / CELLS_ACROSS
    y, x, side = int((row + 0.25) * cell), int((column + 0.25) * cell), max(1, int(cell / 2))
    return float(picture[y : y + side, x : x + side].mean())


def write_recording(
    path: Path,
    frames: Iterable[np.ndarray],
    fps: int = 25,
    *,
    codec: str = "libx264",
    gop: int = 12,
    b_frames: int = 0,
    options: dict[str, str] | None = None,
    container_options: dict[str, str] | None = None,
    times_s: Iterable[float] | None = None,
) -> Path:
    """Encode frames of one size; the ending of `path` says the container (mp4, mkv, ts, avi). GOPs are closed.

    times_s: the time of each frame, for a variable frame rate. options go to the encoder, container_options to
    the muxer, {"movflags": "faststart"} for one. Gives `path`.
    """
    times = None if times_s is None else list(times_s)
    tick = Fraction(1, fps if times is None else fps * 100)  # avi writes an empty frame for every unused tick
    with av.open(str(path), "w", options=container_options or {}) as out:
        stream = out.add_stream(codec, rate=fps, options=OPTIONS.get(codec, {}) | (options or {}))
        stream.pix_fmt = PIXELS[codec]
        stream.gop_size = gop
        stream.max_b_frames = b_frames
        stream.codec_context.time_base = tick
        for index, frame in enumerate(frames):
            if index == 0:
                stream.height, stream.width = frame.shape[:2]
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="bgr24")
            picture.time_base = tick
            picture.pts = index if times is None else round(times[index] / tick)
            out.mux(stream.encode(picture.reformat(format=PIXELS[codec])))
        out.mux(stream.encode(None))
    return path


def size_changes(path: Path, counts: tuple[int, int] = (20, 20), fps: int = 25) -> Path:
    """A recording (.ts or .mkv) of 320x240 that goes on as 400x300; the numbers go on too."""
    with tempfile.TemporaryDirectory() as folder, av.open(str(path), "w") as out:
        stream = None
        for part, size in enumerate((SIZE, (400, 300))):
            first = sum(counts[:part])
            piece = Path(folder) / f"{part}.ts"
            write_recording(piece, numbered_frames(counts[part], size, first=first), fps)
            with av.open(str(piece)) as source:
                stream = stream or out.add_stream_from_template(source.streams.video[0])
                for packet in source.demux(video=0):
                    if packet.dts is None:
                        continue
                    shift = round(first / fps / packet.time_base)
                    packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                    packet.stream = stream
                    out.mux(packet)
    return path


def without_beginning(source: Path, path: Path, count: int, fps: int = 25) -> Path:
    """The recording (.mp4) less its first pictures, not coded anew: they stay in the file, marked as not shown."""
    with av.open(str(source)) as whole, av.open(str(path), "w", options={"avoid_negative_ts": "disabled"}) as out:
        stream = out.add_stream_from_template(whole.streams.video[0])
        for packet in whole.demux(video=0):
            if packet.dts is None:
                continue
            shift = round(count / fps / packet.time_base)
            packet.pts, packet.dts = packet.pts - shift, packet.dts - shift
            packet.stream = stream
            out.mux(packet)
    return path


def song_with_cover(path: Path) -> Path:
    """A second of silence (.m4a) with a picture as its cover: a video stream that is no video."""
    _, cover = cv2.imencode(".jpg", numbered_frame(0))
    with av.open(str(path), "w", format="mp4") as out:
        sound_stream = out.add_stream("aac", rate=8000)
        stream = out.add_stream("mjpeg")
        stream.height, stream.width = SIZE[1], SIZE[0]
        stream.pix_fmt = PIXELS["mjpeg"]
        stream.disposition = av.stream.Disposition.attached_pic.value  # av 15 takes no enum here
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.int16), format="s16", layout="mono")
        sound.sample_rate, sound.pts = 8000, 0
        out.mux(sound_stream.encode(sound) + sound_stream.encode(None))
        packet = av.Packet(cover.tobytes())
        packet.stream, packet.pts, packet.dts = stream, 0, 0
        packet.time_base = Fraction(1, 8000)
        out.mux(packet)
    return path


def audio_only(path: Path) -> Path:
    """A second of silence, without a video stream (.m4a, .mka, .wav)."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("pcm_s16le" if path.suffix == ".wav" else "aac", rate=8000)
        for start in range(0, 8000, 1000):
            sound = av.AudioFrame.from_ndarray(np.zeros((1, 1000), np.int16), format="s16", layout="mono")
            sound.sample_rate, sound.pts = 8000, start
            out.mux(stream.encode(sound))
        out.mux(stream.encode(None))
    return path


def truncate(path: Path, share: float) -> Path:
    """Keep the first `share` (0..1) of the file. An mp4 needs its index in front: movflags faststart."""
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    return path


def damage(path: Path, at_share: float, length: int = 400) -> Path:
    """Overwrite `length` bytes from `at_share` (0..1) of the file on, as a failing disk does."""
    content = bytearray(path.read_bytes())
    start = int(len(content) * at_share)
    content[start : start + length] = np.random.default_rng(0).bytes(length)
    path.write_bytes(content)
    return path


def garbage(path: Path, length: int = 20_000) -> Path:
    """A file of noise, the same each time."""
    path.write_bytes(np.random.default_rng(0).bytes(length))
    return path


def empty(path: Path) -> Path:
    """A file of no bytes."""
    path.write_bytes(b"")
    return path
