"""Turns the public magnetic tile defect set into a data folder: good/, bad/, masks/ and index.csv with groups.

    python -m tools.magnetic_tile magnetic_tile.tar --out out/tiles
    python -m tools.train --data out/tiles --out out/tiles-run

The set: Huang, Qiu, Guo, Yuan, "Surface defect saliency of magnetic tile", The Visual Computer, 2020; real grey
pictures of tiles, each under up to six exposures. It has no formal licence: measure with it, do not ship any of it.
Of the tar, files bad/KIND_expE_num_N.jpg, good/free_expE_num_N.jpg and masks/KIND_expE_num_N.png count, in any folder.

Groups: pictures whose running numbers N follow each other closely, or go on with the next exposure, and all that look
alike, for some tiles were photographed again much later. An index.csv in the tar is not used: where two tiles
were photographed in turns, N and the exposures interleave, and it tears either tile into several groups.

Exit codes: 0 done; 2 the tar, or what is in it, cannot be used, or --out is taken.
"""

from __future__ import annotations

import argparse
import csv
import re
import shutil
import sys
import tarfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path, PurePosixPath

import cv2
import numpy as np

from detector.errors import PictureError
from detector.pictures import decode

from .dataset import DataError, read_folder
from .folder_check import INDEX, WHITE
from .near_duplicates import joined

KINDS = ("blowhole", "break", "crack", "fray", "uneven")
NAME = re.compile(rf"(?:(?P<kind>{'|'.join(KINDS)})|free)_exp(?P<exposure>\d)_num_(?P<number>\d{{1,9}})")
SUFFIXES = {"good": ".jpg", "bad": ".jpg", "masks": ".png"}
MAX_FILE_BYTES = 16 << 20
MAX_SET_BYTES = 2 << 30  # unpacked; the set has 53 MB
CLOSE = 150  # in running numbers: pictures of one series lie nearer than this, mostly
FAR = 400  # no series has a gap this wide (the widest that goes on with the next exposure is 356)
COLUMNS = ("file", "state", "group", "kind")


@dataclass(frozen=True)
class Tile:
    """One picture of the set."""

    stem: str
    kind: str  # empty for GOOD
    exposure: int
    number: int  # the set's running number
    picture: bytes  # JPEG
    mask: np.ndarray | None  # (H, W) uint8 0/255, None for GOOD

    @property
    def file(self) -> str:
        return f"{'bad' if self.kind else 'good'}/{self.stem}.jpg"


@dataclass(frozen=True)
class Written:
    """What was made of the set."""

    good: int
    bad: int
    groups: int
    largest_group: int
    left_out: tuple[str, ...]  # pictures whose mask marks nothing


def convert(tar: Path, out: Path) -> Written:
    """Write the data folder `out`, which must not be there yet; it appears whole or not at all.

    Raises DataError for a tar that cannot be read or holds something else, and for an `out` that is taken.
    """
    if out.exists():
        raise DataError(f"--out {out}: is there already; name another folder or remove it")
    tiles, left_out = tiles_of(_files(tar))
    beside = out.with_name(out.name + ".part")
    shutil.rmtree(beside, ignore_errors=True)
    _write_pictures(beside, tiles)
    alike = {sample.path.stem: sample.alike or "" for sample in read_folder(beside)}  # refuses what training would
    groups = grouped(tiles, [alike[tile.stem] for tile in tiles])
    _write_index(beside / INDEX, tiles, groups)
    beside.rename(out)
    bad = sum(bool(tile.kind) for tile in tiles)
    return Written(len(tiles) - bad, bad, len(set(groups)), max(map(groups.count, groups)), left_out)


def tiles_of(files: dict[str, bytes]) -> tuple[list[Tile], tuple[str, ...]]:
    """The tiles of {"bad/STEM.jpg": bytes, ...} by running number, and the pictures left out for an empty mask.

    Raises DataError for a BAD picture without a mask, a mask without a picture and no tile at all.
    """
    stems = {
        folder: {PurePosixPath(name).stem for name in files if name.startswith(folder + "/")} for folder in SUFFIXES
    }
    lonely = sorted(stems["bad"] ^ stems["masks"])
    if lonely:
        raise DataError(f"{lonely[0]}: needs both bad/{lonely[0]}.jpg and masks/{lonely[0]}.png ({len(lonely)} such)")
    tiles, left_out = [], []
    for stem in sorted(stems["good"] | stems["bad"]):
        named = NAME.fullmatch(stem)
        assert named, stem  # the reader takes no other name
        kind = named["kind"] or ""
        mask = _mask(f"masks/{stem}.png", files[f"masks/{stem}.png"]) if kind else None
        if mask is not None and not mask.any():
            left_out.append(f"bad/{stem}.jpg")
            continue
        picture = files[f"{'bad' if kind else 'good'}/{stem}.jpg"]
        tiles.append(Tile(stem, kind, int(named["exposure"]), int(named["number"]), picture, mask))
    if not tiles:
        raise DataError("no tile in it: files such as bad/crack_exp1_num_3191.jpg are wanted")
    return sorted(tiles, key=lambda tile: (tile.number, tile.stem)), tuple(left_out)


def series(numbered: Sequence[tuple[int, int]]) -> list[int]:
    """For each (running number, exposure), in the order of the numbers, the index at which its series begins."""
    starts = [0]
    for here, ((before, exposure_before), (number, exposure)) in enumerate(pairwise(numbered), start=1):
        gap = number - before
        goes_on = gap < CLOSE or (exposure > exposure_before and gap < FAR)
        starts.append(starts[-1] if goes_on else here)
    return starts[: len(numbered)]


def grouped(tiles: Sequence[Tile], alike: Sequence[str]) -> list[str]:
    """The group of each tile, by running number: its series, joined with whatever looks alike (one word for each)."""
    starts = series([(tile.number, tile.exposure) for tile in tiles])
    first_alike = {word: here for here, word in reversed(list(enumerate(alike)))}
    pairs = [*enumerate(starts), *((here, first_alike[word]) for here, word in enumerate(alike))]
    return [f"tile{tiles[first].number}" for first in joined(len(tiles), pairs)]


def _files(tar: Path) -> dict[str, bytes]:
    """{"bad/STEM.jpg": bytes, ...}: the set's own files, by the last two parts of their paths. Raises DataError."""
    try:
        with tarfile.open(tar) as archive:
            return {name: content for member in archive for name, content in _taken(tar, archive, member)}
    except (OSError, EOFError, zlib.error, tarfile.TarError) as error:
        raise DataError(f"{tar}: cannot be read as a tar: {error}") from error


def _taken(tar: Path, archive: tarfile.TarFile, member: tarfile.TarInfo) -> Iterator[tuple[str, bytes]]:
    """The file, if it is one of the set's. Nothing is ever written under a name from the tar."""
    path = PurePosixPath(member.name)
    if path.is_absolute() or ".." in path.parts or not (member.isreg() or member.isdir()):
        raise DataError(f"{tar}: holds {member.name!r}, a link or a path that leads out; this is not the set")
    if member.size > MAX_FILE_BYTES or member.offset_data + member.size > MAX_SET_BYTES:
        most = f"{MAX_FILE_BYTES >> 20} MB a file and {MAX_SET_BYTES >> 30} GB in all"
        raise DataError(f"{tar}: {member.name!r} has {member.size} bytes; at most {most} are taken")
    folder = path.parent.name
    if not member.isreg() or SUFFIXES.get(folder) != path.suffix or not (named := NAME.fullmatch(path.stem)):
        return
    if (folder == "good") == bool(named["kind"]):
        raise DataError(f"{tar}: holds {member.name!r}; free tiles belong into good/, all others into bad/ and masks/")
    content = archive.extractfile(member)
    assert content is not None  # it is a regular file
    yield f"{folder}/{path.name}", content.read()


def _mask(name: str, content: bytes) -> np.ndarray:
    """(H, W) uint8 0/255: the set's masks have soft edges, some a haze of grey 1 to 7. Raises DataError."""
    try:
        grey = decode(content).max(axis=2)
    except PictureError as error:
        raise DataError(f"{name}: {error}") from error
    return np.where(grey > WHITE, 255, 0).astype(np.uint8)


def _write_pictures(out: Path, tiles: Sequence[Tile]) -> None:
    for folder in SUFFIXES:
        (out / folder).mkdir(parents=True)
    for tile in tiles:
        (out / tile.file).write_bytes(tile.picture)
        if tile.mask is not None:
            cv2.imwrite(str(out / "masks" / f"{tile.stem}.png"), tile.mask)


def _write_index(index: Path, tiles: Sequence[Tile], groups: Sequence[str]) -> None:
    with index.open("w", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(COLUMNS)
        for tile, group in zip(tiles, groups, strict=True):
            table.writerow((tile.file, "BAD" if tile.kind else "GOOD", group, tile.kind))


def run(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tools.magnetic_tile", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tar", type=Path, help="the set as a tar, compressed or not")
    parser.add_argument("--out", type=Path, required=True, help="the data folder to make")
    args = parser.parse_args(argv)
    try:
        made = convert(args.tar, args.out)
    except (DataError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    print(
        f"{args.out}: {made.good} GOOD and {made.bad} BAD pictures in {made.groups} groups,"
        f" the largest of {made.largest_group}"
    )
    if made.left_out:
        print(f"left out, for their masks mark nothing: {', '.join(made.left_out)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(run(sys.argv[1:]))
