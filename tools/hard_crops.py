"""Draws many single pictures of belts and keeps the ones that a bundle finds hard, and a few of the others.

    python -m tools.hard_crops --bundle out/bundle --belts 700 --seed 2 --out out/hard

The folder has the reference layout. Its pictures are to be added to the data of another round of training: a part that
the network judges well already teaches it little.
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from detector.bundle import SHIPPED
from detector.cascade import Cascade
from detector.opening import open_cascade
from detector.verdict import State
from stream.sources.synthetic.crop import Crop

from .line_crops import still_crops
from .synthesize import INDEX, INSTALLED_FONTS, fonts_for

HARD = 0.07  # a score further than this from what is true is hard
EASY_SHARE = 0.12  # of the other pictures are kept


def write_hard_crops(
    out: Path, cascade: Cascade, *, belts: int, seed: int, fonts: tuple[Path, ...], show_progress: bool = True
) -> None:
    """Write good/, bad/, masks/ and index.csv; pictures of one belt share a group."""
    for name in ("good", "bad", "masks"):
        (out / name).mkdir(parents=True, exist_ok=True)
    with (out / "index.csv").open("w", newline="") as index:
        table = csv.writer(index)
        table.writerow(INDEX)
        for belt in tqdm(range(belts), unit="belt", disable=not show_progress):
            for number, crop in enumerate(_kept(cascade, seed, belt, fonts)):
                folder = "bad" if crop.state is State.BAD else "good"
                name = f"hard{seed}_{belt:05d}_{number:02d}.png"
                cv2.imwrite(str(out / folder / name), crop.picture)
                if crop.state is State.BAD:
                    cv2.imwrite(str(out / "masks" / name), crop.mask * 255)
                group = f"hard{seed}_{belt}"
                table.writerow((f"{folder}/{name}", crop.state.value, group, "still", crop.text, crop.kind or ""))


def _kept(cascade: Cascade, seed: int, belt: int, fonts: tuple[Path, ...]) -> Iterator[Crop]:
    rng = np.random.default_rng([seed, 9, belt])
    for crop in still_crops(seed, belt, fonts):
        score = cascade.examine(crop.picture).score
        wrong_by = 1 - score if crop.state is State.BAD else score
        if wrong_by > HARD or rng.random() < EASY_SHARE:
            yield crop


def run(argv: list[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tools.hard_crops", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--bundle", type=Path, default=SHIPPED)
    parser.add_argument("--belts", type=int, default=700, help="belts to draw, about 13 pictures each (%(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--fonts", type=Path, default=INSTALLED_FONTS, help="folder of fonts (%(default)s)")
    parser.add_argument("--fonts-part", choices=("all", "train", "held-out"), default="train")
    args = parser.parse_args(argv)
    cascade = open_cascade(clock=time.monotonic, bundle=args.bundle, device="cpu", classifier_threshold=1.0)
    write_hard_crops(args.out, cascade, belts=args.belts, seed=args.seed, fonts=fonts_for(args.fonts, args.fonts_part))


if __name__ == "__main__":
    run(sys.argv[1:])
