"""Draws labelled pictures in the reference folder layout, or whole recordings with their truth.

python -m tools.synthesize dataset --out out/codes --good 3000 --bad 3000 --seed 1
python -m tools.synthesize recording --out out/belt.mp4 --seconds 24 --fps 25 --size 1280x720 --seed 7
"""

from __future__ import annotations

import argparse
import csv
import itertools
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from detector.verdict import State
from stream.sources.synthetic.belt import Belt
from stream.sources.synthetic.broad_parts import broad_part
from stream.sources.synthetic.crop import Crop, tight_crop
from stream.sources.synthetic.fonts import bold_fonts, shipped_fonts, split_fonts
from stream.sources.synthetic.parts import BROAD_KINDS, SCRATCH_KINDS, UNMET_KINDS, PartMaker, random_part
from stream.sources.synthetic.truth import truth_path, write_truth

from .films import encode
from .line_crops import line_crops

INSTALLED_FONTS = Path("/usr/share/fonts")
PER_BELT = 8  # crops of each state that one drawn belt gives, at most
KINDS = {
    "usual": SCRATCH_KINDS,
    "broad": BROAD_KINDS,
    "unmet": UNMET_KINDS,
    "all": SCRATCH_KINDS + BROAD_KINDS + UNMET_KINDS,
}
PARTS: dict[str, PartMaker] = {"usual": random_part, "broad": broad_part}
INDEX = ("file", "state", "group", "view", "text", "kind")


@dataclass(frozen=True)
class Row:
    """One picture of a data folder, as index.csv lists it."""

    crop: Crop
    group: str  # pictures of one part, or of one belt, share it: never to be split between training and test
    view: str  # tight | line


@dataclass(frozen=True)
class Batch:
    """A piece of work for one process: which crops to draw."""

    seed: int
    unit: int
    state: State | None  # None: a belt, which gives both
    fonts: tuple[Path, ...]
    kinds: tuple[str, ...]
    part: PartMaker

    def rows(self) -> list[Row]:
        if self.state is None:
            crops = line_crops(self.seed, self.unit, self.fonts, PER_BELT, self.kinds, self.part)
            return [Row(c.crop, f"belt{self.unit}", "line") for c in crops]
        rng = np.random.default_rng([self.seed, 11, self.unit, self.state is State.BAD])
        crop = tight_crop(rng, self.fonts, self.state, self.kinds, self.part)
        return [Row(crop, f"{self.state.value}{self.unit}", "tight")]


def write_dataset(
    out: Path,
    *,
    good: int,
    bad: int,
    seed: int,
    fonts: tuple[Path, ...],
    line_share: float,
    jobs: int,
    kinds: tuple[str, ...] = SCRATCH_KINDS,
    part: PartMaker = random_part,
    show_progress: bool = True,
) -> None:
    """Write good/, bad/, masks/ (same file name as in bad/) and index.csv; the same for the same arguments."""
    for name in ("good", "bad", "masks"):
        (out / name).mkdir(parents=True, exist_ok=True)
    wanted = {State.GOOD: good, State.BAD: bad}
    line = {state: round(count * line_share) for state, count in wanted.items()}
    with (
        (out / "index.csv").open("w", newline="") as index,
        ProcessPoolExecutor(jobs) as pool,
        tqdm(total=good + bad, unit="picture", disable=not show_progress) as bar,
    ):
        table = csv.writer(index)
        table.writerow(INDEX)
        writer = _Writer(out, table, bar)
        tight = (
            Batch(seed, unit, state, fonts, kinds, part)
            for state in wanted
            for unit in range(wanted[state] - line[state])
        )
        for rows in _in_order(pool, tight, jobs):
            writer.write(rows)
        belts = (Batch(seed, unit, None, fonts, kinds, part) for unit in itertools.count())
        for rows in _in_order(pool, belts, jobs, until=lambda: not any(line.values())):
            kept = list(_within(rows, line))
            writer.write(kept)


class _Writer:
    """Gives each picture its number and puts it where it belongs."""

    def __init__(self, out: Path, table: csv.writer, bar: tqdm) -> None:  # type: ignore[valid-type]
        self._out, self._table, self._bar = out, table, bar
        self._count = 0

    def write(self, rows: Iterable[Row]) -> None:
        for row in rows:
            crop, name = row.crop, f"{self._count:06d}.png"
            folder = "bad" if crop.state is State.BAD else "good"
            cv2.imwrite(str(self._out / folder / name), crop.picture)
            if crop.state is State.BAD:
                cv2.imwrite(str(self._out / "masks" / name), crop.mask * 255)
            self._table.writerow(  # type: ignore[attr-defined]
                (f"{folder}/{name}", crop.state.value, row.group, row.view, crop.text, crop.kind or "")
            )
            self._count += 1
            self._bar.update(1)


def _within(rows: Iterable[Row], left: dict[State, int]) -> Iterator[Row]:
    """The rows that are still wanted; counts them down in `left`."""
    for row in rows:
        if left[row.crop.state] > 0:
            left[row.crop.state] -= 1
            yield row


def _in_order(
    pool: ProcessPoolExecutor, batches: Iterable[Batch], jobs: int, until: Callable[[], bool] = lambda: False
) -> Iterator[list[Row]]:
    """What each batch gives, in order, a few ahead of what is taken."""
    batches = iter(batches)
    waiting = [pool.submit(batch.rows) for batch in itertools.islice(batches, jobs * 3)]
    while waiting and not until():
        yield waiting.pop(0).result()
        waiting += [pool.submit(batch.rows) for batch in itertools.islice(batches, 1)]
    for left in waiting:
        left.cancel()


def write_recording(
    out: Path,
    *,
    seconds: float,
    fps: float,
    size: tuple[int, int],
    seed: int,
    scratched_share: float,
    crf: int,
    show_progress: bool = True,
) -> None:
    """Write the film of a belt, H.264, and beside it its truth."""
    belt = Belt(size[0], size[1], fps, seed, scratched_share)
    frames = round(seconds * fps)
    out.parent.mkdir(parents=True, exist_ok=True)
    seqs = tqdm(range(frames), unit="frame", disable=not show_progress)
    encode((belt.frame(seq) for seq in seqs), out, fps=fps, crf=crf, preset="medium")
    write_truth(truth_path(out), belt.truth(frames))


def fonts_for(folder: Path | None, part: str) -> tuple[Path, ...]:
    """The fonts to draw with: those in the folder (and the shipped ones), or of a split by family.

    Raises SystemExit where none is left.
    """
    found = bold_fonts(folder) if folder and folder.is_dir() else ()
    known = {path.name for path in found}
    fonts = (*found, *(path for path in shipped_fonts() if path.name not in known))
    train, held_out = split_fonts(fonts)
    chosen = {"all": fonts, "train": train, "held-out": held_out}[part]
    if not chosen:
        raise SystemExit(f"--fonts {folder}: no {part} font there; install some, or give --fonts-part all")
    return chosen


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    if not (width.isdigit() and height.isdigit()) or int(width) % 2 or int(height) % 2:
        raise argparse.ArgumentTypeError(f"{text!r}: give WIDTHxHEIGHT, both even, as in 1280x720")
    return int(width), int(height)


def _arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tools.synthesize", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    kinds = parser.add_subparsers(dest="what", required=True)
    dataset = kinds.add_parser("dataset", help="good/, bad/, masks/ of labelled crops")
    dataset.add_argument("--out", type=Path, required=True)
    dataset.add_argument("--good", type=int, default=1000, help="pictures (default %(default)s)")
    dataset.add_argument("--bad", type=int, default=1000, help="pictures (default %(default)s)")
    dataset.add_argument("--seed", type=int, default=0)
    dataset.add_argument("--fonts", type=Path, default=INSTALLED_FONTS, help="folder of fonts (%(default)s)")
    dataset.add_argument("--fonts-part", choices=("all", "train", "held-out"), default="all")
    dataset.add_argument("--kinds", choices=tuple(KINDS), default="usual", help="of scratches; unmet: never trained on")
    dataset.add_argument("--parts", choices=tuple(PARTS), default="usual", help="broad: any text, print and colour")
    dataset.add_argument("--line-share", type=float, default=0.5, help="share of crops as the line sees them")
    dataset.add_argument("--jobs", type=int, default=2, help="processes (default %(default)s)")
    recording = kinds.add_parser("recording", help="an H.264 film with its truth beside")
    recording.add_argument("--out", type=Path, required=True)
    recording.add_argument("--seconds", type=float, default=24.0)
    recording.add_argument("--fps", type=float, default=25.0)
    recording.add_argument("--size", type=_size, default=(1280, 720), help="WIDTHxHEIGHT in pixels")
    recording.add_argument("--seed", type=int, default=0)
    recording.add_argument("--scratched", type=float, default=0.35, help="share of parts that are scratched")
    recording.add_argument("--crf", type=int, default=23, help="H.264 quality, lower is better (%(default)s)")
    return parser.parse_args(argv)


def run(argv: list[str]) -> None:
    args = _arguments(argv)
    if args.what == "dataset":
        write_dataset(
            args.out,
            good=args.good,
            bad=args.bad,
            seed=args.seed,
            fonts=fonts_for(args.fonts, args.fonts_part),
            line_share=args.line_share,
            jobs=args.jobs,
            kinds=KINDS[args.kinds],
            part=PARTS[args.parts],
        )
    else:
        write_recording(
            args.out,
            seconds=args.seconds,
            fps=args.fps,
            size=args.size,
            seed=args.seed,
            scratched_share=args.scratched,
            crf=args.crf,
        )


if __name__ == "__main__":
    run(sys.argv[1:])
