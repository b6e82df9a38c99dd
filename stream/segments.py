"""What a segment of a recording is on disk: a short MP4, and beside it the list of its frames. Reads; never writes.

A list is lines of JSON, longer by a few with each fragment: first its head, then `[seq, t_s]` for each frame, `{"to":
t_s}` once all listed so far lies in the MP4, `{"end": …}` when nothing follows. Whoever wrote it may have been killed
at any byte: a last line that is none is no line.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stream.keeping import SEGMENTS_FOLDER

CLOCK = 90_000  # ticks a second, the clock of MPEG systems (ISO/IEC 13818-1); every time here is a whole number of them


@dataclass(frozen=True)
class Shelf:
    """Where the segments of a camera are put, and how."""

    data_dir: Path
    camera: str
    segment_s: float
    least_free_bytes: int  # below that much free disk none is begun: the log and its evidence come first


@dataclass(frozen=True)
class Head:
    """What a segment says of itself when it is begun."""

    camera: str
    run: int
    number: int  # 1, 2, 3 … within the run
    begin: int  # ticks from the run's first picture to the segment's time 0
    utc_ns: int  # when its first picture came
    width: int
    height: int
    copied: bool  # the camera's own stream; False: encoded here
    missing: str = ""  # what was left out before it, in words
    mono_ns: int = 0  # encoded of a live camera: when the run's time 0 was, by the clock of its frames


@dataclass(frozen=True)
class Segment:
    """A segment as its list tells it."""

    head: Head
    frames: tuple[tuple[int, int], ...]  # seq and ticks from the run's first picture, in the order of time
    to: int | None  # ticks up to which the MP4 holds all of them; None: nothing yet
    ended: bool  # nothing more will come

    @property
    def last(self) -> int:
        """Ticks of its last frame."""
        return self.frames[-1][1] if self.frames else self.head.begin


@dataclass
class _Lines:
    frames: dict[int, int] = field(default_factory=dict)  # ticks → seq
    to: int | None = None
    ended: bool = False


def run_folder(data_dir: Path, camera: str, run: int) -> Path:
    """Where the segments of a run lie."""
    return data_dir / SEGMENTS_FOLDER / camera / str(run)


def film_of(folder: Path, number: int) -> Path:
    return folder / f"{number}.mp4"


def list_of(folder: Path, number: int) -> Path:
    return folder / f"{number}.jsonl"


def numbers_in(folder: Path) -> tuple[int, ...]:
    """The segments in a run's folder, in order; none where there is no such folder."""
    try:
        names = [path.stem for path in folder.iterdir() if path.suffix == ".jsonl"]
    except OSError:
        return ()
    return tuple(sorted(int(name) for name in names if name.isdecimal()))


def read_segment(folder: Path, number: int) -> Segment | None:
    """What the list of a segment says; None where it is gone, or its head was never written whole."""
    try:
        text = list_of(folder, number).read_text(errors="replace")
    except OSError:
        return None
    return segment_in(text.split("\n")[:-1])


def segment_in(lines: Iterable[str]) -> Segment | None:
    """What whole lines of a list say; None where they do not begin with a head. Pure."""
    head: Head | None = None
    found = _Lines()
    for line in lines:
        said = _said(line)
        if head is None:
            head = _head(said)
            if head is None:
                return None
        else:
            _note(found, head, said)
    if head is None:
        return None
    frames = tuple((seq, at) for at, seq in sorted(found.frames.items()))
    return Segment(head, frames, found.to, found.ended)


def ticks(time_s: float) -> int:
    return round(time_s * CLOCK)


def seconds(at: int) -> float:
    """To the microsecond, so that `ticks` gives the same number again."""
    return round(at / CLOCK, 6)


def _said(line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None


def _head(said: Any) -> Head | None:
    try:
        return Head(**said)
    except TypeError:
        return None


def _note(found: _Lines, head: Head, said: Any) -> None:
    if isinstance(said, list) and len(said) == 2:
        found.frames[head.begin + ticks(said[1])] = said[0]
    elif isinstance(said, dict) and "to" in said:
        found.to = head.begin + ticks(said["to"])
    elif isinstance(said, dict) and "end" in said:
        found.ended = True
