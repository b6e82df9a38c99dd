"""The suite `preprocess`: a picture to what a network takes, as the line does it, as the reference does it, by OpenCV.

Each contender gets the same (H, W, 3) BGR picture and gives (1, 3, h, w) float32. How far its resized picture is from
PIL's, which the networks were trained with, stands beside its time: a faster resize that says something else is none.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from typing import Any

import cv2
import numpy as np

from detector.engines.torchvision_stub import declare_nms
from detector.preprocess import network_input, network_picture, normalised, padding
from detector.stages import REFERENCE_CLASSIFIER, REFERENCE_SEGMENTER, InputSpec
from stream.sources.synthetic.belt import Belt

from .bench_record import Measured
from .bench_rounds import Contender, Row, compare, row_of

OURS, REFERENCE = "detector.preprocess", "PIL + torchvision, as the reference"
AREA, LINEAR = "cv2 INTER_AREA", "cv2 INTER_LINEAR"
SPECS = {"stretch": REFERENCE_CLASSIFIER.input, "pad": REFERENCE_SEGMENTER.input}  # one for each way of resizing
NOTES = (
    f"the floor is the measured best, {LINEAR}: it reads four pixels of the picture for each of the network's, so a "
    "scratch can fall between them",
    f"{REFERENCE}: padded in full size, resized by PIL, then ToTensor and Normalize",
    "differences in grey levels of 0 to 255, of the resized picture to PIL's",
)
Prepare = Callable[[np.ndarray], object]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--size", default="1920x1080", help="of the picture (default: 1920x1080)")
    parser.add_argument("--pictures", type=int, default=50, help="in each run (default: 50)")


def measure(arguments: argparse.Namespace) -> Measured:
    width, height = (int(side) for side in arguments.size.split("x"))
    picture = Belt(width, height, 30.0, 1, 0.5).frame(20)
    there = find_spec("torchvision") is not None
    rows: list[Row] = []
    for name, spec in SPECS.items():
        setting = f"{arguments.size} to {spec.width}x{spec.height}, {name}, {spec.filter}"
        ways = {**({REFERENCE: reference(spec)} if there else {}), **_ways(spec)}
        contenders = [Contender(way, Once(prepare, picture, arguments.pictures)) for way, prepare in ways.items()]
        rows += compare(setting, contenders, arguments.rounds, base=REFERENCE if there else OURS)
        rows += differences(setting, picture, spec)
    absent = () if there else ("torchvision is not installed; `make setup-torch`",)
    return Measured(tuple(rows), (*NOTES, *absent))


@dataclass(frozen=True)
class Once:
    """One round of one way."""

    prepare: Prepare
    picture: np.ndarray  # (H, W, 3) BGR uint8
    count: int

    def __call__(self) -> dict[str, float]:
        self.prepare(self.picture)
        began_s, cpu_s = time.perf_counter(), time.process_time()
        for _ in range(self.count):
            self.prepare(self.picture)
        took_s, cpu_s = time.perf_counter() - began_s, time.process_time() - cpu_s
        return {"ms a picture": took_s / self.count * 1000, "CPU ms a picture": cpu_s / self.count * 1000}


def differences(setting: str, picture: np.ndarray, spec: InputSpec) -> list[Row]:
    """How far each resized picture is from PIL's."""
    right = network_picture(picture, spec).astype(int)
    rows = []
    for name, interpolation in ((AREA, cv2.INTER_AREA), (LINEAR, cv2.INTER_LINEAR)):
        apart = np.abs(by_opencv(picture, spec, interpolation).astype(int) - right)
        rows.append(row_of(setting, name, "mean difference", [float(apart.mean())]))
        rows.append(row_of(setting, name, "largest difference", [float(apart.max())]))
    return rows


def by_opencv(picture: np.ndarray, spec: InputSpec, interpolation: int) -> np.ndarray:
    """(h, w, 3) BGR uint8: resized in one step, padded after."""
    height, width = picture.shape[:2]
    pad = padding(height, width, spec.resize)
    if pad is None:
        return np.asarray(cv2.resize(picture, (spec.width, spec.height), interpolation=interpolation))
    size = (round(width * spec.width / pad.side), round(height * spec.height / pad.side))
    small = cv2.resize(picture, size, interpolation=interpolation)
    left, top = (spec.width - size[0]) // 2, (spec.height - size[1]) // 2
    right, below = spec.width - size[0] - left, spec.height - size[1] - top
    return np.asarray(cv2.copyMakeBorder(small, top, below, left, right, cv2.BORDER_CONSTANT))


def reference(spec: InputSpec) -> Prepare:
    """As the reference pipeline does it, in its own terms."""
    declare_nms()
    from PIL import Image
    from torchvision import transforms

    steps: list[Any] = [] if spec.resize == "pad" else [transforms.Resize((spec.height, spec.width))]
    steps.append(transforms.ToTensor())
    if spec.resize != "pad":
        steps.append(transforms.Normalize(spec.mean, spec.std))
    rest = transforms.Compose(steps)

    def prepare(picture: np.ndarray) -> object:
        image = Image.fromarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB))
        if (pad := padding(image.height, image.width, spec.resize)) is not None:
            square = Image.new("RGB", (pad.side, pad.side))
            square.paste(image, (pad.left, pad.top))
            image = square.resize((spec.width, spec.height))
        return rest(image)[None]

    return prepare


def _ways(spec: InputSpec) -> dict[str, Prepare]:
    def opencv(interpolation: int, picture: np.ndarray) -> np.ndarray:
        return normalised(by_opencv(picture, spec, interpolation), spec)

    return {
        OURS: partial(network_input, spec=spec),
        AREA: partial(opencv, cv2.INTER_AREA),
        LINEAR: partial(opencv, cv2.INTER_LINEAR),
    }
