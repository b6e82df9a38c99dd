"""A clip out of segments, by copying what is coded: from the key picture before its beginning to its end.

Written under another name, synced, renamed: a clip that is there is whole. A plain MP4 with its index in front, which
browsers seek in at once.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import av

from stream.clips_due import Wish
from stream.durable import make_folder, replace_file, sync_folder
from stream.segments import CLOCK, Head, Segment, film_of, seconds
from stream.segments_writing import TIME_BASE, Coded

PLAIN = {"movflags": "faststart+negative_cts_offsets"}
LAST = CLOCK // 25  # ticks that the last picture is shown for
BEYOND = 32  # pictures after the end that may still come before, in the order of coding, one that belongs to it


class CutError(OSError):
    """The clip cannot be made; the text says why."""


@dataclass(frozen=True)
class Clip:
    """What a clip holds."""

    frames: tuple[tuple[int, float], ...]  # seq, and its time in the clip in seconds
    copied: bool
    width: int
    height: int
    utc_ns: int  # of its time 0


def cut(folder: Path, segments: Sequence[Segment], wish: Wish, target: Path) -> Clip:
    """Makes the MP4 and the JSON beside it. Raises CutError where nothing can be read, else OSError."""
    make_folder(target.parent)
    partial = target.with_name(f".{target.name}.partial")
    try:
        clip = _cut(folder, alike(segments, wish), wish, partial)
        with partial.open("rb") as film:
            os.fsync(film.fileno())
        _describe(target, wish, segments[0].head, clip)
        partial.replace(target)
        sync_folder(target.parent)
    finally:
        partial.unlink(missing_ok=True)
    return clip


def alike(segments: Sequence[Segment], wish: Wish) -> list[Segment]:
    """Of a recording whose pictures changed their size, those that show the incident's first frame."""
    first = wish.incident.first_seq
    of_it = next((s for s in segments if s.frames and s.frames[-1][0] >= first), segments[-1])
    at = segments.index(of_it)
    form = (of_it.head.width, of_it.head.height, of_it.head.copied)
    start = stop = at
    while start > 0 and _form(segments[start - 1]) == form:
        start -= 1
    while stop + 1 < len(segments) and _form(segments[stop + 1]) == form:
        stop += 1
    return list(segments[start : stop + 1])


def _form(segment: Segment) -> tuple[int, int, bool]:
    return segment.head.width, segment.head.height, segment.head.copied


def _cut(folder: Path, segments: Sequence[Segment], wish: Wish, partial: Path) -> Clip:
    start = _key_before(folder, segments, wish.begin)
    try:
        there = _copy(until(_pictures(folder, segments), start, wish.end), folder, segments, start, partial)
    except (av.FFmpegError, ValueError) as error:
        if isinstance(error, OSError):  # the disk's: ENOSPC, EIO and the like pass
            raise
        raise CutError(f"{folder}: its pictures cannot be put together: {error}") from error
    frames = {(seq, seconds(at - start)) for segment in segments for seq, at in segment.frames if at in there}
    if not any(wish.incident.first_seq <= seq <= wish.incident.last_seq for seq, _ in frames):
        raise CutError(f"{folder}: none of its pictures lies whole on the disk")
    head = segments[0].head
    utc_ns = head.utc_ns + round((start - head.begin) / CLOCK * 1e9)
    return Clip(tuple(sorted(frames)), head.copied, head.width, head.height, utc_ns)


def _copy(pictures: Iterator[Coded], folder: Path, segments: Sequence[Segment], start: int, partial: Path) -> set[int]:
    """Writes the MP4; when each of its pictures is shown."""
    there: set[int] = set()
    with _opened(folder, segments) as template, av.open(str(partial), "w", format="mp4", options=PLAIN) as out:
        stream = out.add_stream_from_template(template.streams.video[0])
        stream.time_base = TIME_BASE
        for picture in pictures:
            packet = av.Packet(picture.content)
            packet.stream, packet.time_base, packet.is_keyframe = stream, TIME_BASE, picture.key
            packet.pts, packet.dts, packet.duration = picture.at - start, picture.coded - start, LAST
            out.mux_one(packet)
            there.add(picture.at)
    return there


def until(pictures: Iterator[Coded], start: int, end: int) -> Iterator[Coded]:
    """Of pictures in the order of coding: from the key picture at `start` to the last one that is shown by `end`. Pure.

    Pictures of an open group, which are shown before that key picture and copy from what is not there, are left out.
    """
    begun = False
    held: list[Coded] = []
    for picture in pictures:
        begun = begun or (picture.key and picture.at == start)
        if not begun or picture.at < start:
            continue
        held.append(picture)
        if picture.at <= end:
            yield from held
            held.clear()
        elif len(held) > BEYOND:
            return


def _key_before(folder: Path, segments: Sequence[Segment], begin: int) -> int:
    """When the last key picture up to there is shown; the first one, where the recording begins later."""
    found: int | None = None
    for picture in _pictures(folder, segments):
        if picture.key and (found is None or picture.at <= begin):
            found = picture.at
        if picture.coded > begin and found is not None:
            break
    if found is None:
        raise CutError(f"{folder}: none of its {len(segments)} segments can be read")
    return found


def _pictures(folder: Path, segments: Sequence[Segment]) -> Iterator[Coded]:
    """All pictures in the order of coding, each once; up to where the stream is coded otherwise."""
    seen: set[int] = set()
    parameters: bytes | None = None
    for segment in segments:
        with contextlib.suppress(av.FFmpegError), av.open(str(film_of(folder, segment.head.number))) as film:
            if not film.streams.video:
                continue
            stream = film.streams.video[0]
            own = bytes(stream.codec_context.extradata or b"")
            parameters = parameters or own
            if own != parameters:
                return
            for packet in film.demux(stream):
                if packet.is_corrupt:  # whoever wrote it was killed over it
                    break
                if packet.size and packet.pts is not None and packet.dts is not None:
                    at = packet.pts + segment.head.begin
                    if at not in seen:
                        seen.add(at)
                        yield Coded(bytes(packet), at, packet.dts + segment.head.begin, packet.is_keyframe)


@contextlib.contextmanager
def _opened(folder: Path, segments: Sequence[Segment]) -> Iterator[av.container.InputContainer]:
    """The first segment that can be read."""
    for segment in segments:
        with contextlib.suppress(av.FFmpegError):
            film = av.open(str(film_of(folder, segment.head.number)))
            if film.streams.video:
                break
            film.close()
    else:
        raise CutError(f"{folder}: none of its {len(segments)} segments can be read")
    with film:
        yield film


def _describe(target: Path, wish: Wish, head: Head, clip: Clip) -> None:
    said = {
        "camera": head.camera,
        "run": head.run,
        "first_seq": wish.incident.first_seq,
        "last_seq": wish.incident.last_seq,
        "part": wish.part,
        "frames": clip.frames,
        "copied": clip.copied,
        "width": clip.width,
        "height": clip.height,
        "utc_ns": clip.utc_ns,
    }
    replace_file(target.with_suffix(".json"), json.dumps(said).encode())
