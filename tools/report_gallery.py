"""The worst mistakes as small pictures inside the page: bounded in number and in size."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from detector.cascade import Cascade
from detector.render import overlay
from detector.verdict import Box

from .dataset import Sample, read_sample
from .evaluation import Evaluation
from .films import decode
from .logged_frames import Logged
from .outcomes import Outcome, worst_escapes, worst_false_alarms

MOST = 12  # of each sort
SIDE_PX = 360  # of an embedded picture, at most
JPEG_QUALITY = 82
TRUTH_COLOUR = (80, 190, 40)  # BGR


@dataclass(frozen=True)
class Mistake:
    """One card of the gallery."""

    outcome: Outcome
    pictures: tuple[str, ...]  # data URIs: as it was judged, then with its marks; empty where none is kept


@dataclass(frozen=True)
class Gallery:
    """The surest of each sort first, and how many there are in all."""

    escapes: tuple[Mistake, ...]
    escapes_in_all: int
    false_alarms: tuple[Mistake, ...]
    false_alarms_in_all: int


Show = Callable[[Outcome], tuple[str, ...]]


def gallery(outcomes: Sequence[Outcome], show: Callable[[list[Outcome]], Show]) -> Gallery:
    """The worst mistakes. `show` is told once which outcomes are wanted and gives what shows one of them."""
    escapes, alarms = worst_escapes(outcomes), worst_false_alarms(outcomes)
    shown = show([*escapes[:MOST], *alarms[:MOST]])

    def cards(some: list[Outcome]) -> tuple[Mistake, ...]:
        return tuple(Mistake(outcome, shown(outcome)) for outcome in some[:MOST])

    return Gallery(cards(escapes), len(escapes), cards(alarms), len(alarms))


def from_folder(samples: Iterable[Sample], ungated: Cascade, name_of: Callable[[Sample], str]) -> Show:
    """Shows labelled pictures, with what the segmenter marks in them, also where the gate let them pass."""
    by_name = {name_of(sample): sample for sample in samples}

    def show(outcome: Outcome) -> tuple[str, ...]:
        picture, truth = read_sample(by_name[outcome.name])
        judged = ungated.judge(picture).mask
        return embedded(picture), embedded(with_marks(picture, truth, judged))

    return show


def from_log(data_dir: Path, logged: Logged, film: Path | None, wanted: Sequence[Outcome]) -> Show:
    """Shows frames of a log: from their evidence, else from the film that was judged, else not at all."""
    folders = {f"{c}/{r}/{s}": data_dir / row.evidence for (c, r, s), row in logged.frames.items() if row.evidence}
    filmed = _filmed(film, [outcome.name for outcome in wanted if outcome.name not in folders], folders)

    def show(outcome: Outcome) -> tuple[str, ...]:
        region = logged.region(outcome.name)
        if (folder := folders.get(outcome.name)) is not None:
            pictures = (cv2.imread(str(folder / name)) for name in ("frame.png", "overlay.jpg"))
            return tuple(embedded(_inside(picture, region)) for picture in pictures if picture is not None)
        picture = filmed.get(outcome.name)
        return () if picture is None else (embedded(_inside(picture, region)),)

    return show


def with_marks(picture: np.ndarray, truth: np.ndarray | None, judged: np.ndarray | None) -> np.ndarray:
    """picture (H, W, 3) BGR uint8 with the judged mask in red and the outline of the true one in green, as a copy."""
    drawn = picture.copy() if judged is None else overlay(picture, judged)
    if truth is not None:
        outlines, _ = cv2.findContours(truth, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(drawn, outlines, -1, TRUTH_COLOUR, 1)
    return drawn


def embedded(picture: np.ndarray) -> str:
    """A JPEG of picture (H, W, 3) BGR uint8, at most SIDE_PX a side, as a data URI."""
    height, width = picture.shape[:2]
    shrink = min(1.0, SIDE_PX / max(height, width))
    if shrink < 1.0:
        size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    _, encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return "data:image/jpeg;base64," + base64.b64encode(encoded.tobytes()).decode("ascii")


def _inside(picture: np.ndarray, region: Box | None) -> np.ndarray:
    return picture if region is None else picture[region.y0 : region.y1, region.x0 : region.x1]


def _filmed(film: Path | None, names: list[str], folders: dict[str, Path]) -> dict[str, np.ndarray]:
    """The frames of these names from the film; none where it cannot be read, or is no longer the film that was judged.

    Whether it is, one frame tells of which evidence is kept. Where there is none, the film is not trusted.
    """
    if film is None or not names:
        return {}
    run = names[0].rpartition("/")[0]
    kept = next((name for name in folders if name.rpartition("/")[0] == run), None)
    if kept is None:
        return {}
    wanted = {_seq(name): name for name in (*names, kept)}
    found = {}
    try:
        for seq, picture in zip(range(max(wanted) + 1), decode(film), strict=False):
            if seq in wanted:
                found[wanted[seq]] = picture
    except (OSError, ValueError):  # gone or damaged since: the cards say that no picture is kept
        return {}
    evidence = cv2.imread(str(folders[kept] / "frame.png"))
    same = kept in found and evidence is not None and np.array_equal(evidence, found[kept])
    return found if same else {}


def _seq(name: str) -> int:
    return int(name.rpartition("/")[2])


@dataclass(frozen=True)
class Evaluated:
    """An evaluation, and its gallery for when a page is wanted."""

    evaluation: Evaluation
    gallery: Callable[[], Gallery]
