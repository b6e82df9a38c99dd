"""What an engine must offer: a network that turns one input into one output. Knows no engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

DEVICES = ("auto", "cpu", "cuda")


class Network(Protocol):
    """One loaded network on one device. The same input gives the same output, bit for bit."""

    @property
    def description(self) -> str:
        """What runs it, for people: `onnxruntime cpu, 1 thread`."""
        ...

    def run(self, batch: np.ndarray) -> np.ndarray:
        """The logits, float32, of batch (N, 3, h, w) float32."""
        ...


@dataclass(frozen=True)
class NetworkRequest:
    """Which network is wanted, and where it should run."""

    path: Path  # names it in errors
    kind: str  # classifier | segmenter
    read: Callable[[], bytes]  # the file's bytes, verified; raises OpenError
    input_shape: tuple[int, int, int, int]  # N, 3, h, w
    output_shape: tuple[int, ...]
    device: str  # auto | cpu | cuda
    threads: int  # CPU threads
    precision: str = "fp32"  # fp32 | bf16


def describe(engine: str, device: str, threads: int, precision: str = "") -> str:
    """`onnxruntime cpu, 1 thread`, `openvino cpu bf16, 2 threads`; a GPU needs no count of threads.

    precision: where the engine has several.
    """
    runs = " ".join(part for part in (engine, device, precision) if part)
    return f"{runs}, {threads} thread{'' if threads == 1 else 's'}" if device == "cpu" else runs
