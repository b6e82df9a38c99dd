"""How alike the verdicts of two ways to judge are: the share of equal states, and how well masks overlap."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from detector.bundle import SHIPPED, open_bundle
from detector.cascade import Cascade
from detector.opening import open_cascade
from detector.pictures import decode
from detector.verdict import State

from .bench_engines_networks import WAYS, Way
from .bench_rounds import Row, row_of

PLAINEST = WAYS["onnxruntime fp32"]


@dataclass(frozen=True)
class Seen:
    """What one of them says of a picture."""

    state: State
    mask: np.ndarray | None  # (h, w) bool, at the network's size; None for GOOD


def alike(setting: str, name: str, cascade: Cascade, seen: Sequence[tuple[np.ndarray, Seen]]) -> list[Row]:
    """How many verdicts are the same, and how well the masks overlap of those that are BAD to both."""
    same, overlaps = [], []
    for picture, said in seen:
        ours = cascade.examine(picture)
        same.append(float(ours.state is said.state))
        if ours.mask is not None and said.mask is not None:
            overlaps.append(iou(ours.mask > 0, said.mask))
    rows = [row_of(setting, name, "share of equal verdicts", [sum(same) / len(same)])]
    if overlaps:
        rows.append(row_of(setting, name, "mask IoU, mean", [sum(overlaps) / len(overlaps)]))
        rows.append(row_of(setting, name, "mask IoU, least", [min(overlaps)]))
    return rows


def shipped_alike(ways: Sequence[Way]) -> list[Row]:
    """The shipped bundle's golden samples in each way that its files can be run, against onnxruntime in fp32."""
    pictures = [decode(sample.file.read()) for sample in open_bundle(SHIPPED).golden]
    plainest = _shipped(PLAINEST)
    seen = [(picture, _seen(plainest, picture)) for picture in pictures]
    setting = f"shipped bundle, {len(seen)} golden samples, against {PLAINEST.name}"
    others = [way for way in ways if way.engine == "openvino" and way.file == "fp32"]
    return [row for way in others for row in alike(setting, way.name, _shipped(way), seen)]


def iou(one: np.ndarray, other: np.ndarray) -> float:
    """Of two masks of bits."""
    return float((one & other).sum() / max(1, (one | other).sum()))


def _shipped(way: Way) -> Cascade:
    return open_cascade(clock=time.perf_counter, engine=way.engine, device="cpu", threads=1, precision=way.precision)


def _seen(cascade: Cascade, picture: np.ndarray) -> Seen:
    found = cascade.examine(picture)
    return Seen(found.state, None if found.mask is None else found.mask > 0)
