"""A data folder in the reference layout (good/, bad/, masks/) as arrays of network size. Knows no torch."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from detector.errors import PictureError
from detector.pictures import read_picture
from detector.preprocess import network_picture
from detector.stages import InputSpec
from detector.verdict import State

from .folder_check import (
    INDEX,
    WHITE,
    Entry,
    Looked,
    copies_wrong,
    look_at,
    names_in,
    read_index,
    read_mask,
    same_pixels,
    size_wrong,
)
from .near_duplicates import clusters
from .splitting import SplitReport, report, validation_groups

NAMED = 25  # faults that one refusal spells out; the rest is counted
GIVEN = "given groups"
FROM_INDEX = f"the groups of {INDEX}"
FROM_PICTURES = f"near-duplicates (there are no groups in an {INDEX})"


class DataError(ValueError):
    """The data folder cannot be used; the message names the file, what was wrong and what to do."""


@dataclass(frozen=True)
class Sample:
    """One labelled picture."""

    path: Path
    mask_path: Path | None  # None for GOOD
    state: State
    group: str  # samples of one group never stand on both sides of a split
    grouped_by: str = GIVEN  # where the group comes from, in words
    alike: str | None = None  # near-duplicates share it, whatever their groups; None where nobody compared


@dataclass(frozen=True)
class Arrays:
    """Samples as a network sees them."""

    pictures: np.ndarray  # (N, h, w, 3) uint8 RGB
    masks: np.ndarray  # (N, h, w) uint8, 255 where wholly scratched; zeros where no masks were asked for
    bad: np.ndarray  # (N,) uint8, 1 BAD


@dataclass(frozen=True)
class Split:
    """Both sides of a split, and how it came about."""

    training: list[Sample]
    validation: list[Sample]
    report: SplitReport


def read_folder(folder: Path, *, show_progress: bool = True) -> list[Sample]:
    """The samples of good/, bad/ and masks/, in the order of their paths, each picture and mask looked at once.

    Groups come from index.csv (columns file, group); where there is none, near-duplicates share a group.
    Raises DataError that names all that is wrong (docs/training.md lists what), up to `NAMED` faults.
    """
    entries, wrong = names_in(folder)
    groups, wrong_index = read_index(folder / INDEX, [entry.key for entry in entries])
    wrong += wrong_index
    looked: list[Looked | None] = []
    # On a terminal alone: callers ask for the samples in the middle of other work.
    for entry in tqdm(entries, "checking", unit="picture", delay=1, disable=None if show_progress else True):
        look, wrong_pixels = look_at(entry)
        looked.append(look)
        wrong += wrong_pixels
    copies = same_pixels(entries, looked)
    wrong += copies_wrong(entries, copies, groups)
    _refuse(folder, wrong)
    alike = [entries[first].key for first in _alike([look for look in looked if look is not None], copies)]
    return [
        Sample(entry.path, entry.mask_path, entry.state, *_group(entry, groups, look), look)
        for entry, look in zip(entries, alike, strict=True)
    ]


def split_samples(samples: Iterable[Sample], share: float, seed: int) -> Split:
    """About `share` of each state for validation, whole groups at a time, and the report on it.

    Both states stand on both sides wherever that can be; the report warns where it cannot. The same for the same
    samples and seed, whatever their order. Raises DataError for no samples.
    """
    samples = list(samples)
    if not samples:
        raise DataError("nothing to split: there is no sample")
    return split_by(samples, validation_groups(samples, share, seed))


def split_by(samples: list[Sample], chosen: frozenset[str]) -> Split:
    """These groups for validation, all others for training, and the report on it."""
    return Split(
        [sample for sample in samples if sample.group not in chosen],
        [sample for sample in samples if sample.group in chosen],
        report(samples, chosen),
    )


def split(samples: Iterable[Sample], share: float, seed: int) -> tuple[list[Sample], list[Sample]]:
    """(training, validation) of `split_samples`."""
    both = split_samples(samples, share, seed)
    return both.training, both.validation


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
    """(picture (H, W, 3) uint8 BGR, mask (H, W) uint8 0/1 or None), read as the detector reads. Raises DataError."""
    try:
        picture = read_picture(sample.path)
    except PictureError as error:
        raise DataError(f"{sample.path}: cannot be read as a picture: {error}; replace it or remove it") from error
    if sample.mask_path is None:
        return picture, None
    try:
        mask = read_mask(sample.mask_path)
    except PictureError as error:
        raise DataError(f"{sample.mask_path}: cannot be read as a mask: {error}; replace it or remove it") from error
    if said := size_wrong(sample.mask_path, mask.shape, picture.shape):
        raise DataError(said)
    return picture, (mask > WHITE).astype(np.uint8)


def folder_sha256(samples: Iterable[Sample]) -> str:
    """Hex digits over every picture and mask, names included: tells one data set from another."""
    total = hashlib.sha256()
    for sample in samples:
        for path in (sample.path, sample.mask_path):
            if path is not None:
                total.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def _refuse(folder: Path, wrong: list[str]) -> None:
    if not wrong:
        return
    if len(wrong) == 1:
        raise DataError(wrong[0])
    more = [f"and {len(wrong) - NAMED} more"] if len(wrong) > NAMED else []
    raise DataError("\n  ".join([f"{folder}: {len(wrong)} things are wrong:", *wrong[:NAMED], *more]))


def _group(entry: Entry, groups: dict[str, str] | None, look: str) -> tuple[str, str]:
    """The group, and where it comes from."""
    return (look, FROM_PICTURES) if groups is None else (groups[entry.key], FROM_INDEX)


def _alike(looked: list[Looked], copies: list[list[int]]) -> list[int]:
    pairs = [(held[0], other) for held in copies for other in held[1:]]
    found: list[int] = clusters(np.stack([look.thumbnail for look in looked]), pairs).tolist()
    return found
