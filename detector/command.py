"""Judges picture files and writes what was found: the reference pipeline's job. Knows no arguments and no terminal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from detector import render
from detector.cascade import Cascade
from detector.errors import PictureError
from detector.files import SUFFIXES
from detector.pictures import pictures_in, read_picture
from detector.report import Files, Judged
from detector.verdict import Box, State, Verdict


@dataclass(frozen=True)
class Task:
    """One picture file, and the start of the names of what is written about it."""

    picture: Path
    stem: Path  # folder and NAME


def tasks(named: list[Path], out: Path) -> tuple[Task, ...]:
    """A task for each file, and for each picture in each folder; a NAME that is taken becomes NAME_2.

    Raises PictureError for a folder without a picture.
    """
    found: list[Path] = []
    for path in named:
        inside = pictures_in(path) if path.is_dir() else (path,)
        if not inside:
            raise PictureError(f"{path}: no pictures in this folder; looked for {', '.join(SUFFIXES)}")
        found.extend(inside)
    taken: set[str] = set()
    listed = []
    for path in found:
        name = path.stem
        count = 1
        while name in taken:
            count += 1
            name = f"{path.stem}_{count}"
        taken.add(name)
        listed.append(Task(path, out / name))
    return tuple(listed)


def judge_all(cascade: Cascade, every: tuple[Task, ...], region: Box | None, with_panel: bool) -> Iterator[Judged]:
    """Each task judged in turn, its pictures written. Raises OSError where they cannot be written."""
    for task in every:
        yield _judge(cascade, task, region, with_panel)


def _judge(cascade: Cascade, task: Task, region: Box | None, with_panel: bool) -> Judged:
    try:
        picture = read_picture(task.picture)
    except PictureError as error:
        unknown = Verdict(State.UNKNOWN, None, reason=str(error), bundle_id=cascade.bundle_id)
        return Judged(task.picture, unknown, readable=False)
    verdict = cascade.judge(picture, region)
    files = _write(task.stem, picture, verdict, with_panel)
    mask_px = 0 if verdict.mask is None else int(np.count_nonzero(verdict.mask))
    return Judged(task.picture, replace(verdict, mask=None), mask_px, files)


def _write(stem: Path, picture: np.ndarray, verdict: Verdict, with_panel: bool) -> Files:
    """Mask and overlay of a BAD picture; the panel, where wanted, of any that was judged."""
    files = Files()
    mask = verdict.mask
    if mask is not None:
        files = Files(
            mask=_save(stem, "mask", render.mask_picture(mask)),
            overlay=_save(stem, "overlay", render.overlay(picture, mask)),
        )
    if with_panel and verdict.state is not State.UNKNOWN:
        shown = np.zeros(picture.shape[:2], np.uint8) if mask is None else mask
        files = replace(files, panel=_save(stem, "panel", render.panel(picture, shown)))
    return files


def _save(stem: Path, what: str, picture: np.ndarray) -> Path:
    path = stem.with_name(f"{stem.name}_{what}.png")
    _, encoded = cv2.imencode(".png", picture)
    path.write_bytes(encoded.tobytes())
    return path
