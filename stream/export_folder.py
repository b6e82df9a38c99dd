"""The reviewed truth as a data folder for `tools.train`: good/, bad/, masks/ and index.csv with groups.

What was judged is what is learnt: where one rectangle of the picture was judged, that rectangle is written. Neighbours
share a group, so that they never stand on both sides of a split: frames of one part, or else of one run with no more
than ten minutes between them.
"""

from __future__ import annotations

import csv
import hashlib
import shutil
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from stream.export_scenes import Scene
from stream.export_truth import BAD, GOOD, Truth

APART_NS = 600 * 1_000_000_000  # frames of a run without parts that lie further apart are no neighbours
INDEX_COLUMNS = ("file", "group", "camera", "run", "seq", "part", "score", "review", "reviewed_by")
FOLDERS = {BAD: "bad", GOOD: "good"}
LEFT_OUT = {  # why → what to say
    "unsure": "of which nobody is sure",
    "gone": "whose pictures were deleted, or cannot be read",
    "unmarked": "that are BAD and show no mark: mark the defect in the picture",
    "outside": "whose marks lie outside of what was judged",
    "again": "that are the very picture of another one",
    "torn": "whose very picture is both GOOD and BAD: review them again",
}


class OutError(OSError):
    """The folder cannot be written to; the text says what to do."""


@dataclass(frozen=True)
class FolderExport:
    """What was written, and what was not."""

    written: Counter[str]  # good, bad
    groups: int
    left_out: Counter[str]  # by the reasons of LEFT_OUT

    def told(self) -> list[str]:
        """For people."""
        said = [f"{self.written['good']} pictures in good/, {self.written['bad']} in bad/, {self.groups} groups"]
        said += [f"{count} left out {LEFT_OUT[why]}" for why, count in self.left_out.items()]
        if not self.written["good"] or not self.written["bad"]:
            said.append("tools.train needs both good/ and bad/: review more")
        elif self.groups < 2:
            said.append("all of one group: tools.train needs two, one to learn from and one to be tried on")
        return said


@dataclass(frozen=True)
class Shot:
    """A picture on its way into the folder."""

    truth: Truth
    picture: np.ndarray  # (H, W, 3) BGR uint8
    mask: np.ndarray | None  # (H, W) uint8 0 or 255, of BAD


@dataclass
class Groups:
    """Which frames are neighbours; asked in the order of time."""

    last: dict[tuple[str, int], tuple[int, int]] = field(default_factory=dict)  # run → utc_ns, number

    def of(self, truth: Truth) -> str:
        run = (truth.camera, truth.run)
        if truth.part:
            return f"{truth.camera}/{truth.run}/part {truth.part}"
        before_ns, number = self.last.get(run, (truth.utc_ns, 1))
        number += truth.utc_ns - before_ns > APART_NS
        self.last[run] = (truth.utc_ns, number)
        return f"{truth.camera}/{truth.run}/{number}"


def write_folder(truths: Iterable[tuple[Truth, Scene]], data_dir: Path, out: Path) -> FolderExport:
    """Writes the data folder, whole or not at all; `out` must not exist, or be empty. Raises OutError, OSError."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise OutError(f"{out}: is there already; give --out a folder that does not exist yet")
    half = out.with_name(f".{out.name}.partial")
    shutil.rmtree(half, ignore_errors=True)
    for name in ("good", "bad", "masks"):
        (half / name).mkdir(parents=True)
    try:
        done = _write_all(sorted(truths, key=lambda both: both[0].utc_ns), data_dir, half)
        if out.exists():
            out.rmdir()
        half.rename(out)
    finally:
        shutil.rmtree(half, ignore_errors=True)
    return done


def shot_of(truth: Truth, scene: Scene, data_dir: Path) -> Shot | str:
    """The picture and its mask as they are to be learnt; or why not, a word of LEFT_OUT."""
    if not truth.truth:
        return "unsure"
    picture = None if truth.folder is None else cv2.imread(str(data_dir / truth.folder / "frame.png"))
    if picture is None or truth.folder is None:
        return "gone"
    mask = None
    if truth.truth == BAD:
        mask = _marks(truth, picture.shape[:2]) if truth.boxes else _judged(data_dir / truth.folder, picture.shape[:2])
        if mask is None or not mask.any():
            return "unmarked"
    if (box := scene.box) is not None:
        picture = picture[box.y0 : box.y1, box.x0 : box.x1]
        mask = None if mask is None else mask[box.y0 : box.y1, box.x0 : box.x1]
        if mask is not None and not mask.any():
            return "outside"
    return Shot(truth, picture, mask)


def _write_all(truths: list[tuple[Truth, Scene]], data_dir: Path, out: Path) -> FolderExport:
    written, left_out, groups = Counter[str](), Counter[str](), Groups()
    torn = _torn(truths, data_dir)
    seen: set[str] = set()
    names = set()
    with (out / "index.csv").open("w", newline="", encoding="utf-8") as file:
        index = csv.writer(file)
        index.writerow(INDEX_COLUMNS)
        for truth, scene in truths:
            group, shot = groups.of(truth), shot_of(truth, scene, data_dir)
            pixels = "" if isinstance(shot, str) else _pixels(shot.picture)
            why = shot if isinstance(shot, str) else "torn" if pixels in torn else "again" if pixels in seen else ""
            if isinstance(shot, str) or why:
                left_out[why] += 1
                continue
            seen.add(pixels)
            names.add(group)
            written[FOLDERS[truth.truth]] += 1
            said = (truth.camera, truth.run, truth.seq, truth.part, truth.score, truth.review, truth.reviewed_by)
            index.writerow((_write(shot, out), group, *said))
    return FolderExport(written, len(names), left_out)


def _torn(truths: list[tuple[Truth, Scene]], data_dir: Path) -> set[str]:
    """The pictures that are GOOD in one place and BAD in another: a recording that was played twice, say."""
    found: dict[str, set[str]] = {}
    for truth, scene in truths:
        shot = shot_of(truth, scene, data_dir)
        if not isinstance(shot, str):
            found.setdefault(_pixels(shot.picture), set()).add(truth.truth)
    return {pixels for pixels, states in found.items() if len(states) > 1}


def _write(shot: Shot, out: Path) -> str:
    """The file's name in the folder."""
    name = f"{FOLDERS[shot.truth.truth]}/{shot.truth.name}.png"
    _keep(out / name, shot.picture)
    if shot.mask is not None:
        _keep(out / "masks" / f"{shot.truth.name}.png", shot.mask)
    return name


def _keep(path: Path, picture: np.ndarray) -> None:
    done, content = cv2.imencode(".png", picture)
    if not done:
        raise OSError(f"{path}: a picture of shape {picture.shape} cannot be written as PNG")
    path.write_bytes(content.tobytes())


def _marks(truth: Truth, shape: tuple[int, int]) -> np.ndarray:
    mask = np.zeros(shape, np.uint8)
    for x0, y0, x1, y1 in truth.boxes:
        mask[y0:y1, x0:x1] = 255
    return mask


def _judged(folder: Path, shape: tuple[int, int]) -> np.ndarray | None:
    mask: np.ndarray | None = cv2.imread(str(folder / "mask.png"), cv2.IMREAD_GRAYSCALE)
    return mask if mask is not None and mask.shape == shape else None


def _pixels(picture: np.ndarray) -> str:
    digest = hashlib.blake2b(f"{picture.shape}".encode(), digest_size=16)
    digest.update(np.ascontiguousarray(picture).data)
    return digest.hexdigest()
