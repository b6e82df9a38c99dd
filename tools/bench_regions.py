"""The suite `regions`: what each kind of region costs a frame, and what it makes of drawn parts, by the shipped bundle.

All judge about the same part of the same pictures; the base is the one rectangle that a camera had before.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from detector.by_region import RegionJudge
from detector.opening import open_cascade
from detector.regions import Locate, Point, Region, Tiles, Where
from detector.verdict import Box, State
from stream.sources.synthetic.belt import Belt

from .bench_record import Measured
from .bench_rounds import Contender, Row, compare, row_of

BASE = "region: one rectangle"
SEEDS_FROM = 200  # belts that nobody has looked at while the code was written
SHARES = {"good parts": 0.0, "scratched parts": 1.0}
NOTES = (
    "time by a GOOD frame with a part in the middle; a BAD view costs its segmenter on top",
    "each drawn part as it passes the middle: a scratch may lie outside of what is judged then, and the part is GOOD",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--size", default="1920x1080", help="of the picture (default: 1920x1080)")
    parser.add_argument("--frames", type=int, default=20, help="in each run (default: 20)")
    parser.add_argument("--belts", type=int, default=12, help="drawn lines whose parts are judged (default: 12)")
    parser.add_argument("--seqs", type=int, default=260, help="frames of each of them (default: 260)")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads (default: 2)")


def measure(arguments: argparse.Namespace) -> Measured:
    width, height = (int(side) for side in arguments.size.split("x"))
    cascade = open_cascade(clock=time.perf_counter, engine="onnxruntime", device="cpu", threads=arguments.threads)
    judge = RegionJudge(cascade, time.perf_counter)
    wheres = kinds(Belt(width, height).region, width, height)
    picture = next(parts(Belt(width, height, seed=SEEDS_FROM, scratched_share=0.0), arguments.seqs))
    setting = f"{arguments.size}, {cascade.engine_name}"
    contenders = [Contender(name, Once(judge, where, picture, arguments.frames)) for name, where in wheres.items()]
    rows = compare(setting, contenders, arguments.rounds, base=BASE)
    for said, share in SHARES.items():
        belts = [Belt(width, height, seed=SEEDS_FROM + n, scratched_share=share) for n in range(arguments.belts)]
        pictures = [one for belt in belts for one in parts(belt, arguments.seqs)]
        for name, where in wheres.items():
            rows += _outcomes(f"{len(pictures)} {said}, {arguments.size}", name, judge, where, pictures)
    return Measured(tuple(rows), NOTES)


def kinds(box: Box, width: int, height: int) -> dict[str, Where]:
    """The same part of the picture in each way; codes are looked for in half of the picture's width."""
    slant = box.width // 20
    corners = ((box.x0, box.y0), (box.x1 - slant, box.y0), (box.x1, box.y1), (box.x0 + slant, box.y1))
    around = Box(width // 4, 0, width - width // 4, height)
    return {
        BASE: box,
        "box": (Region("part", box=box),),
        "polygon": (Region("part", polygon=tuple(Point(x, y) for x, y in corners)),),
        "tiles of 256, overlap 56": (Region("part", tiles=Tiles(256, 56, box)),),
        "locate": (Region("part", locate=Locate(box=around)),),
    }


def parts(belt: Belt, seqs: int) -> Iterator[np.ndarray]:
    """Each part of the belt as it passes the middle."""
    for part in belt.parts(0, seqs):
        yield belt.frame((part.first_seq + part.last_seq) // 2)


@dataclass(frozen=True)
class Once:
    """One round of one kind of region."""

    judge: RegionJudge
    where: Where
    picture: np.ndarray  # (H, W, 3) BGR uint8
    count: int

    def __call__(self) -> dict[str, float]:
        self.judge.judge(self.picture, self.where)
        began_s, cpu_s = time.perf_counter(), time.process_time()
        for _ in range(self.count):
            self.judge.judge(self.picture, self.where)
        took_s, cpu_s = time.perf_counter() - began_s, time.process_time() - cpu_s
        return {"ms a frame": took_s / self.count * 1000, "CPU ms a frame": cpu_s / self.count * 1000}


def _outcomes(setting: str, name: str, judge: RegionJudge, where: Where, pictures: list[np.ndarray]) -> list[Row]:
    found = Counter(judge.judge(picture, where).state for picture in pictures)
    return [row_of(setting, name, f"{state.value}, frames", [float(found[state])]) for state in State]
