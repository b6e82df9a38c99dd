"""Holds part of a data folder out: pictures that no training sees, to evaluate with and to promote by.

    python -m tools.hold_out out/codes --out out/parted
    python -m tools.train --data out/parted/train --out out/run
    python -m tools.export --run out/run --data out/parted/train --out out/bundle
    python -m tools.evaluate --data out/parted/held --bundle out/bundle

Whole groups go to one side, by index.csv or by likeness, as `tools.train` splits. (The validation that training takes
from its own folder chooses among checkpoints, and so flatters.) Both folders keep every column of the index.

Exit codes: 0 done; 2 the folder cannot be used, or --out is taken.
"""

from __future__ import annotations

import argparse
import csv
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from .dataset import DataError, Sample, read_folder, split_samples
from .folder_check import FOLDERS, INDEX, MASKS
from .splitting import SplitReport

SHARE = 0.25
SIDES = ("train", "held")


def hold_out(folder: Path, out: Path, share: float = SHARE, seed: int = 0) -> SplitReport:
    """Copy the folder's pictures into `out`/train and `out`/held; `out` appears whole or not at all.

    About `share` (0..1) of each state is held. Raises DataError for a folder that `tools.train` would refuse, a share
    that leaves a side without a state, and an `out` that is taken.
    """
    if out.exists():
        raise DataError(f"--out {out}: is there already; name another folder or remove it")
    if not 0 < share < 1:
        raise DataError(f"--share {share:g}: a share between 0 and 1 is wanted, such as {SHARE}")
    parts = split_samples(read_folder(folder), share, seed)
    for side, samples in zip(SIDES, (parts.training, parts.validation), strict=True):
        if len({sample.state for sample in samples}) < 2:
            raise DataError(f"{folder}: {side} would have pictures of one state only; more groups are needed")
    rows = _rows(folder / INDEX)
    beside = out.with_name(out.name + ".part")
    shutil.rmtree(beside, ignore_errors=True)
    for side, samples in zip(SIDES, (parts.training, parts.validation), strict=True):
        _write(beside / side, samples, rows)
    beside.rename(out)
    return parts.report


def _write(folder: Path, samples: Sequence[Sample], rows: dict[str, dict[str, str]]) -> None:
    for name in (*FOLDERS.values(), MASKS):
        (folder / name).mkdir(parents=True)
    written = []
    for sample in samples:
        key = f"{FOLDERS[sample.state]}/{sample.path.name}"
        shutil.copy2(sample.path, folder / key)
        if sample.mask_path is not None:
            shutil.copy2(sample.mask_path, folder / MASKS / sample.mask_path.name)
        written.append({**rows.get(key, {}), "file": key, "group": sample.group})
    with (folder / INDEX).open("w", newline="") as stream:
        table = csv.DictWriter(stream, fieldnames=list(written[0]))
        table.writeheader()
        table.writerows(written)


def _rows(index: Path) -> dict[str, dict[str, str]]:
    """The rows of the index by file; none where there is no index."""
    if not index.is_file():
        return {}
    with index.open(newline="") as stream:
        return {row["file"]: row for row in csv.DictReader(stream)}


def run(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tools.hold_out", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="folder with good/, bad/ and masks/")
    parser.add_argument("--out", type=Path, required=True, help="train/ and held/ are made in it")
    parser.add_argument("--share", type=float, default=SHARE, help="of each state, to hold out (default %(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(argv)
    try:
        report = hold_out(args.folder, args.out, args.share, args.seed)
    except (DataError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{args.out / 'train'}: {report.training} pictures")
    print(f"{args.out / 'held'}: {report.validation} pictures")
    for warning in report.warnings:
        print(warning)
    return 0


if __name__ == "__main__":
    raise SystemExit(run(sys.argv[1:]))
