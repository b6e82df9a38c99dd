"""Judges a labelled folder with the very cascade that the line runs."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from detector.cascade import Cascade
from detector.verdict import State, Verdict

from .dataset import DataError, Sample, read_sample
from .defect_recall import pieces
from .measures import Pixels, pixels
from .outcomes import Marks, Outcome


@dataclass(frozen=True)
class Cascades:
    """The line's own, and the same one with a gate that lets nothing pass, which asks the segmenter always."""

    line: Cascade
    ungated: Cascade


def open_cascades(opened: Callable[[float | None], Cascade], threshold: float | None) -> Cascades:
    """Both; `opened` makes a cascade with that threshold over the bundle's own (None: the bundle's)."""
    return Cascades(opened(threshold), opened(0.0))


def judge_folder(cascades: Cascades, samples: Iterable[Sample], kinds: dict[str, str]) -> Iterator[Outcome]:
    """An outcome for each sample, in order. Raises DataError for what cannot be read."""
    for sample in samples:
        yield _judge(cascades, sample, kinds.get(name_of(sample), ""))


def name_of(sample: Sample) -> str:
    """`bad/0001.png`: the sample inside its data folder."""
    return f"{sample.path.parent.name}/{sample.path.name}"


def read_kinds(folder: Path) -> dict[str, str]:
    """The kind of defect of each file in index.csv, where that has columns file and kind. Raises DataError."""
    index = folder / "index.csv"
    if not index.is_file():
        return {}
    try:
        with index.open(newline="", encoding="utf-8") as table:
            rows = csv.DictReader(table)
            if not {"file", "kind"} <= set(rows.fieldnames or ()):
                return {}
            return {row["file"]: row["kind"] for row in rows if row["file"] and row["kind"]}
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{index}: cannot be read as CSV in UTF-8 ({error}); write it anew") from error


def _judge(cascades: Cascades, sample: Sample, kind: str) -> Outcome:
    picture, mask = read_sample(sample)
    verdict = cascades.line.judge(picture)
    found: tuple = ()
    marks = None
    if verdict.state is not State.UNKNOWN:
        marks = _marks(cascades, picture, mask, verdict)
        if mask is not None:
            found = tuple(pieces(picture, mask, verdict.mask, sample.group, kind))
    return Outcome(
        name=name_of(sample),
        group=sample.group,
        truth=sample.state,
        state=verdict.state,
        score=verdict.score,
        kind=kind,
        reason=verdict.reason or "",
        marks=marks,
        pieces=found,
    )


def _marks(cascades: Cascades, picture: np.ndarray, mask: np.ndarray | None, verdict: Verdict) -> Marks:
    nothing = np.zeros(picture.shape[:2], np.uint8)
    line = pixels(nothing if verdict.mask is None else verdict.mask, nothing if mask is None else mask)
    if mask is None:
        return Marks(line, Pixels())
    if verdict.mask is not None:
        return Marks(line, line)
    asked = cascades.ungated.judge(picture).mask
    assert asked is not None  # a threshold of 0 makes each picture BAD that was judged before
    return Marks(line, pixels(asked, mask))
