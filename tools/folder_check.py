"""What is wrong with a data folder, all of it at once and by the file's name. Reads each file once; decides nothing.

`names_in` looks at names alone, `read_index` at index.csv, `look_at` at the pixels. Each gives what it found and a list
of sentences; an empty list means that nothing is wrong.
"""

from __future__ import annotations

import csv
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from detector.errors import PictureError
from detector.files import SUFFIXES
from detector.pictures import pictures_in, read_picture
from detector.verdict import State

from .near_duplicates import thumbnail

FOLDERS = {State.GOOD: "good", State.BAD: "bad"}
MASKS = "masks"
INDEX = "index.csv"
WHITE = 127  # a mask's pixel above this is marked


@dataclass(frozen=True)
class Entry:
    """A picture of the folder, with its mask where its state has one."""

    path: Path
    mask_path: Path | None
    state: State

    @property
    def key(self) -> str:
        """How index.csv names it: good/NAME or bad/NAME."""
        return f"{FOLDERS[self.state]}/{self.path.name}"


@dataclass(frozen=True)
class Looked:
    """What one look at the pixels of a picture leaves."""

    pixels: str  # the same for the very same picture
    thumbnail: np.ndarray  # (32, 32) float32


def names_in(folder: Path) -> tuple[list[Entry], list[str]]:
    """The pictures of good/ and bad/ in the order of their paths, and what is wrong with the names."""
    found = {name: _listed(folder / name) for name in (*FOLDERS.values(), MASKS)}
    wrong = [f"{folder / name}: no such folder; a data folder has good/, bad/ and masks/" for name in _absent(folder)]
    for name in FOLDERS.values():
        if (folder / name).is_dir() and not found[name]:
            wrong.append(f"{folder / name}: holds no picture ({', '.join(SUFFIXES)}); both good/ and bad/ need some")
    wrong += [sentence for paths in found.values() for sentence in _twice(paths)]
    masks = {path.stem: path for path in found[MASKS]}
    bad = {path.stem for path in found["bad"]}
    good = {path.stem for path in found["good"]}
    for stem, mask in sorted(masks.items()):
        if stem not in bad:
            where = " (good/ has one of that name)" if stem in good else ""
            wrong.append(f"{mask}: has no picture in bad/; remove it or add the picture{where}")
    entries = [Entry(path, None, State.GOOD) for path in found["good"]]
    for path in found["bad"]:
        if path.stem not in masks:
            wanted = folder / MASKS / (path.stem + ".png")
            wrong.append(f"{path}: has no mask; {wanted} is wanted, as large as the picture, white (255) on the defect")
        entries.append(Entry(path, masks.get(path.stem), State.BAD))
    return entries, wrong


def read_index(index: Path, keys: Iterable[str]) -> tuple[dict[str, str] | None, list[str]]:
    """The group of each key, None without index.csv or without its column group; and what is wrong with index.csv."""
    if not index.is_file():
        return None, []
    try:
        with index.open(newline="", encoding="utf-8-sig") as table:  # spreadsheets put a mark before the first column
            rows = csv.DictReader(table)
            columns = list(rows.fieldnames or ())
            listed = [((row["file"] or "").replace("\\", "/"), row.get("group")) for row in rows if "file" in columns]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        return None, [f"{index}: cannot be read as a table ({error}); save it as CSV, UTF-8, with commas"]
    if "file" not in columns:
        return None, [f"{index}: columns {columns}; file is wanted, and group, with commas between"]
    grouped = "group" in columns
    groups: dict[str, str] = {}
    wrong, there = [], set(keys)
    for file, group in listed:
        if file not in there:
            wrong.append(f"{index}: lists {file!r}, which is not in the folder; remove the row or bring the file back")
        elif grouped and not (group or "").strip():
            wrong.append(f"{index}: {file} has no group; give it one, or leave out the whole column")
        elif groups.get(file, group or "") != (group or ""):
            wrong.append(f"{index}: {file} is listed in group {groups[file]} and in {group}; only one can be true")
        groups.setdefault(file, group or "")
    for file in sorted(there - set(groups)):
        wrong.append(f"{index}: {file} is in the folder and not listed; add a row, or remove the picture")
    return (groups if grouped else None), wrong


def look_at(entry: Entry) -> tuple[Looked | None, list[str]]:
    """One picture and its mask, read and compared; None where the picture cannot be read."""
    try:
        picture = read_picture(entry.path)
    except PictureError as error:
        return None, [f"{entry.path}: cannot be read as a picture: {error}; replace it or remove it"]
    digest = hashlib.blake2b(f"{picture.shape}".encode(), digest_size=16)
    digest.update(picture.data)
    wrong = []
    if entry.mask_path is not None and (said := _mask_wrong(entry.mask_path, picture.shape)):
        wrong.append(said)
    return Looked(digest.hexdigest(), thumbnail(picture)), wrong


def read_mask(path: Path) -> np.ndarray:
    """(H, W) uint8 grey. Raises PictureError with the reason."""
    mask: np.ndarray = cv2.cvtColor(read_picture(path), cv2.COLOR_BGR2GRAY)
    return mask


def size_wrong(path: Path, mask_shape: tuple[int, ...], shape: tuple[int, ...]) -> str | None:
    """What to say of a mask of another size than its picture's; None where they are equal."""
    if mask_shape[:2] == shape[:2]:
        return None
    got, wanted = f"{mask_shape[1]}x{mask_shape[0]}", f"{shape[1]}x{shape[0]}"
    return f"{path}: is {got}, its picture {wanted}; draw the mask over the very picture"


def same_pixels(entries: Sequence[Entry], looked: Sequence[Looked | None]) -> list[list[int]]:
    """The indices of entries that hold the very same pixels, two or more at a time."""
    holders = defaultdict(list)
    for i, look in enumerate(looked):
        if look is not None:
            holders[look.pixels].append(i)
    return [held for held in holders.values() if len(held) > 1]


def copies_wrong(entries: Sequence[Entry], copies: Iterable[list[int]], groups: dict[str, str] | None) -> list[str]:
    """What is wrong where the very same picture stands twice: in both classes, or in two groups."""
    wrong = []
    for held in copies:
        first = entries[held[0]]
        for other in (entries[i] for i in held[1:]):
            both = f"{first.path} and {other.path}: the very same picture"
            if other.state is not first.state:
                wrong.append(f"{both} in both classes; it is either GOOD or BAD: remove one")
            elif groups is not None and groups.get(other.key) != groups.get(first.key):
                torn = f"{groups.get(first.key)} and {groups.get(other.key)}"
                wrong.append(f"{both} in two groups, {torn}; give both one group in {INDEX}")
    return wrong


def _absent(folder: Path) -> list[str]:
    return [name for name in (*FOLDERS.values(), MASKS) if not (folder / name).is_dir()]


def _listed(folder: Path) -> tuple[Path, ...]:
    return pictures_in(folder) if folder.is_dir() else ()


def _twice(paths: Iterable[Path]) -> list[str]:
    by_stem = defaultdict(list)
    for path in paths:
        by_stem[path.stem].append(path)
    return [
        f"{' and '.join(map(str, held))}: one name twice; it cannot be told which mask is whose: rename or remove one"
        for held in by_stem.values()
        if len(held) > 1
    ]


def _mask_wrong(path: Path, shape: tuple[int, ...]) -> str | None:
    try:
        mask = read_mask(path)
    except PictureError as error:
        return f"{path}: cannot be read as a mask: {error}; replace it or remove it"
    if said := size_wrong(path, mask.shape, shape):
        return said
    if int(mask.max()) > WHITE:
        return None
    if int(mask.max()) == 0:
        return (
            f"{path}: is all black, so its picture has no defect; mark the defect white, or move the picture to good/"
        )
    return f"{path}: has no white pixel (its brightest is {mask.max()}); a defect is marked 255, not {mask.max()}"
