"""The networks of the suite `engines`, each as files and as a torch module, and the ways to run them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from detector.bundle import SHIPPED, open_bundle
from detector.engines.network import Network, NetworkRequest
from detector.engines.table import open_network
from detector.stages import REFERENCE_CLASSIFIER, REFERENCE_SEGMENTER, InputSpec

from .bench_rounds import Contender

RUNS = 5  # of one round, after one to get warm; their median counts
CALIBRATED_WITH = 4  # pictures: for the speed of int8 their number does not matter


@dataclass(frozen=True)
class Benched:
    """One network."""

    name: str
    kind: str  # classifier | segmenter
    input: Callable[[], InputSpec]
    onnx: Callable[[Path], Path]  # the folder of made models -> its file in fp32
    module: Callable[[Path], Any]  # the same -> the torch module
    needs_torch: bool = False  # also for its file

    def output(self) -> tuple[int, ...]:
        spec = self.input()
        return (1, 2) if self.kind == "classifier" else (1, 1, spec.height, spec.width)


@dataclass(frozen=True)
class Way:
    """One engine in one precision."""

    name: str
    engine: str
    file: str  # fp32 | int8
    precision: str = "fp32"  # what the engine is asked for


WAYS: dict[str, Way] = {
    way.name: way
    for way in (
        Way("torch eager", "torch", "fp32"),
        Way("onnxruntime fp32", "onnxruntime", "fp32"),
        Way("OpenVINO fp32", "openvino", "fp32"),
        Way("OpenVINO bf16", "openvino", "fp32", "bf16"),
        Way("onnxruntime int8", "onnxruntime", "int8"),
        Way("OpenVINO int8", "openvino", "int8"),
    )
}


def _edge(stage: str) -> Callable[[Path], Any]:
    def module(_folder: Path) -> Any:
        from .networks import PRESETS

        return getattr(PRESETS["edge"], stage).build().eval()

    return module


def _reference(stage: str) -> Callable[[Path], Any]:
    def module(folder: Path) -> Any:
        return getattr(pair_in(folder / "reference"), stage)

    return module


def _reference_file(stage: str) -> Callable[[Path], Path]:
    def file(folder: Path) -> Path:
        pair_in(folder / "reference")
        return folder / "reference" / f"{stage}.onnx"

    return file


@cache
def pair_in(folder: Path) -> Any:
    """The reference pair that is kept there."""
    from .reference_pair import kept_pair

    return kept_pair(folder)


NETWORKS: dict[str, Benched] = {
    one.name: one
    for one in (
        Benched(
            "shipped classifier",
            "classifier",
            lambda: open_bundle(SHIPPED).classifier.input,
            lambda _: open_bundle(SHIPPED).classifier_file.path,
            _edge("classifier"),
        ),
        Benched(
            "shipped segmenter",
            "segmenter",
            lambda: open_bundle(SHIPPED).segmenter.input,
            lambda _: open_bundle(SHIPPED).segmenter_file.path,
            _edge("segmenter"),
        ),
        Benched(
            "ConvNeXt-Tiny 224",
            "classifier",
            lambda: REFERENCE_CLASSIFIER.input,
            _reference_file("classifier"),
            _reference("classifier"),
            needs_torch=True,
        ),
        Benched(
            "U-Net EfficientNet-B5 384",
            "segmenter",
            lambda: REFERENCE_SEGMENTER.input,
            _reference_file("segmenter"),
            _reference("segmenter"),
            needs_torch=True,
        ),
    )
}


def contenders(network: Benched, ways: Sequence[Way], threads: int, folder: Path) -> list[Contender]:
    """The network, opened in each way, on the same input."""
    spec = network.input()
    batch = np.random.default_rng(0).normal(size=(1, 3, spec.height, spec.width)).astype(np.float32)
    return [Contender(way.name, _once(run_by(way, network, threads, folder), batch)) for way in ways]


def run_by(way: Way, network: Benched, threads: int, folder: Path) -> Callable[[np.ndarray], np.ndarray]:
    """What runs a batch in this way."""
    if way.engine == "torch":
        return _eager(network.module(folder), threads)
    return opened(way, network, threads, folder).run


def opened(way: Way, network: Benched, threads: int, folder: Path) -> Network:
    """The network's file on the way's engine."""
    spec, path = network.input(), _file(way, network, folder)
    shape = (1, 3, spec.height, spec.width)
    request = NetworkRequest(
        path, network.kind, path.read_bytes, shape, network.output(), "cpu", threads, way.precision
    )
    return open_network(way.engine, request)


def _file(way: Way, network: Benched, folder: Path) -> Path:
    path = network.onnx(folder)
    if way.file == "fp32":
        return path
    made = folder / f"{network.name.replace(' ', '-')}-int8.onnx"
    if not made.is_file():
        from .quantised import write_int8

        rng = np.random.default_rng(1)
        pictures = [rng.integers(0, 256, (256, 256, 3), np.uint8) for _ in range(CALIBRATED_WITH)]
        write_int8(path, network.input(), pictures, made)
    return made


def _eager(module: Any, threads: int) -> Callable[[np.ndarray], np.ndarray]:
    import torch

    def run(batch: np.ndarray) -> np.ndarray:
        torch.set_num_threads(threads)  # of the whole process: the other contenders have pools of their own
        with torch.no_grad():
            return np.asarray(module(torch.from_numpy(batch)).numpy())

    return run


def _once(run: Callable[[np.ndarray], np.ndarray], batch: np.ndarray) -> Callable[[], dict[str, float]]:
    def once() -> dict[str, float]:
        run(batch)
        took, began_cpu_s = [], time.process_time()
        for _ in range(RUNS):
            began_s = time.perf_counter()
            run(batch)
            took.append(time.perf_counter() - began_s)
        cpu_s = time.process_time() - began_cpu_s
        return {"ms a picture": 1000 * median(took), "CPU ms a picture": 1000 * cpu_s / RUNS}

    return once
