"""The suite `gpu`: each network by batch size on a GPU, from a picture in pinned memory to its answer back in memory.

Every way pays for the whole trip: the upload as uint8, normalising on the device, the network, the answer's way back,
and the wait for it. The base is the reference pipeline's own way: torch eager in fp32, normalised on the CPU. With
`--device cpu` the same code runs where there is no GPU; what needs CUDA is left out, with a note.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from detector.batches import BATCH_MAX
from detector.stages import InputSpec

from .bench_engines_networks import NETWORKS, Benched
from .bench_record import Measured
from .bench_rounds import Contender, Row, compare

TORCH = ("torch", "timm", "segmentation_models_pytorch", "onnxscript")
BASE = "torch eager fp32"
LOW, GRAPH = "torch bf16, channels last", "torch bf16, CUDA graph"
LEAST_S = 0.5  # that one round of one way takes at least, after one run to get warm


@dataclass(frozen=True)
class Way:
    """One way to run a network: pictures (N, h, w, 3) uint8 RGB -> its answers, float32, in memory."""

    name: str
    run: Callable[[np.ndarray], np.ndarray]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--networks", nargs="*", choices=list(NETWORKS), default=list(NETWORKS), help="default: all of them")
    add("--batches", nargs="*", type=_batch, default=[1, 4, 16, 64], help="pictures at once (default: 1 4 16 64)")
    add("--device", choices=("auto", "cuda", "cpu"), default="auto", help="auto: cuda where there is one")
    add("--models", type=Path, metavar="DIR", help="keep the networks made for this there, and take them from there")


def measure(arguments: argparse.Namespace) -> Measured:
    """Every network in every batch."""
    if not all(find_spec(package) for package in TORCH):
        return Measured((), ("needs torch; `make setup-torch`",))
    import torch

    present = torch.cuda.is_available()
    if arguments.device == "cuda" and not present:
        return Measured((), ("torch sees no CUDA device here; `--device cpu` runs the same code on the processor",))
    device = "cuda" if present and arguments.device != "cpu" else "cpu"
    notes = [f"device: {torch.cuda.get_device_name() if device == 'cuda' else 'cpu'}"]
    if device == "cpu":
        notes.append("no CUDA: without the CUDA graph; the figures say what this code costs on a processor")
    rows: list[Row] = []
    with _folder(arguments.models) as folder:
        for name in arguments.networks:
            rows += _of_network(NETWORKS[name], arguments.batches, arguments.rounds, device, folder)
    return Measured(tuple(rows), tuple(notes))


def _of_network(network: Benched, batches: list[int], rounds: int, device: str, folder: Path) -> list[Row]:
    module, spec = network.module(folder), network.input()
    rows: list[Row] = []
    for count in batches:
        pictures = np.random.default_rng(count).integers(0, 256, (count, spec.height, spec.width, 3), np.uint8)
        ways = ways_of(module, spec, count, device)
        setting = f"{network.name}, batch of {count}, {device}"
        rows += compare(setting, [Contender(way.name, _timed(way, pictures)) for way in ways], rounds, BASE)
        rows += [row for way in ways for row in _honest(setting, way, ways[0], pictures)]
    return rows


def ways_of(module: Any, spec: InputSpec, count: int, device: str) -> list[Way]:
    """The ways that can be gone on this device; the base first."""
    import copy

    import torch

    plain = copy.deepcopy(module).eval().to(device)
    low = copy.deepcopy(module).eval().to(device, memory_format=torch.channels_last)
    ways = [Way(BASE, _eager(plain, spec, device)), Way(LOW, _on_device(low, spec, count, device))]
    if device == "cuda":
        ways.append(Way(GRAPH, _graph(low, spec, count)))
    return ways


def _eager(module: Any, spec: InputSpec, device: str) -> Callable[[np.ndarray], np.ndarray]:
    import torch

    mean, std = np.array(spec.mean, np.float32), np.array(spec.std, np.float32)

    def run(pictures: np.ndarray) -> np.ndarray:
        batch = ((pictures.astype(np.float32) * np.float32(spec.scale) - mean) / std).transpose(0, 3, 1, 2)
        with torch.inference_mode():
            return np.asarray(module(torch.from_numpy(np.ascontiguousarray(batch)).to(device)).float().cpu())

    return run


def _forward(module: Any, spec: InputSpec, device: str) -> Callable[[Any], Any]:
    """(N, h, w, 3) uint8 on the device -> the answers in float32, on the device."""
    import torch

    mean = torch.tensor(spec.mean, device=device).view(1, 3, 1, 1)
    std = torch.tensor(spec.std, device=device).view(1, 3, 1, 1)

    def forward(pictures: Any) -> Any:
        batch = (pictures.permute(0, 3, 1, 2).float() * spec.scale - mean) / std
        with torch.inference_mode(), torch.autocast(device, torch.bfloat16):
            return module(batch.contiguous(memory_format=torch.channels_last)).float()

    return forward


def _on_device(module: Any, spec: InputSpec, count: int, device: str) -> Callable[[np.ndarray], np.ndarray]:
    """Bytes up once, from memory that never moves; the rest on the device."""
    forward, pinned = _forward(module, spec, device), _pinned(spec, count, device)

    def run(pictures: np.ndarray) -> np.ndarray:
        pinned.numpy()[:] = pictures
        return np.asarray(forward(pinned.to(device, non_blocking=True)).cpu())

    return run


def _graph(module: Any, spec: InputSpec, count: int) -> Callable[[np.ndarray], np.ndarray]:
    """The same, its kernels recorded once and launched by one call."""
    import torch

    forward, pinned = _forward(module, spec, "cuda"), _pinned(spec, count, "cuda")
    held = torch.zeros_like(pinned, device="cuda")
    aside = torch.cuda.Stream()
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):  # a graph may only be recorded once its kernels have been chosen
        for _ in range(3):
            forward(held)
    torch.cuda.current_stream().wait_stream(aside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        answers = forward(held)

    def run(pictures: np.ndarray) -> np.ndarray:
        pinned.numpy()[:] = pictures
        held.copy_(pinned, non_blocking=True)
        graph.replay()
        return np.asarray(answers.cpu())

    return run


def _pinned(spec: InputSpec, count: int, device: str) -> Any:
    import torch

    return torch.empty(count, spec.height, spec.width, 3, dtype=torch.uint8, pin_memory=device == "cuda")


def _timed(way: Way, pictures: np.ndarray) -> Callable[[], dict[str, float]]:
    def once() -> dict[str, float]:
        way.run(pictures)
        runs, began_s = 0, time.perf_counter()
        while (took_s := time.perf_counter() - began_s) < LEAST_S or runs < 2:
            way.run(pictures)  # its answers are in memory when it returns: nothing is left to be waited for
            runs += 1
        return {"pictures/s": runs * len(pictures) / took_s, "ms a batch": 1000 * took_s / runs}

    return once


def _honest(setting: str, way: Way, base: Way, pictures: np.ndarray) -> list[Row]:
    """How far its answers are from the base's, and in how many rows an answer depends on the others of its batch."""
    answers = way.run(pictures).copy()
    wanted = base.run(pictures)
    far = float(np.abs(answers - wanted).max() / np.abs(wanted).max())
    noise = np.random.default_rng(99).integers(0, 256, pictures.shape, np.uint8)
    touched = 0
    for place in range(min(4, len(pictures))):
        among = noise.copy()
        among[place] = pictures[place]
        touched += not np.array_equal(way.run(among)[place], answers[place])
    return [
        Row(setting, way.name, quantity, value, value, value)
        for quantity, value in (
            ("largest difference, of the largest answer", far),
            ("rows that depend on others", float(touched)),
        )
    ]


def _batch(word: str) -> int:
    if not (word.isdecimal() and 1 <= int(word) <= BATCH_MAX):
        raise argparse.ArgumentTypeError(f"1 to {BATCH_MAX} is wanted; got {word!r}")
    return int(word)


@contextmanager
def _folder(kept: Path | None) -> Iterator[Path]:
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept
        return
    with tempfile.TemporaryDirectory(prefix="linewatch-gpu-") as name:
        yield Path(name)
