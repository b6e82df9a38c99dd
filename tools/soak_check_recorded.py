"""Continuous recording as a line left it, read as any program could: lists of frames, and what the films show.

segments/CAMERA/RUN/NUMBER.jsonl beside NUMBER.mp4, lines of JSON: a head (begin: ticks of 1/90,000 s from the run's
first picture; copied; missing: words), then [seq, seconds] of frames, {"to": seconds} once all listed before lie in the
film, {"end": words} when nothing follows. A line that is torn is none. Judges nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import av

from tools.soak_check_kept import burnt_number

FOLDER = "segments"
GRAIN = 10_000  # parts of a second in which times are compared
CLOCK = 90_000


@dataclass
class Segment:
    """One list, and where its film should be."""

    camera: str
    run: int
    number: int
    film: Path
    begin: int = 0  # GRAIN from the run's first picture
    copied: bool = False
    missing: str = ""  # what was left out before it, in words
    listed: dict[int, int] = field(default_factory=dict)  # seq by its time, GRAIN from the segment's own beginning
    to: int = -1  # up to there the film has them
    vouched: int = 0  # that many of them are listed before it is said; a writer is killed between list and film, too
    end: str | None = None  # words; None: whoever wrote it did not come to its end

    @property
    def name(self) -> str:
        return f"{self.camera} run {self.run}, segment {self.number}"

    @property
    def frames(self) -> dict[int, int]:
        """Of those listed the ones that the film must show."""
        return {at: seq for at, seq in islice(self.listed.items(), self.vouched) if at <= self.to}


def read_recorded(data_dir: Path) -> dict[tuple[str, int], list[Segment]]:
    """By camera and run, in order."""
    found: dict[tuple[str, int], list[Segment]] = {}
    for path in sorted((data_dir / FOLDER).glob("*/*/*.jsonl"), key=lambda path: (path.parent, int(path.stem))):
        camera, run = path.parent.parent.name, int(path.parent.name)
        segment = Segment(camera, run, int(path.stem), path.with_suffix(".mp4"))
        if _read(segment, path.read_text(errors="replace").split("\n")[:-1]):
            found.setdefault((camera, run), []).append(segment)
    return found


def left_headless(folder: Path, number: int) -> bool:
    """Whether that segment's list was begun, and whoever wrote it was killed before its first line was whole."""
    path = folder / f"{number}.jsonl"
    return path.is_file() and b"\n" not in path.read_bytes()


def shown(film: Path) -> dict[int, int | None] | None:
    """The numbers that a film shows, by their time; None in place of one that cannot be told, or of a film that does
    not open.

    What was written when a process was killed may end in the middle: it shows what comes before that.
    """
    pictures: dict[int, int | None] = {}
    try:
        with av.open(str(film)) as opened:
            for frame in _decoded(opened):
                if frame.pts is not None and frame.time_base is not None:
                    pictures[round(float(frame.pts * frame.time_base) * GRAIN)] = _number(frame)
    except (av.FFmpegError, OSError):
        return pictures or None
    return pictures or None


def _decoded(opened: av.container.InputContainer) -> Iterator[av.VideoFrame]:
    yield from opened.decode(video=0)


def _number(frame: av.VideoFrame) -> int | None:
    try:
        return burnt_number(frame.to_ndarray(format="bgr24"))
    except ValueError:
        return None


def _read(segment: Segment, lines: Iterable[str]) -> bool:
    """Whether the list has a head at all."""
    headed = False
    for line in lines:
        try:
            said: Any = json.loads(line)
        except ValueError:
            continue
        if isinstance(said, dict) and "begin" in said:
            headed = True
            segment.begin = round(said["begin"] / CLOCK * GRAIN)
            segment.copied, segment.missing = bool(said["copied"]), str(said["missing"])
        elif isinstance(said, dict) and "to" in said:
            segment.to, segment.vouched = round(said["to"] * GRAIN), len(segment.listed)
        elif isinstance(said, dict) and "end" in said:
            segment.end = str(said["end"])
        elif isinstance(said, list) and len(said) == 2:
            segment.listed[round(said[1] * GRAIN)] = said[0]
    return headed
