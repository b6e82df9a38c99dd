"""A data folder in the reference layout (good/, bad/, masks/) as arrays of network size. Knows no torch."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from detector.preprocess import network_picture
from detector.stages import InputSpec
from detector.verdict import State

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp")


class DataError(ValueError):
    """The data folder cannot be used; the message names the file, what was wrong and what to do."""


@dataclass(frozen=True)
class Sample:
    """One labelled picture."""

    path: Path
    mask_path: Path | None  # None for GOOD
    state: State
    group: str  # samples of one group never stand on both sides of a split


@dataclass(frozen=True)
class Arrays:
    """Samples as a network sees them."""

    pictures: np.ndarray  # (N, h, w, 3) uint8 RGB
    masks: np.ndarray  # (N, h, w) uint8, 255 where wholly scratched; zeros where no masks were asked for
    bad: np.ndarray  # (N,) uint8, 1 BAD


def read_folder(folder: Path) -> list[Sample]:
    """The samples of good/, bad/ and masks/, in the order of their paths.

    Groups come from index.csv where there is one (columns file, group), else each picture is its own.
    Raises DataError for a missing or empty folder and for a BAD picture without a mask.
    """
    groups = _groups(folder / "index.csv")
    samples = []
    for state in (State.GOOD, State.BAD):
        name = state.value.lower()
        paths = _pictures(folder / name)
        for path in paths:
            mask = _mask_of(path, folder / "masks") if state is State.BAD else None
            key = f"{name}/{path.name}"
            samples.append(Sample(path, mask, state, groups.get(key, key)))
    return samples


def split(samples: Iterable[Sample], share: float, seed: int) -> tuple[list[Sample], list[Sample]]:
    """(training, validation), whole groups at a time; which side a group falls on depends on its name and the seed."""
    training: list[Sample] = []
    validation: list[Sample] = []
    for sample in samples:
        (validation if _draw(sample.group, seed) < share else training).append(sample)
    return training, validation


def load(samples: list[Sample], spec: InputSpec, *, masks: bool, show_progress: bool = True) -> Arrays:
    """The samples resized as `spec` says, as the line will resize them.

    Raises DataError for a picture that cannot be read and a mask that is not of its picture's size.
    """
    count, height, width = len(samples), spec.height, spec.width
    pictures = np.empty((count, height, width, 3), np.uint8)
    covered = np.zeros((count, height, width) if masks else (count, 1, 1), np.uint8)
    for i, sample in enumerate(tqdm(samples, desc="reading", unit="picture", disable=not show_progress)):
        picture, mask = read_sample(sample)
        pictures[i] = network_picture(picture, spec)[:, :, ::-1]
        if masks and mask is not None:
            covered[i] = network_picture(np.repeat(mask[:, :, None] * 255, 3, axis=2), spec)[:, :, 0]
    bad = np.array([sample.state is State.BAD for sample in samples], np.uint8)
    return Arrays(pictures, covered, bad)


def read_sample(sample: Sample) -> tuple[np.ndarray, np.ndarray | None]:
    """(picture (H, W, 3) uint8 BGR, mask (H, W) uint8 0/1 or None). Raises DataError."""
    picture = cv2.imread(str(sample.path), cv2.IMREAD_COLOR)
    if picture is None:
        raise DataError(f"{sample.path}: cannot be read as a picture; remove it or replace it")
    if sample.mask_path is None:
        return picture, None
    mask = cv2.imread(str(sample.mask_path), cv2.IMREAD_GRAYSCALE)
    if mask is None:
        raise DataError(f"{sample.mask_path}: cannot be read as a mask; remove it or replace it")
    if mask.shape != picture.shape[:2]:
        raise DataError(
            f"{sample.mask_path}: is {mask.shape[1]}x{mask.shape[0]}, its picture {picture.shape[1]}x"
            f"{picture.shape[0]}; draw the mask over the very picture"
        )
    return picture, (mask > 127).astype(np.uint8)


def folder_sha256(samples: Iterable[Sample]) -> str:
    """Hex digits over every picture and mask, names included: tells one data set from another."""
    total = hashlib.sha256()
    for sample in samples:
        for path in (sample.path, sample.mask_path):
            if path is not None:
                total.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def _pictures(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder; a data folder has good/, bad/ and masks/")
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    if not paths:
        raise DataError(f"{folder}: holds no picture; both good/ and bad/ need some")
    return paths


def _mask_of(picture: Path, folder: Path) -> Path:
    for path in (folder / picture.name, *(folder / (picture.stem + suffix) for suffix in SUFFIXES)):
        if path.is_file():
            return path
    raise DataError(f"{picture}: has no mask; {folder / picture.name} is wanted")


def _groups(index: Path) -> dict[str, str]:
    if not index.is_file():
        return {}
    with index.open(newline="") as table:
        rows = csv.DictReader(table)
        if not {"file", "group"} <= set(rows.fieldnames or ()):
            raise DataError(f"{index}: columns {rows.fieldnames}; at least file and group are wanted")
        return {row["file"]: row["group"] for row in rows}


def _draw(group: str, seed: int) -> float:
    """0..1, the same for the same group and seed."""
    digest = hashlib.sha256(f"{seed}:{group}".encode()).digest()
    return int.from_bytes(digest[:6], "big") / (1 << 48)
