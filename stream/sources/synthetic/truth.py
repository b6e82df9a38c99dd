"""What is true of a drawn recording, part by part, and how incidents score against it. Pure but for its file."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import msgspec

from detector.verdict import Box

FORMAT = 1


@dataclass(frozen=True)
class PartTruth:
    """One part as it passes the judged rectangle. Frames are given by seq, both ends included.

    [first_seq, last_seq]: scratched: any of its scratch is inside the rectangle; else: any of the part is.
    [must_first_seq, must_last_seq]: the frames in which the scratch is plain enough to be BAD by the rule in
    visibility.py; None for a part that is GOOD.
    """

    part: int
    text: str
    scratched: bool
    first_seq: int
    last_seq: int
    kind: str | None = None  # of scratch
    must_first_seq: int | None = None
    must_last_seq: int | None = None


@dataclass(frozen=True)
class RecordingTruth:
    """What is true of a whole recording."""

    fps: float
    frames: int
    region: Box
    seed: int
    parts: tuple[PartTruth, ...]


class _Document(msgspec.Struct):
    """The file."""

    format: int
    fps: float
    frames: int
    region: tuple[int, int, int, int]
    seed: int
    parts: tuple[PartTruth, ...]


class Score(NamedTuple):
    """What incidents are worth against the truth."""

    found: int  # scratched parts that some incident covers
    scratched: int  # scratched parts in all
    false_alarms: int  # incidents that cover no scratched part


def score_incidents(truth: RecordingTruth, incidents: Iterable[tuple[int, int]], slack_frames: int = 0) -> Score:
    """How many scratched parts the incidents (first_seq, last_seq), both ends included, cover.

    An incident covers a part when they share a frame, the part's span being `slack_frames` longer at each end.
    """
    spans = [(p.first_seq - slack_frames, p.last_seq + slack_frames) for p in truth.parts if p.scratched]
    incidents = list(incidents)
    found = sum(any(_meet(span, i) for i in incidents) for span in spans)
    false_alarms = sum(not any(_meet(span, i) for span in spans) for i in incidents)
    return Score(found, len(spans), false_alarms)


def incidents_of(bad_seqs: Iterable[int], gap_frames: int = 10) -> list[tuple[int, int]]:
    """(first_seq, last_seq) of each run of BAD frames that are at most `gap_frames` apart."""
    spans: list[tuple[int, int]] = []
    for seq in sorted(set(bad_seqs)):
        if spans and seq - spans[-1][1] <= gap_frames:
            spans[-1] = (spans[-1][0], seq)
        else:
            spans.append((seq, seq))
    return spans


def truth_path(recording: Path) -> Path:
    """Where the truth of a recording lies: NAME.truth.json beside NAME.mp4."""
    return recording.with_name(recording.stem + ".truth.json")


def write_truth(path: Path, truth: RecordingTruth) -> None:
    """One JSON object, a part a line."""
    head = {
        "format": FORMAT,
        "fps": truth.fps,
        "frames": truth.frames,
        "region": [truth.region.x0, truth.region.y0, truth.region.x1, truth.region.y1],
        "seed": truth.seed,
    }
    parts = ",\n  ".join(json.dumps(_without_none(vars(part))) for part in truth.parts)
    path.write_text(json.dumps(head)[:-1] + ', "parts": [\n  ' + parts + "\n]}\n")


def read_truth(path: Path) -> RecordingTruth:
    """The truth in the file. Raises ValueError where it is not such a file; keys it does not know are left aside."""
    try:
        found = msgspec.json.decode(path.read_bytes(), type=_Document)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        wrong = f"not a truth file of format {FORMAT} ({error}); tools.synthesize recording writes one"
        raise ValueError(f"{path}: {wrong}") from error
    if found.format != FORMAT:
        raise ValueError(f"{path}: not a truth file of format {FORMAT}; tools.synthesize recording writes one")
    return RecordingTruth(found.fps, found.frames, Box(*found.region), found.seed, found.parts)


def _meet(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]


def _without_none(fields: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in fields.items() if value is not None}
